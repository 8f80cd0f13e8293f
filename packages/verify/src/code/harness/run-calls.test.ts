/** Function-call and assertion tests of honest programs, in Python and JavaScript, behind each wall. */
import assert from "node:assert/strict";
import { after, describe, test } from "node:test";
import { Bubblewrap } from "../bubblewrap.ts";
import { programOnPath } from "../host-runtimes.ts";
import { defaultLimits } from "../limits.ts";
import { describePyodide, PyodideSandbox } from "../pyodide/pyodide-sandbox.ts";
import type { Sandbox } from "../sandbox.ts";
import type { AssertionTest, CallTest } from "../test-case.ts";
import { type CallRequest, runCalls } from "./run-calls.ts";

const limits = { ...defaultLimits, wallSeconds: 10 };
const noBubblewrap = programOnPath("bwrap") === null ? "bubblewrap is not installed" : false;
const pyodide = describePyodide();

const code = (text: string, setup?: string): AssertionTest =>
  setup === undefined ? { kind: "assertions", code: text } : { kind: "assertions", code: text, setup };
const call = (name: string, given: CallTest["arguments"], expected: CallTest["expected"]): CallTest => ({
  kind: "call",
  function: name,
  arguments: given,
  expected,
});

type Options = Partial<Pick<CallRequest, "limits" | "stopAtFirstFailure" | "entryPoints">>;

/** Statuses by test; a failed one with its detail, to be read in the test's report. */
async function statuses(
  sandbox: Sandbox,
  program: CallRequest["program"],
  tests: CallRequest["tests"],
  options: Options = {},
): Promise<string[][]> {
  const results = await runCalls({ sandbox, program, tests, limits, ...options });
  return results.map((list) =>
    list.map(({ status, detail }) => (status === "passed" ? status : `${status} ${detail}`)),
  );
}

const pythonSource = `
import collections, dataclasses, decimal, datetime, fractions
print("a program may talk")
LIMIT = 7
def inc(x): return x + 1
def same(x): return x
def grow(values): values.append(len(values)); return values
def swap(table): table["a"], table["b"] = table["b"], table["a"]
def fill(matrix): matrix[0][0] = 9
def sum(a, b): return a + b
def apply(function, value): return function(value) + 1
def count(iterator): return [value for value in iterator]
def read(node): return node.value if node.next is None else read(node.next)
def generate(n):
    for value in range(n): yield value
async def later(x): return x
class Box:
    made = 0
    def __init__(self, value): self.value = value
    def get(self): return self.value
    def __len__(self): return 3
    def __iter__(self): return iter([1, [2]])
    def __getitem__(self, key): return key * 2
    def __enter__(self): return self
    def __exit__(self, *_): self.value = "left"
    def __add__(self, other): return Box(self.value + other.value)
    def __str__(self): return "box"
class Broken(ValueError): pass
class Worse(Broken): pass
def fail(kind):
    if kind == "worse": raise Worse("no", 3)
    if kind == "key": return {}["absent"]
    raise Broken("no")
class Solution:
    def double(self, x): return 2 * x
`;

