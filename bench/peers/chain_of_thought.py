"""(g) Whole attribution through a chain of thought: Cotrace against the straightforward composition in PyTorch.

    .venv/bin/python chain_of_thought.py --check
    .venv/bin/python chain_of_thought.py [--tokens 32,64,256] [--every 16] [--pairs 2] [--rollouts 4] [--points 2]

The composition is composition.py. Both sides take the logit difference after T sampled tokens, K rollouts with a
leave-one-out baseline at every point of the midpoint rule, the same prompts and the same weights in float32.

The composition is slow, so it samples the K rollouts of one pair at one point only, as one batch, of T steps every
EVERY-th, and takes the gradient of one of them. The line has these raw figures, and under `extrapolated` what they make
when multiplied up. Cotrace runs everything. `ratio` is the composition's extrapolated seconds over those of Cotrace's gradients (sampling included,
J(0), J(1) and the circuit left out on both sides); `slope` on the last line is the log-log slope of processor seconds in T.

--check compares scores instead, in float64 on a tiny model: Cotrace samples and writes its run, the composition takes
the gradient of the same rollouts, and every edge's score is compared. Exit status 1 when they do not agree.
"""

import argparse
import json
import random
import sys
import tempfile
import time
from dataclasses import asdict
from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import Tensor
from transformers import AutoModelForCausalLM
from transformers.utils import logging

from composition import Composition
from measuring import Cost, discover, note, ratios, run, say, surroundings
from weights import SHAPES, checkpoint

ALPHA = 0.5  # Where the composition is measured; its cost is the same everywhere.
TOLERANCE = 1e-5  # Of the largest score: transformers computes norms and rotations in float32 whatever the type.


def write_pairs(file: Path, count: int, length: int, vocabulary: int) -> list[dict]:
    draws = random.Random(1)
    ids = lambda n: [draws.randrange(vocabulary) for _ in range(n)]
    pairs = [
        dict(id=str(i), clean_ids=ids(length), corrupted_ids=ids(length), answer_ids=ids(1), wrong_ids=ids(1))
        for i in range(count)
    ]
    file.write_text("".join(json.dumps(pair) + "\n" for pair in pairs))
    return pairs


def load(folder: Path, dtype: torch.dtype) -> Composition:
    logging.disable_progress_bar()
    return Composition(AutoModelForCausalLM.from_pretrained(folder, dtype=dtype))


def prompts(pair: dict) -> tuple[Tensor, Tensor]:
    return torch.tensor(pair["clean_ids"]), torch.tensor(pair["corrupted_ids"])


def value(logits: Tensor, pair: dict) -> Tensor:
    """F: the logit difference at the last position of [steps + 1, V]."""
    return logits[-1, pair["answer_ids"][0]] - logits[-1, pair["wrong_ids"][0]]


def surrogate(logits: Tensor, pair: dict, tokens: Tensor, advantage: float) -> Tensor:
    """What has the gradient of one rollout: F at fixed tokens, and the tokens' log-probability times the advantage."""
    chosen = logits[:-1].log_softmax(-1).gather(1, tokens[:, None]).sum()
    return value(logits, pair) + advantage * chosen


def clocks() -> tuple[float, float]:
    return time.perf_counter(), time.process_time()


def since(start: tuple[float, float]) -> list[float]:
    return [now - then for now, then in zip(clocks(), start)]


