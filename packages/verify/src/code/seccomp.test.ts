/** The system-call filter, run by an interpreter of the few BPF instructions it is made of. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { SandboxError } from "./sandbox-error.ts";
import { seccompFilter } from "./seccomp.ts";

const allow = 0x7fff0000;
const kill = 0x80000000;
const errno = (code: number): number => 0x50000 | code;

/** What the kernel would answer; arguments are the low words. */
function answer(filter: Buffer, architecture: number, call: number, ...parameters: number[]): number {
  const data = Buffer.alloc(64);
  data.writeUInt32LE(call, 0);
  data.writeUInt32LE(architecture, 4);
  for (const [index, value] of parameters.entries()) data.writeUInt32LE(value, 16 + 8 * index);
  let accumulator = 0;
  for (let at = 0; ; at++) {
    const code = filter.readUInt16LE(8 * at);
    const value = filter.readUInt32LE(8 * at + 4);
    const jump = (condition: boolean): number => filter.readUInt8(8 * at + (condition ? 2 : 3));
    if (code === 0x20) accumulator = data.readUInt32LE(value);
    else if (code === 0x54) accumulator = (accumulator & value) >>> 0;
    else if (code === 0x15) at += jump(accumulator === value);
    else if (code === 0x35) at += jump(accumulator >= value);
    else if (code === 0x45) at += jump((accumulator & value) !== 0);
    else if (code === 0x06) return value;
    else assert.fail(`an instruction the filter should not have: ${code.toString(16)}`);
  }
}

const x86 = 0xc000003e;
const arm = 0xc00000b7;

test("x86-64: ordinary calls pass, dangerous ones do not", () => {
  const filter = seccompFilter("x64");
  const verdict = (call: number, ...parameters: number[]): number => answer(filter, x86, call, ...parameters);
  for (const call of [0, 1, 2, 3, 39, 57, 59, 60, 61, 62, 202, 231, 257, 334])
    assert.equal(verdict(call), allow);
  for (const call of [101, 165, 272, 308, 250, 321, 298, 425, 323, 319, 29, 161, 311])
    assert.equal(verdict(call), errno(1), String(call));
  assert.equal(verdict(435), errno(38));
});

test("x86-64: arguments decide where they can", () => {
  const filter = seccompFilter("x64");
  const verdict = (call: number, ...parameters: number[]): number => answer(filter, x86, call, ...parameters);
  const threadFlags = 0x3d0f00;
  assert.equal(verdict(56, threadFlags), allow);
  assert.equal(verdict(56, 17), allow);
  for (const flag of [0x20000, 0x2000000, 0x4000000, 0x8000000, 0x10000000, 0x20000000, 0x40000000])
    assert.equal(verdict(56, flag | 17), errno(1));
  assert.equal(verdict(9, 0, 4096, 3, 0x22), allow);
  assert.equal(verdict(9, 0, 4096, 3, 0x01), allow);
  assert.equal(verdict(9, 0, 4096, 3, 0x21), errno(1));
  assert.equal(verdict(41, 1), allow);
  for (const family of [2, 10, 16, 17, 40]) assert.equal(verdict(41, family), errno(97));
  assert.equal(verdict(16, 0, 0x5401), allow);
  assert.equal(verdict(16, 0, 0x5412), errno(1));
  assert.equal(verdict(16, 0, 0x541c), errno(1));
});

test("other calling conventions of the machine are the end", () => {
  const filter = seccompFilter("x64");
  assert.equal(answer(filter, 0x40000003, 20), kill);
  assert.equal(answer(filter, arm, 20), kill);
  assert.equal(answer(filter, x86, 0x40000000 + 39), kill);
});

test("arm64: its own numbers", () => {
  const filter = seccompFilter("arm64");
  const verdict = (call: number, ...parameters: number[]): number => answer(filter, arm, call, ...parameters);
  for (const call of [56, 63, 64, 93, 98, 172, 221]) assert.equal(verdict(call), allow, String(call));
  for (const call of [117, 40, 97, 268, 219, 280, 241, 425, 282, 279, 194, 51, 271])
    assert.equal(verdict(call), errno(1), String(call));
  assert.equal(verdict(220, 0x10000000 | 17), errno(1));
  assert.equal(verdict(220, 17), allow);
  assert.equal(verdict(222, 0, 4096, 3, 0x21), errno(1));
  assert.equal(verdict(198, 2), errno(97));
  assert.equal(verdict(29, 0, 0x5412), errno(1));
  assert.equal(answer(filter, x86, 0), kill);
});

test("an unknown machine has no sandbox", () => {
  assert.throws(() => seccompFilter("riscv64"), SandboxError);
});