function python(sandbox: () => Sandbox): void {
  const program = { language: "python", source: pythonSource } as const;
  const expectPassed = async (tests: CallRequest["tests"], count: number): Promise<void> => {
    const results = (await statuses(sandbox(), program, tests)).flat();
    assert.deepEqual(results, Array(count).fill("passed"));
  };

  test("values of all kinds cross unchanged", async () => {
    const values = [
      "None, True, 0, -1, 10 ** 40, -(10 ** 40), 1.5, -0.0, 1e308, 2 + 3j",
      "'', 'a\\x00é\\U0001f600', '\\ud800', b'', b'\\xff', bytearray(b'a')",
      "[], [1, [2, (3,)]], (), (1,), {}, {1: 2, 'a': {(1, 2): None}, None: 0, 2.5: 1}",
      "set(), {1, (2, 3)}, frozenset({4}), range(1, 10, 3), ...",
      "collections.deque([1], maxlen=3), collections.Counter('aab'), collections.OrderedDict(a=1)",
      "decimal.Decimal('1.10'), fractions.Fraction(1, 3), datetime.date(2020, 1, 2), datetime.timedelta(days=1)",
      "int, list, [[0] * 3] * 2",
    ];
    const imports = "import collections, decimal, fractions, datetime";
    await expectPassed(
      [
        code(
          values
            .map((list) => `assert all(same(v) == v and type(same(v)) is type(v) for v in [${list}])`)
            .join("\n"),
          imports,
        ),
        code(
          "import math\nassert math.isnan(same(float('nan')))\nassert same(float('-inf')) == float('-inf')",
        ),
      ],
      values.length + 2,
    );
  });

  test("arguments are changed in place, and stay themselves", () =>
    expectPassed(
      [
        code(
          "x = []\nassert grow(x) is x and x == [0]\nm = [[1, 2]] * 2\nfill(m)\nassert m == [[9, 2], [9, 2]] and m[0] is m[1]\nd = dict(a=1, b=2)\nswap(d)\nassert d == dict(a=2, b=1)",
        ),
        code(
          "loop = []\nloop.append(loop)\nback = same(loop)\nassert back is loop\nassert same([loop])[0] is loop",
        ),
      ],
      5,
    ));

  test("objects of the program are used where they live", () =>
    expectPassed(
      [
        code(
          [
            "b = Box(5)",
            "assert b.value == 5 and b.get() == 5",
            "b.value = [1]",
            "assert b.get() == [1]",
            "assert len(b) == 3 and list(b) == [1, [2]] and b['x'] == 'xx' and str(b) == 'box'",
            "with b as inner: pass",
            "assert inner is b and b.value == 'left'",
            "assert isinstance(b, Box) and not isinstance(5, Box)",
            "assert (Box(1) + Box(2)).value == 3",
            "assert same(b) is b and b == b and b != None",
            "assert list(generate(3)) == [0, 1, 2] and next(generate(2)) == 0",
            "assert Solution().double(x=4) == 8 and LIMIT == 7",
          ].join("\n"),
        ),
      ],
      9,
    ));

  test("functions, iterators and objects of the test are used from the program", () =>
    expectPassed(
      [
        code(
          "assert apply(lambda v: v * 2, 4) == 9\nassert apply(inc, 1) == 3\nassert count(iter([1, 2])) == [1, 2]\nassert count(v for v in 'ab') == ['a', 'b']",
        ),
        code(
          "class Node:\n  def __init__(self, value, next): self.value = value; self.next = next\nassert read(Node(1, Node(2, None))) == 2",
        ),
        code(
          "def bad(v): raise KeyError('mine')\ntry:\n  apply(bad, 1)\nexcept KeyError as error:\n  caught = error.args\nassert caught == ('mine',)\nassert inc(1) == 2",
        ),
      ],
      7,
    ));

  test("exceptions arrive as what they are", () =>
    expectPassed(
      [
        code(
          [
            "import unittest",
            "case = unittest.TestCase()",
            "with case.assertRaises(ValueError): fail('')",
            "with case.assertRaises(Broken) as caught: fail('worse')",
            "assert isinstance(caught.exception, Worse) and caught.exception.args == ('no', 3)",
            "with case.assertRaises(KeyError): fail('key')",
            "with case.assertRaises(TypeError): inc('x')",
            "assert inc(1) == 2",
          ].join("\n"),
        ),
      ],
      2,
    ));

  test("test cases and test functions that the code only defines are run", () =>
    expectPassed(
      [
        code(
          "import unittest\nclass T(unittest.TestCase):\n  def setUp(self): self.x = 1\n  def test_a(self): self.assertEqual(inc(self.x), 2)\n  def test_b(self):\n    with self.assertRaises(ValueError): fail('')\ndef test_c():\n  assert inc(2) == 3\nif __name__ == '__main__':\n  unittest.main()",
        ),
      ],
      3,
    ));

  test("a failed assertion fails alone, a failed statement its own part", async () => {
    const results = await statuses(sandbox(), program, [
      code("assert inc(1) == 2\nassert inc(1) == 3\nassert inc(2) == 3"),
    ]);
    assert.deepEqual(
      results.flat().map((result) => result.split(" ")[0]),
      ["passed", "failed", "passed"],
    );
    assert.match(results[0]?.[1] ?? "", /assert inc\(1\) == 3/);
  });

  test("a function with a builtin's name is found where it is the one under test", async () => {
    await expectPassed([code("assert sum(10, 15) == 25")], 1);
    const named = await statuses(sandbox(), program, [code("assert inc(1) == 2 and sum(1, 2) == 3")], {
      entryPoints: ["inc", "sum"],
    });
    assert.deepEqual(named, [["passed"]]);
  });

  test("calls are compared here", async () => {
    const results = await statuses(sandbox(), program, [
      call("inc", [1], 2),
      call("inc", [1], 3),
      call("Solution.double", [4], 8),
      call("double", [4], 8),
      call("generate", [3], [0, 1, 2]),
      call("grow", [[5]], [5, 1]),
      call("fail", [""], null),
      call("absent", [], null),
      call("later", [[1]], [1]),
    ]);
    assert.deepEqual(results.flat(), [
      "passed",
      "failed returned 2, expected 3",
      "passed",
      "passed",
      "passed",
      "passed",
      "failed raised Broken: no",
      "failed raised NameError: the program does not define 'absent'",
      "passed",
    ]);
  });

  test("a program that does not load says why, for every test", async () => {
    const broken = { language: "python", source: "def f(:\n  pass" } as const;
    const results = (await statuses(sandbox(), broken, [call("f", [], 1), code("assert f() == 1")])).flat();
    assert.equal(results.length, 2);
    for (const result of results) assert.match(result, /^compile-error .*SyntaxError/);
    const raising = { language: "python", source: "1 / 0" } as const;
    assert.match(
      (await statuses(sandbox(), raising, [call("f", [], 1)])).flat()[0] ?? "",
      /^crashed .*ZeroDivisionError/,
    );
  });

  test("a test that cannot run is an error, not a pass", async () => {
    const results = await statuses(sandbox(), program, [
      code("assert inc(1) == "),
      code("def check(candidate):\n  assert candidate(1) == 2"),
      code("assert True"),
      code("assert inc(1) == 2"),
    ]);
    assert.deepEqual(
      results.flat().map((result) => result.split(" ")[0]),
      ["error", "error", "error", "passed"],
    );
  });

  test("a program that lacks what the set-up uses has failed", async () => {
    const results = await statuses(sandbox(), program, [
      code("assert inc(1) == 2\nassert inc(2) == 3", "node = Absent(1)"),
      code("assert absent(1) == 2"),
    ]);
    for (const result of results.flat()) assert.match(result, /^failed NameError/);
    assert.deepEqual(
      results.map((list) => list.length),
      [2, 1],
    );
  });

  test("a test out of time leaves the next one a fresh start", async () => {
    const slow = { language: "python", source: "def f(x):\n  while x: pass\n  return 1" } as const;
    const short = { limits: { ...limits, wallSeconds: 1 } };
    const tests = [
      call("f", [1], 1),
      call("f", [0], 1),
      code("assert f(0) == 1\nassert f(1) == 1\nassert f(0) == 1"),
    ];
    const results = (await statuses(sandbox(), slow, tests, short)).flat();
    assert.deepEqual(
      results.map((result) => result.split(" ")[0]),
      ["timeout", "passed", "passed", "timeout", "not-run"],
    );
    const stopped = (await statuses(sandbox(), slow, tests, { ...short, stopAtFirstFailure: true })).flat();
    assert.deepEqual(
      stopped.map((result) => result.split(" ")[0]),
      ["timeout", "not-run", "not-run"],
    );
  });
}

