/** Messages over a pipe arrive whole, however the pipe cuts them. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { encodeFrame, FrameReader } from "./frames.ts";

test("any cut of the bytes gives the same messages", () => {
  const messages = ['{"a":1}', "", '"é😀"', "x".repeat(300), "[]"];
  const bytes = Buffer.concat(messages.map(encodeFrame));
  for (let size = 1; size <= bytes.length; size++) {
    const reader = new FrameReader();
    const received: string[] = [];
    for (let start = 0; start < bytes.length; start += size) {
      received.push(...reader.push(bytes.subarray(start, start + size)));
    }
    assert.deepEqual(received, messages);
  }
});

test("a message that is not complete is not given", () => {
  const reader = new FrameReader();
  const frame = encodeFrame("hello");
  assert.deepEqual(reader.push(frame.subarray(0, -1)), []);
  assert.deepEqual(reader.push(frame.subarray(-1)), ["hello"]);
});