def sample(model: Composition, pair: dict, rows: int, steps: int, every: int) -> tuple[Tensor, list[float]]:
    """Rollouts [rows, steps] of one batch, and the seconds and processor seconds of all their steps, as far as the
    measured ones tell; tokens of those that are left out are random."""
    both = [prompt.expand(rows, -1) for prompt in prompts(pair)]
    tokens = torch.randint(model.model.config.vocab_size, (rows, steps))
    measured = range(every // 2, steps, every)
    start = clocks()
    for step in measured:
        ids = [torch.cat([prompt, tokens[:, :step]], 1) for prompt in both]
        with torch.no_grad():
            logits = model.logits(ALPHA, *ids, 1)[:, -1]
        tokens[:, step] = torch.multinomial(logits.softmax(-1), 1)[:, 0]
    return tokens, [clock * steps / len(measured) for clock in since(start)]


def child(file: Path, arguments: argparse.Namespace) -> None:
    """The rollouts of one group of the composition, and the gradient of one of them, measured."""
    torch.set_num_threads(arguments.threads)
    torch.manual_seed(1)
    model = load(checkpoint(arguments.shape), torch.float32)
    pair = json.loads(file.read_text().splitlines()[0])
    sample(model, pair, arguments.rollouts, 2, 1)  # Warms up.
    tokens, sampling = sample(model, pair, arguments.rollouts, arguments.tokens, arguments.every)
    start = clocks()
    model.gradient(ALPHA, *prompts(pair), tokens[0], lambda logits: surrogate(logits, pair, tokens[0], 1.0))
    print(json.dumps(dict(sampling=sampling, gradient=since(start))))


def measure(arguments: argparse.Namespace, tokens: int, folder: Path) -> dict:
    file = folder / "pairs.jsonl"
    write_pairs(file, arguments.pairs, arguments.prompt, SHAPES[arguments.shape].vocab_size)
    groups = arguments.pairs * arguments.points
    gradients, process = discover(
        arguments.threads, model=checkpoint(arguments.shape), task=file, objective="logit-diff", max_new_tokens=tokens,
        quadrature="midpoint", points=arguments.points, rollouts=arguments.rollouts, allot="equal",
        out=folder / f"run{tokens}",
    )
    note(f"{tokens} tokens, cotrace: {gradients.seconds:.2f} s, all {process.seconds:.1f} s")
    every = min(arguments.every, tokens)
    lines, peer_process = run(
        [sys.executable, __file__, "--shape", arguments.shape, "--tokens", tokens, "--every", every, "--rollouts",
         arguments.rollouts, "--threads", arguments.threads, "--child", file], arguments.threads,
    )
    one = json.loads(lines[-1][0])
    note(f"{tokens} tokens, composition: sampling {one['sampling'][0]:.2f} s a group, gradient {one['gradient'][0]:.2f} s")
    seconds, cpu = (groups * (one["sampling"][at] + arguments.rollouts * one["gradient"][at]) for at in (0, 1))
    extrapolated = Cost(seconds, cpu, peer_process.peak_bytes)
    return dict(
        bench="chain-of-thought attribution", shape=arguments.shape, dtype="float32", pairs=arguments.pairs,
        prompt_tokens=arguments.prompt, tokens=tokens, points=arguments.points, rollouts=arguments.rollouts,
        cotrace=asdict(gradients) | dict(process_seconds=process.seconds),
        composition=dict(
            measured=dict(groups_sampled=1, steps_every=every, gradients=1, sampling=one["sampling"],
                          gradient=one["gradient"], process_seconds=peer_process.seconds),
            extrapolated=dict(groups=groups, gradients=groups * arguments.rollouts) | asdict(extrapolated),
        ),
        **ratios([extrapolated], [gradients]),
    )


def slope(tokens: list[int], seconds: list[float]) -> float:
    """Least-squares slope of log seconds in log tokens."""
    x, y = (torch.tensor(values, dtype=torch.float64).log() for values in (tokens, seconds))
    return float(((x - x.mean()) * (y - y.mean())).sum() / (x - x.mean()).square().sum())


def composed_scores(model: Composition, pairs: list[dict], run_directory: Path, points: int) -> Tensor:
    """Scores from the rollouts that Cotrace sampled."""
    groups: dict[tuple, list[Tensor]] = {}
    for line in (run_directory / "rollouts.jsonl").read_text().splitlines():
        rollout = json.loads(line)
        if rollout.get("purpose", "").startswith("gradients"):
            groups.setdefault((rollout["pair"], rollout["alpha"]), []).append(torch.tensor(rollout["sampled_ids"]))
    scores = torch.zeros(model.sources, model.targets, dtype=torch.float64)
    for (name, alpha), rollouts in groups.items():
        pair = next(pair for pair in pairs if pair["id"] == name)
        values = []
        for tokens in rollouts:
            ids = [torch.cat([prompt, tokens])[None] for prompt in prompts(pair)]
            with torch.no_grad():
                values.append(float(value(model.logits(alpha, *ids, 1)[0], pair)))
        for tokens, own in zip(rollouts, values):
            advantage = own - (sum(values) - own) / (len(values) - 1)
            term = lambda logits: surrogate(logits, pair, tokens, advantage)
            scores += model.gradient(alpha, *prompts(pair), tokens, term) / len(rollouts)
    return scores / (points * len(pairs))


def check(arguments: argparse.Namespace, folder: Path) -> dict:
    file, out, tokens = folder / "pairs.jsonl", folder / "run", 5
    shape = "tiny-llama"
    pairs = write_pairs(file, arguments.pairs, 6, SHAPES[shape].vocab_size)
    discover(
        arguments.threads, model=checkpoint(shape), task=file, objective="logit-diff", max_new_tokens=tokens,
        quadrature="midpoint", points=arguments.points, rollouts=arguments.rollouts, allot="equal", dtype="float64",
        out=out,
    )
    expected = composed_scores(load(checkpoint(shape), torch.float64), pairs, out, arguments.points)
    scores = load_file(out / "scores.safetensors")["scores"].double()
    error = float((scores - expected).abs().max() / expected.abs().max())
    correlation = float(torch.corrcoef(torch.stack([scores.flatten(), expected.flatten()]))[0, 1])
    return dict(
        check="chain-of-thought attribution", shape=shape, dtype="float64", tokens=tokens, edges=int((expected != 0).sum()),
        largest_score=float(expected.abs().max()), max_error_over_largest=error, correlation=correlation,
        agrees=error < TOLERANCE,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="compare scores, measure nothing")
    parser.add_argument("--shape", choices=[name for name in SHAPES if "gpt2" not in name], default="smollm2-135m")
    parser.add_argument("--tokens", default="32,64,256", help="sampled tokens T, a list")
    parser.add_argument("--every", type=int, default=16, help="measure every so many steps of the composition's sampling")
    parser.add_argument("--pairs", type=int, default=2)
    parser.add_argument("--prompt", type=int, default=16, help="tokens of a prompt")
    parser.add_argument("--rollouts", type=int, default=4, help="K, of each pair at each point")
    parser.add_argument("--points", type=int, default=2)
    parser.add_argument("--threads", type=int, default=2, help="of either side")
    parser.add_argument("--child", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.child:
        arguments.tokens = int(arguments.tokens)
        child(arguments.child, arguments)
        return
    facts = surroundings(arguments.threads, "torch", "transformers")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if arguments.check:
            result = check(arguments, folder)
            say(result | facts)
            sys.exit(not result["agrees"])
        tokens = [int(count) for count in arguments.tokens.split(",")]
        lines = [measure(arguments, count, folder) for count in tokens]
        for line in lines:
            say(line | facts)
        if len(lines) > 1:
            ours = slope(tokens, [line["cotrace"]["cpu_seconds"] for line in lines])
            theirs = slope(tokens, [line["composition"]["extrapolated"]["cpu_seconds"] for line in lines])
            say(dict(bench="chain-of-thought attribution", slope=dict(cotrace=ours, composition=theirs)))


if __name__ == "__main__":
    main()
