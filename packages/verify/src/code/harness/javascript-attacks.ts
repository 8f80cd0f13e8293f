/** JavaScript programs that try to pass without computing anything, for the tests of this folder. */
import type { Attack } from "./python-attacks.ts";

export const incrementTestJavaScript = `
const assert = require("node:assert");
function check(candidate) {
  assert.deepEqual(candidate(1), 2);
  assert.deepStrictEqual(candidate(41), 42);
  assert.ok(Math.abs(candidate(0) - 1) < 1e-9);
}
check(inc);
`;

const verdict = '{"event":"result","passed":true}';
const frames = `Buffer.from([0, 0, 0, ${verdict.length}, 86, ...Buffer.from('${verdict}')])`;

export const javascriptAttacks: readonly Attack[] = [
  { name: "process.exit(0) while loading", source: "process.exit(0)" },
  { name: "process.exit(0) in the call", source: "function inc(x) { process.exit(0); }" },
  {
    name: "printing what a harness would",
    source: 'console.log("passed"); process.stdout.write("ok"); function inc() {}',
  },
  {
    name: "verdict frames on the pipe",
    source: `function inc(x) { process.binding("fs").writeBuffer(1, ${frames}, 0, ${verdict.length + 5}, null); return 0; }`,
  },
  {
    name: "replacing assert for itself",
    source:
      'const a = require("assert"); a.deepEqual = a.ok = a.strictEqual = a.deepStrictEqual = () => {}; function inc(x) { return 0; }',
  },
  {
    name: "defining assert",
    source: "globalThis.assert = new Proxy(() => {}, { get: () => () => {} }); function inc(x) { return 0; }",
    code: "assert.equal(inc(1), 2);",
  },
  {
    name: "defining Math and check",
    source: "globalThis.Math = { abs: () => 0 }; function check() {} function inc(x) { return 9; }",
  },
  {
    name: "polluting prototypes",
    source:
      "Object.prototype.passed = true; Array.prototype.toJSON = () => 2; Number.prototype.valueOf = () => 2; function inc(x) { return 0; }",
  },
  {
    name: "an object that coerces to what is wanted",
    source:
      "let n = 2; function inc(x) { return { valueOf: () => n++, toString: () => '2', [Symbol.toPrimitive]: () => 2 }; }",
    code: "assert.equal(inc(1), 2); assert.equal(inc(4), 5);",
  },
  {
    name: "a class instance that coerces",
    source:
      "class Same { valueOf() { return 5; } toString() { return '5'; } } function inc(x) { return new Same(); }",
    code: "assert.deepEqual(inc(4), 5); assert.equal(inc(4), 5);",
  },
  {
    name: "a proxy for everything",
    source:
      "function inc(x) { return new Proxy(function () {}, { get: () => inc(x), apply: () => inc(x) }); }",
    code: "assert.deepEqual(inc(1), 2);",
  },
  {
    name: "replacing JSON",
    source: "JSON.stringify = () => '{\"v\":2}'; JSON.parse = () => ({}); function inc(x) { return 0; }",
  },
  {
    name: "a function's constructor of the judge",
    source:
      "function inc(f) { try { f.constructor('return process')().exit(0); } catch {} try { f.__proto__.constructor('process.exit(0)')(); } catch {} return 0; }",
    code: "assert.equal(inc(() => 5), 6);",
  },
  {
    name: "an instance's constructor of the judge",
    source:
      "function inc(box) { try { box.constructor.constructor('process.exit(0)')(); } catch {} try { box.check = () => {}; } catch {} return 0; }",
    code: "class Box { constructor() { this.value = 1; } } assert.equal(inc(new Box()), 6);",
  },
  {
    name: "a key named __proto__",
    source: 'function inc(x) { return JSON.parse(\'{"__proto__": {"value": 2}}\'); }',
    code: "assert.equal(inc(1).value, 2);",
  },
  {
    name: "a promise that never settles",
    source: "function inc(x) { return new Promise(() => {}); }",
    code: "assert.equal(await inc(1), 2);",
  },
  {
    name: "a thenable",
    source: "function inc(x) { return { then(f) { f(2); } }; }",
    code: "assert.equal(await inc(5), 6);",
  },
  {
    name: "timers that exit",
    source:
      "setTimeout(() => process.exit(0), 1); function inc(x) { const end = Date.now() + 50; while (Date.now() < end); return 0; }",
  },
  { name: "never answering", source: "function inc(x) { for (;;); }" },
  {
    name: "an endless iterator",
    source: "function* inc(x) { for (;;) yield x; }",
    code: "assert.deepEqual([...inc(1)], [2]);",
  },
  {
    name: "a structure that contains itself",
    source: "function inc(x) { const a = []; a.push(a); return a; }",
    code: "assert.deepEqual(inc(1), [2]);",
  },
  { name: "a giant answer", source: "function inc(x) { return 'x'.repeat(17 << 20); }" },
  {
    name: "names that are code for the judge",
    source:
      "const real = Array.prototype.flatMap; Array.prototype.flatMap = function (f) { return this.includes('inc') ? [['inc = 1) { process.exit(0); } (x', 1], ['check', () => {}], ['inc', () => 2]] : real.call(this, f); }; function inc(x) { return 0; }",
  },
  {
    name: "a test that never calls the program",
    source: "function inc(x) { return 0; }",
    code: "assert.equal(1 + 1, 2);",
  },
  {
    name: "an assertion the test forgot to wait for",
    source: "async function inc(x) { return 0; }",
    code: "inc(1).then((value) => assert.equal(value, 2));",
  },
];
