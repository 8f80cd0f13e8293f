/** Programs of every language against tests of every kind, behind bubblewrap. */
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { closeSandboxes, runTests, runTestsHere } from "./run-tests.ts";
import type {
  CallTest,
  Checker,
  InputOutputTest,
  Program,
  ProgramLanguage,
  ProgramTest,
  TestReport,
} from "./test-case.ts";
import { skip } from "./testing/attacks.ts";

after(closeSandboxes);

const io = (stdin: string, stdout: string, checker?: Checker): InputOutputTest =>
  checker === undefined ? { kind: "io", stdin, stdout } : { kind: "io", stdin, stdout, checker };
const call = (name: string, parameters: CallTest["arguments"], expected: CallTest["expected"]): CallTest => ({
  kind: "call",
  function: name,
  arguments: parameters,
  expected,
});
const program = (language: ProgramLanguage, source: string): Program => ({ language, source });
const statuses = (report: TestReport): string[] => report.tests.map((result) => result.status);

const sums: readonly Program[] = [
  program("python", "a, b = map(int, input().split())\nprint(a + b)"),
  program("python", "import sys\nprint(sum(map(int, open('/dev/stdin').read().split())))\nexit()"),
  program(
    "javascript",
    `const t = require("fs").readFileSync("/dev/stdin", "utf8").split(" "); console.log(+t[0] + +t[1]);`,
  ),
  program(
    "javascript",
    `import fs from "node:fs"; const [a, b] = fs.readFileSync(0, "utf8").split(" "); console.log(+a + +b);`,
  ),
  program(
    "javascript",
    `require("readline").createInterface({ input: process.stdin }).on("line", (l) => { const [a, b] = l.split(" "); console.log(+a + +b); });`,
  ),
  program(
    "javascript",
    `let text = ""; process.stdin.on("data", (d) => { text += d; }).on("end", () => { const [a, b] = text.split(" "); require("fs").writeFileSync("/dev/stdout", String(+a + +b)); });`,
  ),
  program(
    "typescript",
    `enum Sign { plus = 1 } const [a, b]: number[] = require("fs").readFileSync(0, "utf8").split(" ").map(Number); console.log(a! + Sign.plus * b!);`,
  ),
  program(
    "cpp",
    "#include <bits/stdc++.h>\nint main() { long a, b; std::cin >> a >> b; std::cout << a + b << std::endl; }",
  ),
];
for (const [index, sum] of sums.entries())
  test(`${sum.language} reads its input and writes its output (${index})`, { skip }, async () => {
    const report = await runTests(sum, [io("1 2\n", "3\n"), io("5 -6\n", "-1"), io("1 1\n", "3")]);
    assert.deepEqual(statuses(report), ["passed", "passed", "failed"], JSON.stringify(report));
    assert.equal(report.outcome, "wrong");
    assert.equal(report.passed, 2);
    assert.equal(report.total, 3);
    assert.equal(report.sandbox, "bubblewrap");
    assert.match(report.tests[2]?.detail ?? "", /expected "3", got "2"/);
  });

test("every end has its status", { skip }, async () => {
  const cases: [Program, string, string][] = [
    [program("python", "def ("), "compile-error", "unparsed"],
    [program("javascript", "const [a,"), "compile-error", "unparsed"],
    [program("typescript", "const x: = 1"), "compile-error", "unparsed"],
    [program("cpp", "int main() {"), "compile-error", "unparsed"],
    [program("python", "raise ValueError('no')"), "crashed", "wrong"],
    [program("javascript", "throw new Error('no')"), "crashed", "wrong"],
    [program("cpp", "int main() { return *(volatile int*)0; }"), "crashed", "wrong"],
    [program("cpp", "#include <vector>\nint main() { throw 1; }"), "crashed", "wrong"],
    [program("python", "while True: pass"), "timeout", "timeout"],
    [program("javascript", "for (;;);"), "timeout", "timeout"],
    [program("cpp", "int main() { for (volatile int i = 0;; i++); }"), "timeout", "timeout"],
    [program("python", "x = []\nwhile True: x.append('x' * 10**6)"), "memory", "wrong"],
    [program("python", "while True: print('x' * 1000)"), "output-limit", "wrong"],
  ];
  for (const [one, status, outcome] of cases) {
    const report = await runTests(one, [io("", "x")], {
      wallSeconds: 1.5,
      memoryMegabytes: 200,
      outputKilobytes: 500,
    });
    assert.deepEqual([statuses(report)[0], report.outcome], [status, outcome], JSON.stringify([one, report]));
  }
});

