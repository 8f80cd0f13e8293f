/** Executions a second in the sandbox, cold and warm, by language: `node --import tsx bench/sandbox-rate.ts`. */
import { availableParallelism } from "node:os";
import { Bubblewrap } from "../src/code/bubblewrap.ts";
import { compileCpp, stripTypes } from "../src/code/compile-program.ts";
import { completeLimits } from "../src/code/limits.ts";
import { runProgramTests } from "../src/code/run-program-tests.ts";
import { closeSandboxes, runTests } from "../src/code/run-tests.ts";
import type { Program, ProgramTest } from "../src/code/test-case.ts";

const seconds = Number(process.argv[2] ?? 3);
const limits = completeLimits();
const sandbox = new Bubblewrap();

const programs: readonly Program[] = [
  { language: "python", source: "a, b = map(int, input().split())\nprint(a + b)" },
  {
    language: "javascript",
    source: 'const [a, b] = require("fs").readFileSync(0, "utf8").split(" ").map(Number); console.log(a + b)',
  },
  {
    language: "typescript",
    source:
      'const [a, b]: number[] = require("fs").readFileSync(0, "utf8").split(" ").map(Number); console.log(a + b)',
  },
  {
    language: "cpp",
    source: "#include <bits/stdc++.h>\nint main() { long a, b; std::cin >> a >> b; std::cout << a + b; }",
  },
];

const inputOutput = (count: number): ProgramTest[] =>
  Array.from({ length: count }, (_, n) => ({ kind: "io", stdin: `${n} 1\n`, stdout: `${n + 1}\n` }));

/** Runs `job` in as many lanes as said until the time is over; prints jobs and tests a second. */
async function measure(
  name: string,
  lanes: number,
  testsEach: number,
  job: () => Promise<void>,
): Promise<void> {
  await job();
  const started = performance.now();
  let done = 0;
  const lane = async (): Promise<void> => {
    while (performance.now() - started < seconds * 1000) {
      await job();
      done++;
    }
  };
  await Promise.all(Array.from({ length: lanes }, lane));
  const elapsed = (performance.now() - started) / 1000;
  const each = (elapsed * lanes * 1000) / done;
  console.log(
    `${name.padEnd(46)} ${(done / elapsed).toFixed(1).padStart(8)} programs/s ${((done * testsEach) / elapsed).toFixed(1).padStart(8)} tests/s  ${each.toFixed(1).padStart(8)} ms each`,
  );
}

function expect(condition: boolean, what: string): void {
  if (!condition) throw new Error(`the benchmark's own program failed: ${what}`);
}

const cores = availableParallelism();
console.log(`${cores} cores, Node ${process.version}, ${seconds} s each`);

await measure("empty sandbox (/bin/true), one after another", 1, 1, async () => {
  const running = sandbox.start({ runtime: "shell", parameters: ["/bin/true"], files: {}, limits });
  running.stdin.end();
  running.stdout.resume();
  running.stderr.resume();
  expect((await running.exited).code === 0, "true");
});

for (const program of programs) {
  const { language } = program;
  for (const count of [1, 10]) {
    const tests = inputOutput(count);
    const cold = { sandbox, program, tests, limits, stopAtFirstFailure: false };
    if (count === 1)
      await measure(`${language}, cold, ${count} test`, cores, count, async () => {
        const results = await runProgramTests(cold);
        expect(
          results.every((result) => result.status === "passed"),
          JSON.stringify(results),
        );
      });
    await measure(`${language}, warm, ${count} test${count > 1 ? "s" : ""}`, cores, count, async () => {
      const report = await runTests(program, tests);
      expect(report.outcome === "correct", JSON.stringify(report));
    });
  }
}

const call: ProgramTest = { kind: "call", function: "add", arguments: [1, 2], expected: 3 };
const add: readonly Program[] = [
  { language: "python", source: "def add(a, b): return a + b" },
  { language: "javascript", source: "function add(a, b) { return a + b }" },
];
for (const program of add)
  await measure(`${program.language}, warm, 10 calls`, cores, 10, async () => {
    const report = await runTests(program, Array(10).fill(call));
    expect(report.outcome === "correct", JSON.stringify(report));
  });
const assertion: ProgramTest = { kind: "assertions", code: "assert add(1, 2) == 3" };
await measure("python, warm, 1 assertion with its judge", cores, 1, async () => {
  const report = await runTests(add[0] as Program, [assertion]);
  expect(report.outcome === "correct", JSON.stringify(report));
});

await measure("compile C++ (<bits/stdc++.h>, -O2)", cores, 1, async () => {
  expect((await compileCpp(sandbox, (programs[3] as Program).source)).ok, "compile");
});
await measure("strip types", cores, 1, async () => {
  expect((await stripTypes(sandbox, (programs[2] as Program).source)).ok, "strip");
});
await closeSandboxes();
