"""The peer of the benchmark: GRPO steps of TRL's GRPOTrainer on a random-weight Llama, timed.

Set up as one who knows TRL would on a CPU: its own rollouts through transformers, no gradient checkpointing
(TRL's default saves memory and costs a fifth of the speed), the fused AdamW, all cores, no logging or saving
worth a mention. One untimed step goes first. Prints one JSON object, with the fields of `bench/measurement.ts`.
"""

import argparse
import json
import os
import platform
import statistics
import sys
import tempfile
import time
from pathlib import Path

os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")

import torch
import transformers
import trl
from datasets import Dataset
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast, TrainerCallback
from trl import GRPOConfig, GRPOTrainer


def parse():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shape", choices=["3m", "135m"], default="3m")
    parser.add_argument("--questions", type=int, default=8)
    parser.add_argument("--group", type=int, default=16)
    parser.add_argument("--prompt-tokens", type=int, default=32)
    parser.add_argument("--new-tokens", type=int, default=96)
    parser.add_argument("--dtype", choices=["float32", "bfloat16"], default="float32")
    parser.add_argument("--steps", type=int, default=3)
    parser.add_argument("--beta", type=float, default=0.001)
    parser.add_argument("--micro-batch", type=int, default=0, help="sequences a forward pass; 0: all at once")
    parser.add_argument("--mixed", action="store_true", help="bfloat16 by autocast over float32 weights")
    parser.add_argument("--gradient-checkpointing", action="store_true")
    return parser.parse_args()


def make_model_folder(shape, dtype, folder):
    """Random weights and a tokenizer of whole words "w1 w2 …", one token each."""
    vocabulary = shape["vocabulary"]
    words = {"<pad>": 0} | {f"w{i}": i for i in range(1, vocabulary)}
    tokenizer = Tokenizer(models.WordLevel(words, unk_token="<pad>"))
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    # The end-of-sequence token lies beyond the model's vocabulary, so that every completion has full length.
    PreTrainedTokenizerFast(tokenizer_object=tokenizer, pad_token="<pad>", eos_token="<end>").save_pretrained(folder)
    config = LlamaConfig(
        vocab_size=vocabulary,
        hidden_size=shape["width"],
        num_hidden_layers=shape["layers"],
        num_attention_heads=shape["heads"],
        num_key_value_heads=shape["keyValueHeads"],
        intermediate_size=shape["intermediate"],
        tie_word_embeddings=shape["tied"],
        max_position_embeddings=2048,
        bos_token_id=None,
        eos_token_id=None,
        pad_token_id=0,
    )
    torch.manual_seed(0)
    LlamaForCausalLM(config).to(dtype).save_pretrained(folder)


def reward_even_words(completion_ids, **_):
    """A reward that differs within a group and costs nothing: the share of even token ids."""
    return [sum(token % 2 == 0 for token in ids) / len(ids) for ids in completion_ids]


def peak_bytes():
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024
    return 0


class StepTimer(TrainerCallback):
    def __init__(self):
        self.seconds = []

    def on_step_begin(self, *_, **__):
        self.started = time.perf_counter()

    def on_step_end(self, *_, **__):
        self.seconds.append(time.perf_counter() - self.started)


def main():
    options = parse()
    shape = json.loads((Path(__file__).parent.parent / "shapes.json").read_text())[options.shape]
    sequences = options.questions * options.group
    micro_batch = options.micro_batch or sequences
    if sequences % micro_batch != 0:
        sys.exit(f"--micro-batch {micro_batch} must divide {sequences} sequences (questions × group).")
    weights_in_bfloat16 = options.dtype == "bfloat16" and not options.mixed
    words = torch.randint(
        1, shape["vocabulary"], (options.questions * (options.steps + 1), options.prompt_tokens),
        generator=torch.Generator().manual_seed(1),
    )
    dataset = Dataset.from_dict({"prompt": [" ".join(f"w{i}" for i in row) for row in words.tolist()]})

    with tempfile.TemporaryDirectory() as folder:
        make_model_folder(shape, torch.bfloat16 if weights_in_bfloat16 else torch.float32, folder)
        trainer = GRPOTrainer(
            model=folder,
            reward_funcs=reward_even_words,
            train_dataset=dataset,
            args=GRPOConfig(
                output_dir=f"{folder}/out",
                use_cpu=True,
                bf16=options.mixed,
                model_init_kwargs={"dtype": "bfloat16" if weights_in_bfloat16 else "float32"},
                beta=options.beta,
                num_generations=options.group,
                per_device_train_batch_size=micro_batch,
                gradient_accumulation_steps=sequences // micro_batch,
                max_completion_length=options.new_tokens,
                max_steps=options.steps + 1,
                gradient_checkpointing=options.gradient_checkpointing,
                learning_rate=1e-5,
                logging_steps=1,
                save_strategy="no",
                report_to="none",
                disable_tqdm=True,
                seed=0,
            ),
        )
        generation_seconds = []
        generate = trainer._generate_single_turn

        def timed_generate(prompt_ids, *parameters, **named):
            started = time.perf_counter()
            ids, logprobs = generate(prompt_ids, *parameters, **named)
            generation_seconds.append(time.perf_counter() - started)
            lengths = {(len(prompt), len(completion)) for prompt, completion in zip(prompt_ids, ids, strict=True)}
            if lengths != {(options.prompt_tokens, options.new_tokens)} or len(ids) != sequences:
                sys.exit(f"The lengths are {lengths} in {len(ids)} sequences, which is not what was asked for.")
            return ids, logprobs

        trainer._generate_single_turn = timed_generate
        timer = StepTimer()
        trainer.add_callback(timer)
        trainer.train()

    steps, generations = timer.seconds[1:], generation_seconds[1:]
    trainings = [step - generation for step, generation in zip(steps, generations, strict=True)]
    second, generation, training = map(statistics.median, (steps, generations, trainings))
    print(
        json.dumps(
            {
                "implementation": "TRL",
                "versions": {
                    "trl": trl.__version__,
                    "transformers": transformers.__version__,
                    "torch": torch.__version__,
                    "python": platform.python_version(),
                },
                "settings": {
                    "shape": options.shape,
                    "questions": options.questions,
                    "group": options.group,
                    "promptTokens": options.prompt_tokens,
                    "newTokens": options.new_tokens,
                    "dtype": options.dtype,
                    "steps": options.steps,
                    "beta": options.beta,
                },
                "notes": {
                    "microBatch": micro_batch,
                    "mixed": options.mixed,
                    "gradientCheckpointing": options.gradient_checkpointing,
                    "optimizer": str(trainer.args.optim),
                    "attention": trainer.model.config._attn_implementation,
                },
                "threads": torch.get_num_threads(),
                "parameters": sum(parameter.numel() for parameter in trainer.model.parameters()),
                "stepSeconds": steps,
                "secondsPerStep": second,
                "generationSeconds": generation,
                "trainingSeconds": training,
                "rolloutTokensPerSecond": sequences * options.new_tokens / generation,
                "trainingTokensPerSecond": sequences * (options.prompt_tokens + options.new_tokens) / training,
                "peakBytes": peak_bytes(),
            }
        )
    )


if __name__ == "__main__":
    main()
