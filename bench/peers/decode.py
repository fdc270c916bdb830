"""(f) Plain decoding: Cotrace against `generate` of Hugging Face transformers with its KV cache.

    .venv/bin/python decode.py [--shape smollm2-135m] [--batch 8,32,64] [--tokens 64] [--rounds 3]

Both sides sample NEW tokens after every prompt at temperature 1 from the same weights in float32; nothing ends a row
earlier. For each batch two fresh processes take turns, after one round each that does not count. The fastest round
counts: other processes can only add time. One JSON line a batch; `ratio` is Cotrace's tokens per second over
transformers'.
"""

import argparse
import random
import sys
import time
from pathlib import Path

from measuring import COTRACE, Child, Cost, columns, fastest, note, ratios, say, surroundings
from weights import SHAPES, checkpoint

HERE = Path(__file__).parent


def generate(folder: str, rows: int, tokens: int, threads: int) -> None:
    """The other side: a round for each line of prompts."""
    import torch
    from transformers import AutoModelForCausalLM
    from transformers.utils import logging

    torch.set_num_threads(threads)
    logging.disable_progress_bar()
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)
    print(model.config._attn_implementation, flush=True)
    for line in sys.stdin:
        ids = torch.tensor([int(id) for id in line.split()]).view(rows, -1)
        start = time.perf_counter()
        out = model.generate(
            ids, attention_mask=torch.ones_like(ids), do_sample=True, temperature=1.0, top_k=0, top_p=1.0,
            max_new_tokens=tokens, use_cache=True, pad_token_id=0,
        )
        seconds = time.perf_counter() - start
        if out.shape[1] != ids.shape[1] + tokens:
            sys.exit(f"expected {tokens} new tokens a row, got {out.shape[1] - ids.shape[1]}")
        print(seconds, flush=True)


def measure(arguments: argparse.Namespace, rows: int) -> dict:
    folder = checkpoint(arguments.shape)
    draws = random.Random(rows)
    ids = [draws.randrange(SHAPES[arguments.shape].vocab_size) for _ in range(rows * arguments.prompt)]
    prompts = " ".join(map(str, ids))
    sizes = [rows, arguments.prompt, arguments.tokens, arguments.threads]
    sides = dict(
        cotrace=Child([COTRACE, HERE / "PlainDecode.java", folder, *sizes], arguments.threads),
        transformers=Child(
            [sys.executable, __file__, "--child", folder, rows, arguments.tokens, arguments.threads], arguments.threads
        ),
    )
    rounds: dict[str, list[Cost]] = {name: [] for name in sides}
    for turn in range(arguments.rounds + 1):
        for name, side in sides.items():
            cost = side.ask(prompts)
            note(f"batch {rows}, {name}: {cost.seconds:.2f} s" + ("" if turn else " (does not count)"))
            if turn:
                rounds[name].append(cost)
    result = dict(bench="decode", shape=arguments.shape, dtype="float32", batch=rows, prompt_tokens=arguments.prompt,
                  new_tokens=arguments.tokens)
    for name, side in sides.items():
        side.end()
        least = fastest(rounds[name])
        result[name] = columns(rounds[name], "seconds", "cpu_seconds") | dict(
            tokens_per_second=rows * arguments.tokens / least.seconds, peak_bytes=rounds[name][-1].peak_bytes
        )
    result |= ratios(rounds["transformers"], rounds["cotrace"])
    return result | dict(blas=sides["cotrace"].greeting, attention=sides["transformers"].greeting)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shape", choices=SHAPES, default="smollm2-135m")
    parser.add_argument("--batch", default="8,32,64", help="rows, a list")
    parser.add_argument("--prompt", type=int, default=8, help="tokens of a prompt")
    parser.add_argument("--tokens", type=int, default=64, help="tokens to sample")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2, help="of either side")
    arguments = parser.parse_args()
    facts = surroundings(arguments.threads, "torch", "transformers")
    for rows in map(int, arguments.batch.split(",")):
        say(measure(arguments, rows) | facts)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--child"]:
        generate(sys.argv[2], *map(int, sys.argv[3:6]))
    else:
        main()
