/** Memory shared between typed arrays and tensors, both ways, mapped files, and what is freed when. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import {
  fromTypedArray,
  indices,
  liveTensors,
  mapFile,
  scope,
  type Tensor,
  tensor,
  torch,
} from "../src/index.ts";

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc") as () => void;

test("a tensor over an array's memory: changes show on both sides", () =>
  scope(() => {
    const array = Float32Array.of(1, 2, 3, 4);
    const shared = fromTypedArray(array, { shape: [2, 2], share: true });
    array[3] = 40;
    assert.equal(shared.get(1, 1).item(), 40);
    shared.mul_(2);
    assert.deepEqual([...array], [2, 4, 6, 80]);
    const copied = fromTypedArray(array);
    array[0] = 0;
    assert.equal(copied.get(0).item(), 2);
  }));

test("a part of a larger buffer is shared at its own place", () =>
  scope(() => {
    const whole = Int32Array.from([0, 1, 2, 3]);
    const part = fromTypedArray(whole.subarray(1, 3), { share: true });
    part.add_(10);
    assert.deepEqual([...whole], [0, 11, 12, 3]);
  }));

test("an array over a tensor's memory: changes show on both sides", () =>
  scope(() => {
    const source = tensor([1, 2, 3]);
    const view = source.viewTypedArray();
    view[0] = 9;
    assert.deepEqual(source.toArray(), [9, 2, 3]);
    source.add_(1);
    assert.deepEqual([...view], [10, 3, 4]);
    const copy = source.toTypedArray();
    source.zero_();
    assert.deepEqual([...copy], [10, 3, 4]);
  }));

test("a view of a slice starts at the slice", () =>
  scope(() => {
    const source = torch.arange(6, { dtype: "float32" });
    assert.deepEqual([...source.narrow(0, 2, 3).viewTypedArray()], [2, 3, 4]);
  }));

test("an array outlives the tensor it views", async () => {
  const views = Array.from({ length: 50 }, (_, index) =>
    scope(() => torch.full([1000], index).viewTypedArray()),
  );
  for (let round = 0; round < 3; round++) {
    collectGarbage();
    await new Promise((resolve) => setImmediate(resolve));
    scope(() => torch.randn([1000]).sum().item());
  }
  views.forEach((view, index) => {
    assert.ok(
      view.every((value) => Number(value) === index),
      `view ${index}`,
    );
  });
});

test("a tensor outlives the array it shares, and lets it go when released", async () => {
  let collected = 0;
  const registry = new FinalizationRegistry<null>(() => collected++);
  const make = (index: number): Tensor => {
    const array = new Float64Array(1000).fill(index);
    registry.register(array, null);
    return fromTypedArray(array, { share: true }).keep();
  };
  const tensors = Array.from({ length: 20 }, (_, index) => scope(() => make(index)));
  collectGarbage();
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(collected, 0);
  tensors.forEach((item, index) => {
    assert.equal(
      scope(() => item.sum().item()),
      index * 1000,
    );
  });
  for (const item of tensors) item.dispose();
  for (let attempt = 0; attempt < 20 && collected < 19; attempt++) {
    collectGarbage();
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  assert.ok(collected >= 19, `${collected} of 20 arrays were let go`);
});

test("tensors forgotten outside of any scope are freed with their objects", async () => {
  const before = liveTensors();
  (() => {
    for (let index = 0; index < 100; index++) torch.zeros([10]);
  })();
  for (let attempt = 0; attempt < 20 && liveTensors() > before + 2; attempt++) {
    collectGarbage();
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  assert.ok(liveTensors() <= before + 2, `${liveTensors() - before} still alive`);
});

test("bits of bfloat16, sixty-four bit integers, empty tensors", () =>
  scope(() => {
    const half = fromTypedArray(Uint16Array.of(0x3f80, 0xc000), { dtype: "bfloat16" });
    assert.deepEqual(half.toArray(), [1, -2]);
    assert.deepEqual(half.toTypedArray(), Uint16Array.of(0x3f80, 0xc000));
    const wide = fromTypedArray(BigInt64Array.of(2n ** 62n, -1n));
    assert.deepEqual(wide.toTypedArray(), BigInt64Array.of(2n ** 62n, -1n));
    assert.deepEqual(indices([5, 6], [2, 1]).toArray(), [[5], [6]]);
    const empty = fromTypedArray(new Float32Array(0), { shape: [0, 3], share: true });
    assert.deepEqual(
      [empty.shape, empty.toTypedArray().length, empty.viewTypedArray().length],
      [[0, 3], 0, 0],
    );
  }));

test("sizes that don't fit say both numbers; arrays without a dtype of their own say so", () =>
  scope(() => {
    assert.throws(
      () => fromTypedArray(new Float32Array(3), { shape: [2, 2] }),
      /takes 16 bytes, the array has 12/,
    );
    assert.throws(() => fromTypedArray(new Float32Array(3), { shape: [-3] }), /negative/);
    assert.throws(
      () => fromTypedArray(new Uint16Array(3)),
      /Uint16Array has no dtype of its own; pass \{ dtype \}/,
    );
  }));

test("mapFile: a file's bytes without reading it; writing to the tensor does not change the file", () => {
  const folder = mkdtempSync(join(tmpdir(), "aha-torch-"));
  try {
    const path = join(folder, "data.bin");
    writeFileSync(path, Buffer.from(Float32Array.of(1.5, -2).buffer));
    scope(() => {
      const mapped = mapFile(path);
      assert.deepEqual([mapped.dtype, mapped.shape], ["uint8", [8]]);
      const values = mapped.viewAs("float32");
      assert.deepEqual(values.toArray(), [1.5, -2]);
      values.zero_();
      assert.deepEqual(mapFile(path).viewAs("float32").toArray(), [1.5, -2]);
      writeFileSync(join(folder, "empty.bin"), "");
      assert.deepEqual(mapFile(join(folder, "empty.bin")).shape, [0]);
      assert.throws(() => mapFile(join(folder, "absent.bin")), { code: "ENOENT" });
    });
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("sizes around the small allocator's limits keep apart and come back aligned", () =>
  scope(() => {
    const sizes = [
      1, 15, 16, 17, 63, 64, 65, 127, 128, 129, 255, 256, 257, 511, 512, 513, 1023, 1024, 1025, 4096, 5000,
    ];
    const made = sizes.flatMap((size) =>
      [0, 1, 2].map((round) => ({
        size,
        value: size * 3 + round,
        data: torch.full([size], size * 3 + round),
      })),
    );
    for (let round = 0; round < 50; round++)
      scope(() => sizes.map((size) => torch.zeros([size]).add(7).sum().item()));
    for (const { size, value, data } of made) {
      const values = data.toNumbers();
      assert.equal(values.length, size);
      assert.ok(
        values.every((item) => item === value),
        `${size} elements`,
      );
    }
  }));
