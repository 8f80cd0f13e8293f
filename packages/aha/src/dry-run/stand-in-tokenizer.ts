/** A tokenizer to rehearse with where the model's own is not on this machine: a token a byte, ChatML's turns. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { buildWorldTokenizer } from "../tokenizer-training/world-tokenizer.ts";

const CHAT_TEMPLATE =
  "{% for message in messages %}<|im_start|>{{ message['role'] }}\n{{ message['content'] }}<|im_end|>\n{% endfor %}" +
  "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}";

/** Writes its files into a folder. Every text becomes at least as many tokens as the model's own would make of it. */
export function writeStandInTokenizer(folder: string): void {
  const { tokenizer, config } = buildWorldTokenizer({ pieces: [], largestNumber: 0, maximumLength: 1 << 20 });
  const write = (name: string, value: unknown): void =>
    writeFileSync(join(folder, name), JSON.stringify(value));
  write("tokenizer.json", tokenizer);
  write("tokenizer_config.json", { ...config, chat_template: CHAT_TEMPLATE });
}
