"""transformers: tokens a second of decoding by batch, and of training; the settings and the output as measurement.ts says."""

import json
import resource
import sys
import time
from pathlib import Path

import torch
from transformers import AutoModelForCausalLM, LlamaConfig, LlamaForCausalLM

settings = json.loads(sys.argv[1])
if settings["threads"] > 0:
    torch.set_num_threads(settings["threads"])
dtype = getattr(torch, settings["dtype"])
device = settings["device"]


def fresh_model():
    if settings["folder"] is not None:
        return AutoModelForCausalLM.from_pretrained(settings["folder"], dtype=dtype).to(device)
    shape = json.loads((Path(__file__).parent.parent / "shapes.json").read_text())[settings["shape"]]
    config = LlamaConfig(
        vocab_size=shape["vocabulary"],
        hidden_size=shape["width"],
        num_hidden_layers=shape["layers"],
        num_attention_heads=shape["heads"],
        num_key_value_heads=shape["keyValueHeads"],
        intermediate_size=shape["intermediate"],
        tie_word_embeddings=shape["tied"],
        max_position_embeddings=2048,
    )
    torch.manual_seed(0)
    return LlamaForCausalLM(config).to(device=device, dtype=dtype)


def synchronise():
    if device != "cpu":
        torch.cuda.synchronize()


def decoding_rate(model, batch):
    """By the difference of a long and a short generation, which leaves the prompt's pass out."""
    prompt = torch.tensor([[(i * 7) % 100 for i in range(settings["promptTokens"])]] * batch, device=device)
    new = settings["newTokens"]

    def seconds(count):
        synchronise()
        started = time.perf_counter()
        model.generate(
            prompt,
            attention_mask=torch.ones_like(prompt),
            do_sample=True,
            top_k=0,
            max_new_tokens=count,
            min_new_tokens=count,
            pad_token_id=0,
        )
        synchronise()
        return time.perf_counter() - started

    seconds(2)
    return max(batch * (new - 2) / (seconds(new) - seconds(2)) for _ in range(settings["rounds"]))


def training_rate(model):
    sequences, length = settings["training"]["sequences"], settings["training"]["length"]
    ids = torch.tensor([[(r * 31 + i * 7) % 400 for i in range(length)] for r in range(sequences)], device=device)
    model.train()
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-5, fused=True)

    def update():
        synchronise()
        started = time.perf_counter()
        model(input_ids=ids, labels=ids).loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad()
        synchronise()
        return time.perf_counter() - started

    update()
    return max(sequences * length / update() for _ in range(settings["rounds"]))


model = fresh_model()
with torch.inference_mode():
    model.eval()
    decoding = {str(batch): decoding_rate(model, batch) for batch in settings["batches"]}
training = training_rate(model) if settings["training"]["sequences"] > 0 else None
print(
    json.dumps(
        {
            "implementation": "transformers",
            "parameters": sum(p.numel() for p in model.parameters()),
            "decodingTokensPerSecond": decoding,
            "trainingTokensPerSecond": training,
            "peakBytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
        }
    )
)