test("a test that ends its sandbox does not touch the next", { skip }, async () => {
  const source = `
word = input()
if word == "loop":
    while True: pass
if word == "memory": x = [b"x" * 1000000 for i in range(10000)]
if word == "flood":
    while True: print("x" * 1000)
if word == "kill":
    import os; os.kill(-1, 9)
print(word)`;
  const words = ["a", "loop", "b", "memory", "c", "flood", "d", "kill", "e"];
  const report = await runTests(
    program("python", source),
    words.map((word) => io(`${word}\n`, word)),
    { wallSeconds: 1.5, memoryMegabytes: 200 },
  );
  const p = "passed";
  assert.deepEqual(statuses(report), [p, "timeout", p, "memory", p, "output-limit", p, "crashed", p]);
});

test("stops at the first failure if asked, and says what did not run", { skip }, async () => {
  const tests = [io("1 1", "2"), io("1 1", "3"), io("1 1", "2"), call("f", [], 1)];
  const report = await runTests(sums[0] as Program, tests, { stopAtFirstFailure: true });
  assert.deepEqual(statuses(report), ["passed", "failed", "not-run", "not-run"]);
  assert.equal(report.outcome, "wrong");
});

const add: readonly Program[] = [
  program("python", "def add(a, b):\n    return a + b"),
  program("javascript", "function add(a, b) { return Array.isArray(a) ? a.concat(b) : a + b; }"),
  program(
    "typescript",
    "function add(a: any, b: any): any { return Array.isArray(a) ? a.concat(b) : a + b; }",
  ),
];
for (const one of add)
  test(`${one.language}: function calls by value`, { skip }, async () => {
    const tests: ProgramTest[] = [
      call("add", [1, 2], 3),
      call("add", [[1], [2]], [1, 2]),
      call("add", [1, 2], 4),
    ];
    const report = await runTests(one, tests);
    assert.deepEqual(statuses(report), ["passed", "passed", "failed"], JSON.stringify(report));
  });

test("C++: functions and methods are called with the arguments that they declare", { skip }, async () => {
  const source = `
#include <bits/stdc++.h>
using namespace std;
#define int long long
vector<int> twoSum(vector<int>& a, int t) {
  for (int i = 0; i < (int)a.size(); i++) for (int j = i + 1; j < (int)a.size(); j++) if (a[i] + a[j] == t) return {i, j};
  cout << "noise"; return {};
}
struct Solution {
  map<string, int> names(const string& s, optional<double> d, unordered_map<int, string> m, pair<int, char> p) const {
    return {{s, p.first}, {m.at(3), d ? 1 : 0}, {string(1, p.second), 2}};
  }
  void reverseAll(vector<vector<int>>& v) { reverse(v.begin(), v.end()); }
  double third(double x) { return x / 3; }
};
signed main() { return 1; }`;
  const tests: ProgramTest[] = [
    call("twoSum", [[2, 7, 11], 9], [0, 1]),
    call("twoSum", [[2, 7, 11], 1], []),
    call("twoSum", [[2, 7, 11], 9], [1, 0]),
    call("Solution().names", ['q"é\n', null, { "3": "three" }, [5, "x"]], { 'q"é\n': 5, three: 0, x: 2 }),
    call("Solution.reverseAll", [[[1, 2], [3]]], [[3], [1, 2]]),
    { ...call("Solution::third", [1], 0.333333), checker: { kind: "value", tolerance: 1e-5 } },
    call("Solution::third", [1], 0.333333),
  ];
  const report = await runTests(program("cpp", source), tests);
  const p = "passed";
  assert.deepEqual(statuses(report), [p, p, "failed", p, p, p, "failed"], JSON.stringify(report, null, 1));
});

test("C++: a value that never comes is no pass", { skip }, async () => {
  const source = `
#include <cstdlib>
int early(int x) { std::exit(0); }
int quick(int x) { std::_Exit(0); }`;
  const tests = [call("early", [1], 1), call("quick", [1], 1), call("missing", [1], 1)];
  const report = await runTests(program("cpp", source), tests, { stopAtFirstFailure: false });
  assert.equal(report.passed, 0, JSON.stringify(report));
});

