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
import importlib
import json
import random
import sys
import tempfile
import time
import types
import warnings
from pathlib import Path

from measuring import Cost, columns, discover, note, ratios, run, say, surroundings
from weights import SHAPES, checkpoint

LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"  # One token each, `A` is 1.
METHODS = {"eap": "EAP", "eap-ig-inputs": "EAP-IG-inputs"}


def make_pairs(count: int, tokens: int) -> list[dict]:
    """Pairs as Cotrace reads them; every prompt begins with the special token, as TransformerLens puts it there."""
    draws = random.Random(1)
    prompt = lambda: [0, *(draws.randrange(1, len(LETTERS) + 1) for _ in range(tokens - 1))]
    answers = lambda: draws.sample(range(1, len(LETTERS) + 1), 2)
    pairs = ((prompt(), prompt(), answers()) for _ in range(count))
    return [dict(clean_ids=c, corrupted_ids=d, answer_ids=a[:1], wrong_ids=a[1:]) for c, d, a in pairs]


def hooked_transformer(folder: Path):
    """The checkpoint as a HookedTransformer, its weights as they are in the file."""
    import torch
    from transformer_lens import HookedTransformer, HookedTransformerConfig
    from transformer_lens.pretrained.weight_conversions import convert_gpt2_weights
    from transformers import AutoModelForCausalLM, AutoTokenizer
    from transformers.utils import logging

    logging.disable_progress_bar()
    warnings.simplefilter("ignore", DeprecationWarning)
    source = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)
    config = source.config
    tokenizer = AutoTokenizer.from_pretrained(folder)
    tokenizer.pad_token = tokenizer.eos_token = tokenizer.bos_token
    model = HookedTransformer(
        HookedTransformerConfig(
            n_layers=config.n_layer, d_model=config.n_embd, n_heads=config.n_head, n_ctx=config.n_positions,
            d_head=config.n_embd // config.n_head, d_vocab=config.vocab_size, act_fn="gelu_new", normalization_type="LN",
            eps=config.layer_norm_epsilon, device="cpu", use_attn_result=True, use_split_qkv_input=True,
            use_hook_mlp_in=True,
        ),
        tokenizer,
    )
    weights = convert_gpt2_weights(source, model.cfg)
    model.load_and_process_state_dict(
        weights, fold_ln=False, center_writing_weights=False, center_unembed=False, fold_value_biases=False
    )
    ids = torch.arange(8)[None]
    off = float((model(ids) - source(ids).logits).abs().max().detach())
    if off > 1e-3:
        sys.exit(f"expected the logits of transformers from the HookedTransformer, but they are off by {off}")
    return model


def eap_modules(eap_ig: Path) -> tuple:
    """EAP-IG's modules `graph` and `attribute`, without the pictures, and on the CPU."""
    import torch

    sys.path.insert(0, str(eap_ig / "src"))
    pictures = types.ModuleType("eap.visualization")
    pictures.get_color = pictures.generate_random_color = None
    sys.modules["eap.visualization"] = pictures
    zeros = torch.zeros
    torch.zeros = lambda *sizes, device=None, **rest: zeros(*sizes, device="cpu" if device == "cuda" else device, **rest)
    return importlib.import_module("eap.graph"), importlib.import_module("eap.attribute")


def attribute(arguments: argparse.Namespace, file: Path, out: Path) -> None:
    """The other side: scores of the pairs of FILE to OUT, and on standard output its seconds and processor seconds."""
    import torch
    from safetensors.torch import save_file

    torch.set_num_threads(arguments.threads)
    graph_module, attribute_module = eap_modules(arguments.eap_ig)
    model = hooked_transformer(checkpoint(arguments.shape))
    pairs = [json.loads(line) for line in file.read_text().splitlines()]
    text = lambda ids: "".join(LETTERS[id - 1] for id in ids[1:])  # The special token is put in front.
    assert model.to_tokens([text(pair["clean_ids"]) for pair in pairs]).tolist() == [p["clean_ids"] for p in pairs]
    batches = [
        ([text(p["clean_ids"]) for p in some], [text(p["corrupted_ids"]) for p in some],
         torch.tensor([p["answer_ids"] + p["wrong_ids"] for p in some]))
        for some in (pairs[i : i + arguments.batch] for i in range(0, len(pairs), arguments.batch))
    ]

    def loss(logits, clean_logits, lengths, labels):
        last = logits[torch.arange(len(lengths)), lengths - 1]
        answer, wrong = last.gather(1, labels).unbind(1)
        return (wrong - answer).sum()

    graph = graph_module.Graph.from_model(model)
    start, cpu = time.perf_counter(), time.process_time()
    attribute_module.attribute(
        model, graph, batches, loss, METHODS[arguments.method], ig_steps=arguments.points, quiet=True
    )
    print(json.dumps([time.perf_counter() - start, time.process_time() - cpu]))
    save_file({"scores": graph.scores, "edges": graph.real_edge_mask}, out)


def ours(arguments: argparse.Namespace, file: Path, out: Path) -> tuple[Cost, Cost]:
    inputs = dict(method=arguments.method, points=arguments.points)
    return discover(
        arguments.threads, model=checkpoint(arguments.shape), task=file, objective="logit-diff", max_new_tokens=0,
        batch_rows=arguments.batch, out=out, **(dict(quadrature="eap") if arguments.method == "eap" else inputs),
    )


def agreement(theirs: Path, mine: Path) -> dict:
    """How all edges' scores agree; errors are relative to the largest score."""
    import torch
    from safetensors.torch import load_file

    expected = load_file(theirs)
    edges = expected["edges"]
    a, b = expected["scores"].double(), load_file(mine)["scores"].double()
    largest = float(a.abs().max())
    stray = int((b[~edges] != 0).sum())
    a, b = a[edges], b[edges]
    top = lambda x: set(x.abs().topk(min(200, len(x))).indices.tolist())
    return dict(
        edges=len(a), scores_without_edge=stray, largest_score=largest,
        correlation=float(torch.corrcoef(torch.stack([a, b]))[0, 1]),
        max_error_over_largest=float((a - b).abs().max()) / largest,
        median_relative_error=float(((a - b).abs() / a.abs().clamp_min(1e-30)).median()),
        top_200_in_common=len(top(a) & top(b)),
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
    result |= dict(points=arguments.points if arguments.method == "eap-ig-inputs" else 1)
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
        attribute(arguments, *arguments.child)
        return
    facts = surroundings(arguments.threads, "torch", "transformer_lens", "transformers")
    with tempfile.TemporaryDirectory() as folder:
        say(measure(arguments, Path(folder)) | facts)


if __name__ == "__main__":
    main()
