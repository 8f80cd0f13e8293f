/** The frame reader: whole frames however the bytes come, and an end for whatever breaks a bound. */
import assert from "node:assert/strict";
import { PassThrough } from "node:stream";
import { test } from "node:test";
import { encodeFrame, type Frame, FrameReader, jsonFrame } from "./frames.ts";

const text = (frame: Frame | string): string =>
  typeof frame === "string" ? frame : `${frame.letter}${frame.body.toString("utf8")}`;

test("frames come whole when their bytes come one by one", async () => {
  const stream = new PassThrough();
  const reader = new FrameReader(stream, 1000);
  const bytes = Buffer.concat([jsonFrame("Q", { é: 1 }), jsonFrame("A", [])]);
  for (const byte of bytes) stream.write(Buffer.from([byte]));
  assert.equal(text(await reader.next()), 'Q{"é":1}');
  assert.equal(text(await reader.next()), "A[]");
  stream.end();
  assert.equal(await reader.next(), "closed");
});

test("a frame cut short is no frame", async () => {
  const stream = new PassThrough();
  const reader = new FrameReader(stream, 1000);
  stream.end(jsonFrame("Q", "abc").subarray(0, 7));
  assert.equal(await reader.next(), "closed");
});

test("an announced length beyond the bound ends the stream", async () => {
  const stream = new PassThrough();
  const reader = new FrameReader(stream, 1000);
  stream.write(Buffer.from([0xff, 0xff, 0xff, 0xff, 65]));
  assert.equal(await reader.next(), "too-large");
});

test("more bytes than a life allows end the stream", async () => {
  const stream = new PassThrough();
  const reader = new FrameReader(stream, 50);
  stream.write(encodeFrame("A", Buffer.alloc(30)));
  assert.equal(text(await reader.next()).length, 31);
  stream.write(encodeFrame("A", Buffer.alloc(30)));
  assert.equal(await reader.next(), "too-large");
});

test("frames that nobody asked for end the stream", async () => {
  const stream = new PassThrough();
  const reader = new FrameReader(stream, 10_000);
  stream.write(Buffer.concat(Array.from({ length: 50 }, () => jsonFrame("A", 1))));
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(await reader.next(), "flood");
});
