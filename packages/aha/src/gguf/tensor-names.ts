/** llama.cpp's names of a dense decoder's tensors, and Hugging Face's. */

const whole = [
  ["token_embd", "model.embed_tokens"],
  ["output_norm", "model.norm"],
  ["output", "lm_head"],
] as const;

const inLayer = [
  ["attn_norm", "input_layernorm"],
  ["attn_q", "self_attn.q_proj"],
  ["attn_k", "self_attn.k_proj"],
  ["attn_v", "self_attn.v_proj"],
  ["attn_q_norm", "self_attn.q_norm"],
  ["attn_k_norm", "self_attn.k_norm"],
  ["attn_output", "self_attn.o_proj"],
  ["ffn_norm", "post_attention_layernorm"],
  ["ffn_gate", "mlp.gate_proj"],
  ["ffn_up", "mlp.up_proj"],
  ["ffn_down", "mlp.down_proj"],
] as const;

/** Hugging Face's name of llama.cpp's; undefined where there is none. */
export function huggingFaceName(name: string): string | undefined {
  const [, block, part = "", kind] = /^(?:blk\.(\d+)\.)?(\w+)\.(weight|bias)$/.exec(name) ?? [];
  const found = (block === undefined ? whole : inLayer).find(([own]) => own === part)?.[1];
  if (found === undefined) return undefined;
  return block === undefined ? `${found}.${kind}` : `model.layers.${block}.${found}.${kind}`;
}

/** llama.cpp's name of Hugging Face's; undefined where there is none. */
export function ggufName(name: string): string | undefined {
  const [, block, part = "", kind] = /^(?:model\.layers\.(\d+)\.)?([\w.]+)\.(weight|bias)$/.exec(name) ?? [];
  const found = (block === undefined ? whole : inLayer).find(([, theirs]) => theirs === part)?.[0];
  if (found === undefined) return undefined;
  return block === undefined ? `${found}.${kind}` : `blk.${block}.${found}.${kind}`;
}
