"""(h) Attribution on one pass: Cotrace against hannamw/EAP-IG on TransformerLens, every edge compared.

    .venv/bin/python eap_ig.py --eap-ig CHECKOUT [--method eap-ig-inputs] [--points 5] [--pairs 32] [--prompt 32]

CHECKOUT is your own checkout of hannamw/EAP-IG (read here: commit 795f560). Its device 'cuda' is replaced as it runs.
Both sides score the logit difference of random prompts on the same weights in float32: for eap-ig-inputs the gradient at
inputs mixed at 0, 1/5 … 4/5, for eap that at the clean inputs. Scores are means over pairs, positive where the clean
value raises the difference (EAP-IG is given its negative, as a loss). Processes take turns; the fastest of each counts.
One JSON line: seconds of the attribution itself and of the process, peak memory, and how the scores agree. `ratio` is
EAP-IG's seconds over Cotrace's. With --only-peer Cotrace is left out.
"""

import argparse
import json
import sys
import tempfile
from pathlib import Path

from eap_peer import METHODS, agreement, attribute, make_pairs
from measuring import Cost, columns, discover, note, ratios, run, say, surroundings
from weights import SHAPES, checkpoint


def ours(arguments: argparse.Namespace, file: Path, out: Path) -> tuple[Cost, Cost]:
    points = dict(points=arguments.points) if "ig" in arguments.method else {}
    return discover(
        arguments.threads, model=checkpoint(arguments.shape), task=file, objective="logit-diff", max_new_tokens=0,
        batch_rows=arguments.batch, out=out, method=arguments.method, **points,
    )


def measure(arguments: argparse.Namespace, folder: Path) -> dict:
    file = folder / "pairs.jsonl"
    pairs = make_pairs(arguments.pairs, arguments.prompt)
    file.write_text("".join(json.dumps(pair) + "\n" for pair in pairs))
    checkpoint(arguments.shape)
    theirs = folder / "theirs.safetensors"
    rounds: dict[str, list[tuple[Cost, Cost]]] = dict(cotrace=[], eap_ig=[])
    for turn in range(arguments.rounds):
        if not arguments.only_peer:
            out = folder / f"run{turn}"
            rounds["cotrace"].append(ours(arguments, file, out))
        lines, whole = run([sys.executable, *sys.argv, "--child", file, theirs], arguments.threads)
        rounds["eap_ig"].append((Cost(*json.loads(lines[-1][0]), whole.peak_bytes), whole))
        for name, measured in rounds.items():
            if measured:
                note(f"round {turn + 1}, {name}: {measured[-1][0].seconds:.2f} s, all {measured[-1][1].seconds:.1f} s")
    result = dict(bench="single-pass attribution", shape=arguments.shape, dtype="float32", method=arguments.method)
    result |= dict(points=arguments.points if "ig" in arguments.method else 1)
    result |= dict(pairs=arguments.pairs, prompt_tokens=arguments.prompt, batch=arguments.batch)
    for name, measured in rounds.items():
        if measured:
            own, process = zip(*measured)
            result[name] = columns(own, "seconds", "cpu_seconds") | dict(
                process=columns(process, "seconds", "cpu_seconds", "peak_bytes")
            )
    if not arguments.only_peer:
        (own, process), (peer, peer_process) = zip(*rounds["cotrace"]), zip(*rounds["eap_ig"])
        result |= ratios(peer, own) | dict(process_ratio=ratios(peer_process, process)["ratio"])
        result["agreement"] = agreement(theirs, out / "scores.safetensors")
    return result


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--eap-ig", type=lambda path: Path(path).resolve(), required=True, help="a checkout")
    parser.add_argument("--shape", choices=[name for name in SHAPES if "gpt2" in name], default="gpt2-small")
    parser.add_argument("--method", choices=METHODS, default="eap-ig-inputs")
    parser.add_argument("--points", type=int, default=5)
    parser.add_argument("--pairs", type=int, default=32)
    parser.add_argument("--prompt", type=int, default=32, help="tokens of a prompt, with the special one in front")
    parser.add_argument("--batch", type=int, default=8, help="pairs at once, of either side")
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--threads", type=int, default=2, help="of either side")
    parser.add_argument("--only-peer", action="store_true")
    parser.add_argument("--child", nargs=2, type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if not (arguments.eap_ig / "src/eap/attribute.py").is_file():
        parser.error(f"--eap-ig: expected a checkout with src/eap/attribute.py, found none in {arguments.eap_ig}")
    if arguments.child:
        attribute(
            arguments.eap_ig, arguments.shape, arguments.method, arguments.points, "logit-diff", arguments.batch,
            arguments.threads, *arguments.child,
        )
        return
    facts = surroundings(arguments.threads, "torch", "transformer_lens", "transformers")
    with tempfile.TemporaryDirectory() as folder:
        say(measure(arguments, Path(folder)) | facts)


if __name__ == "__main__":
    main()
