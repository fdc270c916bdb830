"""Scores of nodes, and of the coordinates of what they write: Cotrace against hannamw/EAP-IG's attribute_node.

    .venv/bin/python nodes.py --eap-ig CHECKOUT [--shape tiny-llama,…] [--as-is]

CHECKOUT is your own checkout of hannamw/EAP-IG (read here: commit 795f560). Models, pairs and precision are those of
parity.py; methods are eap, of nodes and of coordinates (EAP-IG's neurons), and exact, of nodes. EAP-IG takes the gradient
of an MLP where the MLP reads and its difference where it writes; this program takes both where it writes, but for --as-is. Prints a line of a Markdown table for each comparison and ends with 1 when any misses relative error 1e-3.
"""

import argparse
import importlib
import json
import sys
import tempfile
from pathlib import Path

from eap_peer import LETTERS, METHODS, hooked_transformer, losses, make_pairs, modules
from measuring import COTRACE, run
from parity import PAIRS, SHAPES, THREADS, TOKENS
from weights import checkpoint

CASES = [("eap", "node"), ("eap", "residual-dim"), ("exact", "node")]


def theirs(eap_ig: Path, shape: str, method: str, level: str, as_is: bool, file: Path, out: Path) -> None:
    """EAP-IG's scores of the pairs of FILE to OUT, `[sources]` or `[sources · D]`."""
    import torch
    from safetensors.torch import save_file

    torch.set_num_threads(THREADS)
    graph_module, _ = modules(eap_ig)
    node_module = importlib.import_module("eap.attribute_node")
    model = hooked_transformer(checkpoint(shape), torch.float64)
    pairs = [json.loads(line) for line in file.read_text().splitlines()]
    text = lambda ids: "".join(LETTERS[id - 1] for id in ids[1:])  # The special token is put in front.
    batch = (
        [text(p["clean_ids"]) for p in pairs], [text(p["corrupted_ids"]) for p in pairs],
        torch.tensor([p["answer_ids"] + p["wrong_ids"] for p in pairs]),
    )
    each = losses("logit-diff")
    metric = each if method == "exact" else lambda *arguments: each(*arguments).sum()
    coordinates = level == "residual-dim"
    graph = graph_module.Graph.from_model(model, node_scores=True, neuron_level=coordinates)
    if method == "eap" and not as_is:
        for node in graph.nodes.values():
            if node.name.startswith("m"):
                node.in_hook = node.out_hook
    if method == "exact":
        scores = interventions(eap_ig, model, graph, [batch], metric)
    else:
        node_module.attribute_node(model, graph, [batch], metric, METHODS[method], quiet=True, neuron=coordinates)
        scores = graph.neurons_scores if coordinates else graph.nodes_scores
    save_file({"scores": scores.double().flatten().contiguous()}, out)


def interventions(eap_ig: Path, model, graph, batches: list, metric):
    """What the metric becomes without each node, by EAP-IG's own evaluation.

    EAP-IG's exact method does the same, but goes on from the graph that was pruned for the node before.
    """
    import torch

    evaluate = importlib.import_module("eap.evaluate")
    whole = evaluate.evaluate_baseline(model, batches, metric).mean()
    scores = []
    for name in names(graph):
        graph.in_graph |= graph.real_edge_mask
        graph.nodes_in_graph[:] = True
        for edge in graph.nodes[name].child_edges:
            edge.in_graph = False
        scores.append(evaluate.evaluate_graph(model, graph, batches, metric, quiet=True).mean() - whole)
    return torch.stack(scores)


def names(graph) -> list[str]:
    """Of the sources, in the order of rows."""
    layers, heads = graph.cfg["n_layers"], graph.cfg["n_heads"]
    return ["input", *(n for l in range(layers) for n in [*(f"a{l}.h{h}" for h in range(heads)), f"m{l}"])]


def compare(eap_ig: Path, shape: str, method: str, level: str, as_is: bool) -> tuple[int, float, float]:
    """Units, and the largest error, relative to each score and to the largest."""
    from safetensors.torch import load_file

    with tempfile.TemporaryDirectory() as folder:
        file, other, mine = (Path(folder) / name for name in ("pairs.jsonl", "theirs.safetensors", "run"))
        file.write_text("".join(json.dumps(pair) + "\n" for pair in make_pairs(PAIRS, TOKENS)))
        run(
            [COTRACE, "discover", "--model", checkpoint(shape), "--task", file, "--dtype", "float64", "--threads", THREADS,
             "--objective", "logit-diff", "--method", method, "--level", level, "--max-new-tokens", 0, "--out", mine],
            THREADS,
        )
        child = [sys.executable, __file__, "--eap-ig", eap_ig, "--child", shape, method, level, file, other]
        run(child + (["--as-is"] if as_is else []), THREADS)
        a, b = load_file(other)["scores"].double(), load_file(mine / "scores.safetensors")["scores"].double()
        assert a.shape == b.shape, (a.shape, b.shape)
        error = (a - b).abs()
        # Coordinates that hardly act have scores that are float32 dust in the file.
        acts = a.abs() > 1e-6 * a.abs().max()
        return len(a), float((error[acts] / a[acts].abs()).max()), float(error.max() / a.abs().max())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--eap-ig", type=lambda path: Path(path).resolve(), required=True, help="a checkout")
    parser.add_argument("--shape", type=lambda text: text.split(","), default=SHAPES)
    parser.add_argument("--as-is", action="store_true", help="with EAP-IG's gradients of MLPs where they read")
    parser.add_argument("--child", nargs=5, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.child:
        shape, method, level, file, out = arguments.child
        theirs(arguments.eap_ig, shape, method, level, arguments.as_is, Path(file), Path(out))
        return
    agree = True
    print("| shape | method | level | units | largest relative error | largest error over largest score |")
    print("| --- | --- | --- | --- | --- | --- |")
    for shape in arguments.shape:
        for method, level in CASES:
            units, relative, overall = compare(arguments.eap_ig, shape, method, level, arguments.as_is)
            agree &= relative <= 1e-3
            print(f"| {shape} | {method} | {level} | {units} | {relative:.1e} | {overall:.1e} |", flush=True)
    sys.exit(0 if agree else 1)


if __name__ == "__main__":
    main()
