"""Single-pass scores of every method, edge by edge: Cotrace against hannamw/EAP-IG, in float64 on small models.

    .venv/bin/python parity.py --eap-ig CHECKOUT [--shape tiny-llama,…] [--method eap,…] [--objective logit-diff,…]
        [--intervention patching,zero,mean,mean-positional]

CHECKOUT is your own checkout of hannamw/EAP-IG (read here: commit 795f560). Shapes are those of GPT-2, of Pythia (blocks side
by side) and of a llama with grouped queries, 3 layers of 4 heads, random weights; 4 random pairs of 8 tokens. Prints a
line of a Markdown table for each comparison and ends with 1 when any misses correlation 0.9999 or relative error 1e-3.
"""

import argparse
import json
import sys
import tempfile
from pathlib import Path

from eap_peer import METHODS, OBJECTIVES, agreement, attribute, make_pairs
from measuring import COTRACE, note, run
from weights import checkpoint

SHAPES = ["tiny-gpt2", "tiny-pythia", "tiny-llama"]
POINTS = dict(zip(METHODS, [1, 5, 5, 2, 1]))
PAIRS, TOKENS, THREADS = 4, 8, 1
LEFT_OUT = {
    ("eap", "answer-kl"): "the divergence has no slope where nothing is corrupted",
    ("exact", "answer-kl"): "EAP-IG gives the metric no clean logits there",
}


def compare(eap_ig: Path, shape: str, method: str, objective: str, intervention: str) -> dict:
    with tempfile.TemporaryDirectory() as folder:
        file, theirs, mine = (Path(folder) / name for name in ("pairs.jsonl", "theirs.safetensors", "run"))
        file.write_text("".join(json.dumps(pair) + "\n" for pair in make_pairs(PAIRS, TOKENS)))
        same = ["--model", checkpoint(shape), "--task", file, "--dtype", "float64", "--threads", THREADS]
        words = [COTRACE, "discover", *same, "--objective", objective, "--method", method, "--max-new-tokens", 0]
        words += [] if intervention == "patching" else ["--corruption", intervention]
        if intervention.startswith("mean"):
            means = Path(folder) / "means.safetensors"
            run([COTRACE, "means", *same, "--out", means], THREADS)
            words += ["--means", means]
        run([*words, "--out", mine], THREADS)
        child = [sys.executable, __file__, "--eap-ig", eap_ig, "--child", shape, method, objective, intervention]
        run([*child, file, theirs], THREADS)
        return agreement(theirs, mine / "scores.safetensors")


def child(eap_ig: Path, shape: str, method: str, objective: str, intervention: str, file: str, out: str) -> None:
    attribute(
        eap_ig, shape, method, POINTS[method], objective, PAIRS, THREADS, Path(file), Path(out), "float64", intervention
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--eap-ig", type=lambda path: Path(path).resolve(), required=True, help="a checkout")
    listed = lambda text: text.split(",")
    parser.add_argument("--shape", type=listed, default=SHAPES)
    parser.add_argument("--method", type=listed, default=list(METHODS))
    parser.add_argument("--objective", type=listed, default=OBJECTIVES)
    parser.add_argument("--intervention", type=listed, default=["patching"])
    parser.add_argument("--child", nargs=6, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.child:
        child(arguments.eap_ig, *arguments.child)
        return
    agree = True
    print("| shape | method | objective | intervention | edges | correlation | largest relative error | largest error over largest score |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- |")
    for shape in arguments.shape:
        for method in arguments.method:
            for objective in arguments.objective:
                for intervention in arguments.intervention:
                    if (method, objective) in LEFT_OUT:
                        note(f"{shape}, {method}, {objective}: {LEFT_OUT[method, objective]}, left out")
                        continue
                    found = compare(arguments.eap_ig, shape, method, objective, intervention)
                    agree &= found["correlation"] >= 0.9999 and found["max_relative_error"] <= 1e-3
                    agree &= found["scores_without_edge"] == 0
                    print(
                        f"| {shape} | {method} | {objective} | {intervention} | {found['edges']} |"
                        f" {found['correlation']:.8f} | {found['max_relative_error']:.1e} |"
                        f" {found['max_error_over_largest']:.1e} |",
                        flush=True,
                    )
    sys.exit(0 if agree else 1)


if __name__ == "__main__":
    main()
