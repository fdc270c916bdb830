"""Circuits that `cotrace select` chooses from random scores against those of EAP-IG's own Graph, edge by edge.

    .venv/bin/python selection.py --eap-ig CHECKOUT [--seeds 2]

CHECKOUT is your own checkout of hannamw/EAP-IG (read here: commit 795f560), of which only src/eap/graph.py is used: no
model is needed. Scores are distinct: EAP-IG leaves open which of two equal ones comes first. Both sides prune.
One JSON line for each graph, seed, rule, ranking and size; exit status 1 when any circuit differs.
"""

import argparse
import itertools
import json
import subprocess
import sys
import tempfile
from pathlib import Path

import torch
from safetensors.torch import save_file

from check_circuit_json import load_graph_class
from measuring import COTRACE, note

GRAPHS = [(2, 3, False), (3, 2, True), (12, 12, False)]  # layers, heads, blocks side by side
NUMBERS = ("J0", "J1", "gap", "scores_sum", "direct_sum", "through_cot_sum")


def random_graph(graph_class, shape: tuple, seed: int):
    layers, heads, parallel = shape
    graph = graph_class.from_model(dict(n_layers=layers, n_heads=heads, parallel_attn_mlp=parallel, d_model=8))
    count = int(graph.real_edge_mask.sum())
    generator = torch.Generator().manual_seed(seed)
    signs = torch.randint(2, (count,), generator=generator) * 2 - 1
    graph.scores[graph.real_edge_mask] = signs * (torch.randperm(count, generator=generator) + 1) / 1024
    return graph


def write_run(folder: Path, graph) -> None:
    """A run directory with the scores of GRAPH, with J(1) above J(0): signed scores are as they are."""
    tensors = {name: graph.scores.clone() for name in ("scores", "direct", "through_cot")}
    tensors |= {name: torch.ones_like(graph.scores) for name in ("stderr", "direct_stderr", "through_cot_stderr")}
    metadata = {name + error: "0" for name in NUMBERS for error in ("", "_stderr")} | dict(J1="1")
    metadata |= {name: str(graph.cfg[name]).lower() for name in ("n_layers", "n_heads", "parallel_attn_mlp")}
    save_file(tensors, folder / "scores.safetensors", metadata | dict(clusters="8", points="1", sampled_tokens="0"))
    graph.reset()
    graph.to_json(str(folder / "circuit.json"))
    (folder / "spec.yaml").write_text("model: none\ntask: none\n")
    for name in ("provenance.json", "metrics.json"):
        (folder / name).write_text("{}")


def ours(run: Path, rule: str, ranking: str, size: int) -> set[str]:
    out = run / "selected.json"
    out.unlink(missing_ok=True)
    command = [COTRACE, "select", run, "--select", rule, "--ranking", ranking, "--top", str(size), "--out", out]
    subprocess.run([str(part) for part in command], check=True, stdout=subprocess.DEVNULL)
    return {name for name, edge in json.loads(out.read_text())["edges"].items() if edge["in_graph"]}


def theirs(graph, rule: str, ranking: str, size: int) -> set[str]:
    absolute = ranking == "absolute"
    kind, _, threshold = rule.partition("=")
    if kind == "threshold":
        graph.apply_threshold(float(threshold), absolute=absolute)
    elif kind == "greedy":
        graph.apply_greedy(size, absolute=absolute)
    else:
        graph.apply_topn(size, absolute=absolute)
    return {name for name, edge in graph.edges.items() if edge.in_graph}


def compare(graph_class, shape: tuple, seed: int, folder: Path) -> int:
    graph = random_graph(graph_class, shape, seed)
    write_run(folder, graph)
    edges = len(graph.edges)
    differing = 0
    cases = itertools.product((0.02, 0.1, 0.5), ("absolute", "signed"), ("top", "greedy", "threshold"))
    for share, ranking, kind in cases:
        size = max(1, round(share * edges))
        rule = f"threshold={(edges - size + 1) / 1024}" if kind == "threshold" else kind
        a, b = ours(folder, rule, ranking, size), theirs(graph, rule, ranking, size)
        differing += a != b
        line = dict(graph=shape, graph_edges=edges, seed=seed, rule=rule, ranking=ranking, size=size)
        print(json.dumps(line | dict(cotrace=len(a), eap_ig=len(b), differ=len(a ^ b))), flush=True)
    return differing


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--eap-ig", type=Path, required=True, metavar="CHECKOUT", help="a checkout of hannamw/EAP-IG")
    parser.add_argument("--seeds", type=int, default=2, help="random scores of each graph")
    arguments = parser.parse_args()
    graph_class = load_graph_class(arguments.eap_ig)
    differing = 0
    for shape, seed in itertools.product(GRAPHS, range(arguments.seeds)):
        with tempfile.TemporaryDirectory() as folder:
            differing += compare(graph_class, shape, seed, Path(folder))
    note("every circuit is the same" if not differing else f"{differing} circuits differ")
    return 1 if differing else 0


if __name__ == "__main__":
    sys.exit(main())
