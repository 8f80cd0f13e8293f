/** LoRA adapters' folders: what is refused, by name, and what is wrong with those that do not fit. */
import assert from "node:assert/strict";
import { cpSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { SafetensorsError } from "../src/folder/errors.ts";
import { parseAdapterConfig } from "../src/lora/adapter-config.ts";
import { openModel } from "../src/models/load-model.ts";
import { mergeAdapter } from "../src/models/merge-adapter.ts";
import { testFolder } from "./helpers/tiny-runs.ts";

const folder = testFolder("lora-files");
const fixtures = fileURLToPath(new URL("fixtures/lora/", import.meta.url));

const plain = (): Record<string, unknown> => {
  const read: Record<string, unknown> = JSON.parse(
    readFileSync(join(fixtures, "plain/adapter_config.json"), "utf8"),
  );
  return read;
};

test("a configuration that is not plain LoRA is refused by the field's name", () => {
  assert.equal(parseAdapterConfig(plain()).rank, 4);
  for (const [field, value] of Object.entries({
    peft_type: "LOHA",
    task_type: "TOKEN_CLS",
    r: 0,
    lora_alpha: "8",
    lora_dropout: 1,
    bias: "all",
    use_dora: true,
    modules_to_save: ["lm_head"],
    init_lora_weights: "pissa",
    fan_in_fan_out: true,
    layer_replication: [[0, 1]],
    exclude_modules: ["q_proj"],
    trainable_token_indices: [1],
    target_parameters: ["experts"],
    alpha_pattern: { "(a+)+$": 2 },
    rank_pattern: { q_proj: 1.5 },
    some_new_field: { on: true },
  })) {
    assert.throws(
      () => parseAdapterConfig({ ...plain(), [field]: value }, "there/adapter_config.json"),
      (error) => error instanceof Error && error.message.includes(`adapter_config.json: field "${field}"`),
      field,
    );
  }
});

test("adapters that do not fit, are damaged, or have lost their base are told apart", () => {
  let count = 0;
  const changed = (change: Record<string, unknown>): string => {
    const target = join(folder, `changed-${count++}`);
    cpSync(join(fixtures, "plain"), target, { recursive: true });
    const base = join(fixtures, "../llama-untied");
    const config = { ...plain(), base_model_name_or_path: base, ...change };
    writeFileSync(join(target, "adapter_config.json"), JSON.stringify(config));
    return target;
  };
  const open = (place: string): void => openModel(place, { dtype: "auto", device: "cpu" }).model.dispose();
  open(changed({}));
  const refused = (change: Record<string, unknown>, message: RegExp): void =>
    assert.throws(() => open(changed(change)), message);
  refused({ r: 3 }, /q_proj\.lora_A\.weight: expected rank 3 by adapter_config\.json, found 4/);
  refused({ target_modules: ["q_proj"] }, /does not name the module/);
  refused(
    { target_modules: ["q_proj", "v_proj", "down_proj", "o_proj"] },
    /names .*o_proj, found no tensors of it/,
  );
  refused(
    { base_model_name_or_path: join(fixtures, "../qwen3") },
    /expected \[4, 24\] by the base model, found/,
  );
  refused(
    { base_model_name_or_path: "nowhere/at-all" },
    /base_model_name_or_path to be the folder .*looked in/,
  );
  refused({ base_model_name_or_path: null }, /found null\. Set it to the base's folder/);
  const torn = changed({});
  writeFileSync(join(torn, "adapter_model.safetensors"), "short");
  assert.throws(() => open(torn), SafetensorsError);
  assert.throws(
    () => mergeAdapter(join(fixtures, "../qwen3"), join(folder, "merged")),
    /found a whole model/,
  );
  assert.throws(() => mergeAdapter(changed({}), torn), /expected no such folder yet, or an empty one/);
});