describe("Python in bubblewrap", { skip: noBubblewrap }, () => {
  const sandbox = new Bubblewrap();
  python(() => sandbox);
});

describe("Python in Pyodide", { skip: !pyodide.available && pyodide.reason }, () => {
  const sandbox = pyodide.available ? new PyodideSandbox() : null;
  after(() => sandbox?.close());
  python(() => sandbox as Sandbox);
});

describe("JavaScript in bubblewrap", { skip: noBubblewrap }, () => {
  const sandbox = new Bubblewrap();
  const source = `
console.log("a program may talk");
const LIMIT = 7;
function inc(x) { return x + 1; }
const same = (x) => x;
function grow(values) { values.push(values.length); return values; }
class Box { constructor(value) { this.value = value; } get() { return this.value; } *[Symbol.iterator]() { yield 1; yield [2]; } }
class Broken extends TypeError {}
function fail() { throw new Broken("no"); }
const apply = (f, x) => f(x) + 1;
async function later(x) { await new Promise((done) => setTimeout(done, 5)); return x; }
async function failLater() { throw new RangeError("late"); }
const read = (node) => (node.next === null ? node.get() : read(node.next));
class Solution { double(x) { return 2 * x; } }
`;
  const program = { language: "javascript", source } as const;

  test("values, objects, functions and promises cross", async () => {
    const tests = [
      code(`const values = [undefined, null, true, 0, -0, 1.5, NaN, -Infinity, 10n ** 40n, "", "é\\ud83d\\ude00", [], [1, [2]], {},
  { a: { b: [1] } }, new Map([[1, { x: 2 }]]), new Set([1]), new Date(5), /a+/gi, new Uint8Array([1, 2]), new Float64Array([1.5])];
for (const value of values) assert.deepStrictEqual(same(value), value);`),
      code(
        "const x = []; assert.strictEqual(grow(x), x); assert.deepStrictEqual(x, [0]); const l = []; l.push(l); assert.strictEqual(same(l)[0], l);",
      ),
      code(
        "const b = new Box(5); assert.equal(b.value, 5); b.value = 6; assert.equal(b.get(), 6); assert.deepEqual([...b], [1, [2]]); assert.ok(b instanceof Box); assert.strictEqual(same(b), b); assert.equal(LIMIT, 7); assert.equal(new Solution().double(4), 8);",
      ),
      code(
        "assert.throws(() => fail(), TypeError); assert.throws(() => fail(), Broken); assert.throws(() => fail(), /no/);",
      ),
      code(
        "assert.equal(apply((v) => v * 2, 4), 9); class Node { constructor(v, next) { this.v = v; this.next = next; } get() { return this.v; } } assert.equal(read(new Node(1, new Node(2, null))), 2);",
      ),
      code("assert.equal(await later(7), 7); await assert.rejects(failLater(), RangeError);"),
      code("later(7).then((value) => assert.equal(value, 7));"),
      code(
        'import { strictEqual } from "node:assert";\nstrictEqual(inc(1), 2);'.replace(
          /^import (.*) from (.*);/m,
          "const $1 = require($2);",
        ),
      ),
    ];
    assert.deepEqual((await statuses(sandbox, program, tests)).flat(), Array(tests.length).fill("passed"));
  });

  test("calls are compared here", async () => {
    const tests = [
      call("inc", [1], 2),
      call("inc", [1], 3),
      call("later", [[1]], [1]),
      call("double", [4], 8),
      call("fail", [], 1),
    ];
    assert.deepEqual((await statuses(sandbox, program, tests)).flat(), [
      "passed",
      "failed returned 2, expected 3",
      "passed",
      "passed",
      "failed raised TypeError: no",
    ]);
  });

  test("modules' syntax is understood", async () => {
    const source =
      'import fs, { existsSync as exists } from "node:fs";\nimport * as path from "node:path";\nexport function f(x) { return path.join("a", x) + exists("/") + typeof fs.readFileSync; }\nexport default f;';
    assert.deepEqual(
      (
        await statuses(sandbox, { language: "javascript", source }, [call("f", ["b"], "a/btruefunction")])
      ).flat(),
      ["passed"],
    );
  });

  test("a program that does not parse is told apart from one that throws", async () => {
    const load = async (source: string): Promise<string> =>
      (await statuses(sandbox, { language: "javascript", source }, [call("f", [], 1)])).flat()[0] ?? "";
    assert.match(await load("function ("), /^compile-error .*SyntaxError/);
    assert.match(await load("null.x"), /^crashed .*TypeError/);
  });
});