test("C++: a function that is missing fails its own tests alone", { skip }, async () => {
  const source = "int one(int x) { return 1; }\nint main() { return 0; }";
  const tests = [io("", ""), call("one", [0], 1), call("two", [0], 2), io("", ""), call("one", [0], 2)];
  const report = await runTests(program("cpp", source), tests);
  assert.deepEqual(statuses(report), ["passed", "passed", "compile-error", "passed", "failed"]);
});

test("assertion tests; for C++ they are refused", { skip }, async () => {
  const tests: ProgramTest[] = [{ kind: "assertions", code: "assert add(1, 2) == 3\nassert add(1, 2) == 4" }];
  const report = await runTests(add[0] as Program, tests);
  assert.deepEqual(statuses(report), ["passed", "failed"], JSON.stringify(report));
  await assert.rejects(runTests(sums.at(-1) as Program, tests), /use call or io tests/);
});

test("checkers: tolerance, any order, a program in each language", { skip }, async () => {
  const roots = program("python", "print(0.1 + 0.2)\nprint(1)");
  const python =
    "import sys\nsys.exit(0 if float(open(sys.argv[2]).read().split()[0]) < float(open(sys.argv[3]).read()) else 1)";
  const javascript = `const [i, a, e] = process.argv.slice(2).map((p) => require("fs").readFileSync(p, "utf8")); process.exit(i === "in" && parseFloat(a) < parseFloat(e) ? 0 : 1);`;
  const cpp =
    "#include <fstream>\nint main(int, char** p) { double a, e; std::ifstream(p[2]) >> a; std::ifstream(p[3]) >> e; return !(a < e); }";
  const byProgram = (language: ProgramLanguage, source: string): Checker => ({
    kind: "program",
    program: program(language, source),
  });
  const tests = [
    io("in", "0.3 1", { kind: "tokens", tolerance: 1e-9 }),
    io("in", "0.3 1", { kind: "tokens" }),
    io("in", "1\n0.30000000000000004", { kind: "any-order" }),
    ...[byProgram("python", python), byProgram("javascript", javascript), byProgram("cpp", cpp)].flatMap(
      (checker) => [io("in", "0.31", checker), io("in", "0.29", checker)],
    ),
  ];
  const report = await runTests(roots, tests);
  const [p, f] = ["passed", "failed"];
  assert.deepEqual(statuses(report), [p, f, p, p, f, p, f, p, f], JSON.stringify(report, null, 1));
});

test("many at once: starting up is never taken for a breach", { skip }, async () => {
  const reports = await Promise.all(
    Array.from({ length: 40 }, (_, n) =>
      runTests(sums[n % 3] as Program, [io(`${n} 1`, String(n + 1))], {
        memoryMegabytes: 64 + n,
        concurrency: 8,
      }),
    ),
  );
  assert.deepEqual(new Set(reports.map((report) => report.outcome)), new Set(["correct"]));
});

test("a busy caller is no reason for a timeout", { skip }, async () => {
  const source = "import sys\nprint('x' * 3000000)\nprint(input())";
  await runTests(program("python", source), [io("1", "")]);
  const running = runTests(program("python", source), [io("y", `${"x".repeat(3000000)}\ny`)], {
    wallSeconds: 2,
  });
  await new Promise((resolve) => setTimeout(resolve, 20));
  // A training step holds the event loop.
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 3000);
  const report = await running;
  assert.equal(report.outcome, "correct", JSON.stringify(report).slice(0, 500));
});

test("no tests, no limits, no wall: refused", { skip }, async () => {
  await assert.rejects(runTests(sums[0] as Program, []), RangeError);
  await assert.rejects(runTests(sums[0] as Program, [io("", "")], { wallSeconds: 0 }), RangeError);
  await assert.rejects(
    runTestsHere(sums[0] as Program, [io("", "")], { memoryMegabytes: Number.NaN }),
    RangeError,
  );
  const ruby = { language: "ruby", source: "" } as unknown as Program;
  await assert.rejects(runTests(ruby, [io("", "")]), /language must be one of python/);
  await assert.rejects(runTests(sums[0] as Program, [{ kind: "x" } as unknown as ProgramTest]), TypeError);
  const javascript = sums[2] as Program;
  await assert.rejects(
    runTests(javascript, [io("", "")], { sandbox: "pyodide" }),
    /nothing runs without one/,
  );
});
