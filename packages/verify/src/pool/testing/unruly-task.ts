/** A task module for the pool's tests: every way in which work can go wrong. */

const leak: unknown[] = [];

const kinds: Record<string, (argument: number) => unknown> = {
  square: (argument) => argument * argument,
  process: () => process.pid,
  throw: (argument) => {
    throw new RangeError(`thrown on purpose: ${argument}`);
  },
  loop: () => {
    for (;;);
  },
  regex: () => /^(a+)+$/.test(`${"a".repeat(60)}b`),
  bigint: () => {
    for (let power = 3n; ; power *= power);
  },
  // An array of numbers that grows is what ends the host where workers are threads.
  numbers: () => {
    const numbers: number[] = [];
    for (let index = 0; ; index++) numbers.push(index * 1.5);
  },
  objects: () => {
    for (;;) leak.push({ leak: [leak.length] });
  },
  // Memory outside V8's heap, which its limit does not see.
  buffers: () => {
    for (;;) leak.push(Buffer.alloc(2 ** 24, 1));
  },
  recursion: (argument) => {
    const down = (depth: number): number => 1 + down(depth + 1);
    return down(argument);
  },
  exit: (argument) => process.exit(argument),
  print: (argument) => {
    console.log("x".repeat(argument));
    console.error("x".repeat(argument));
    return argument;
  },
  repeat: (argument) => "é\n".repeat(argument),
};

export function run(task: { kind: string; argument?: number }): unknown {
  const work = kinds[task.kind];
  if (!work) throw new TypeError(`Expected one of ${Object.keys(kinds).join(", ")}; got ${task.kind}`);
  return work(task.argument ?? 0);
}
