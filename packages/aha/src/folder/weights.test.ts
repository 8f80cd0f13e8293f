/** Weights over one or many files: planned, saved, found again, and refused where files do not agree. */
import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { ModelFolderError, SafetensorsError } from "./errors.ts";
import { readModelConfig } from "./model-config.ts";
import { openSafetensors, type SafetensorsEntry } from "./safetensors.ts";
import { locateWeights, planShards, saveWeights } from "./weights.ts";

const makeFolder = () => mkdtempSync(join(tmpdir(), "aha-weights-"));

const entries: SafetensorsEntry[] = [4, 8, 2, 40, 4].map((bytes, position) => ({
  name: `layer.${position}`,
  dtype: "U8",
  shape: [bytes],
  bytes: () => new Uint8Array(bytes).fill(position + 1),
}));

test("shards fill up in order, and a tensor beyond the limit has one to itself", () => {
  const { shards, index } = planShards(entries, 12);
  assert.deepEqual(
    shards.map(({ file, entries: held }) => [file, held.map(({ name }) => name)]),
    [
      ["model-00001-of-00004.safetensors", ["layer.0", "layer.1"]],
      ["model-00002-of-00004.safetensors", ["layer.2"]],
      ["model-00003-of-00004.safetensors", ["layer.3"]],
      ["model-00004-of-00004.safetensors", ["layer.4"]],
    ],
  );
  assert.equal(index?.metadata.total_size, 58);
  assert.equal(index?.weight_map["layer.3"], "model-00003-of-00004.safetensors");
  assert.deepEqual(planShards(entries, 58), {
    shards: [{ file: "model.safetensors", entries }],
    index: null,
  });
});

test("a save is found again, sharded or not, and replaces the one before", () => {
  const folder = makeFolder();
  for (const maximumShardBytes of [1000, 12, 30, 1000]) {
    saveWeights(folder, entries, { maximumShardBytes });
    const found = locateWeights(folder);
    assert.equal(found.size, entries.length);
    for (const entry of entries) {
      const location = found.get(entry.name);
      assert.ok(location);
      const file = openSafetensors(location.file);
      assert.deepEqual(file.read(entry.name), entry.bytes());
      file.close();
    }
    const { shards, index } = planShards(entries, maximumShardBytes);
    assert.equal(readdirSync(folder).length, shards.length + (index === null ? 0 : 1));
    assert.equal(existsSync(join(folder, "model.safetensors.index.json")), index !== null);
  }
});

/** A sharded folder whose index went through `change`. */
function withIndex(change: (weightMap: Record<string, unknown>) => unknown): string {
  const folder = makeFolder();
  saveWeights(folder, entries, { maximumShardBytes: 12 });
  const path = join(folder, "model.safetensors.index.json");
  const { weight_map: weightMap }: { weight_map: Record<string, unknown> } = JSON.parse(
    readFileSync(path, "utf8"),
  );
  const changed = change(weightMap);
  writeFileSync(path, typeof changed === "string" ? changed : JSON.stringify({ weight_map: changed }));
  return folder;
}

test("an index and shards that do not agree are refused", () => {
  const shard = "model-00001-of-00004.safetensors";
  const missing = withIndex((map) => map);
  rmSync(join(missing, shard));
  assert.throws(() => locateWeights(missing), /shard model-00001-of-00004.safetensors.*no such file/);
  assert.throws(
    () => locateWeights(withIndex((map) => ({ ...map, extra: shard }))),
    /tensor "extra".*a shard without it/,
  );
  for (const file of ["../model.safetensors", "/etc/passwd", 3, "pytorch_model.bin"]) {
    assert.throws(() => locateWeights(withIndex((map) => ({ ...map, extra: file }))), /in the same folder/);
  }
  assert.throws(() => locateWeights(withIndex(() => "{")), SafetensorsError);
  assert.throws(() => locateWeights(withIndex(() => "{}")), /weight_map/);
  const twice = `{"weight_map":{"layer.0":"${shard}","layer.0":"${shard}"}}`;
  assert.throws(() => locateWeights(withIndex(() => twice)), /"layer.0" twice/);
  assert.throws(() => locateWeights(makeFolder()), ModelFolderError);
});

test("folders that transformers saved are found whole, tied and untied, single and sharded", () => {
  for (const [name, count, files] of [
    ["llama-tied", 20, 1],
    ["llama-untied", 21, 4],
  ] as const) {
    const folder = join(import.meta.dirname, "../../test/fixtures", name);
    const config = readModelConfig(folder);
    const weights = locateWeights(folder);
    assert.equal(weights.size, count);
    assert.equal(new Set([...weights.values()].map(({ file }) => file)).size, files);
    assert.equal(weights.has("lm_head.weight"), !config.tieEmbeddings);
    const expected = [config.heads * config.headDimension, config.hiddenSize];
    assert.deepEqual(weights.get("model.layers.1.self_attn.q_proj.weight")?.shape, expected);
  }
});
