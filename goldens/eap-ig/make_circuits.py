"""Writes engine/src/test/resources/eap-ig/circuit-2x2*.json and .pt with EAP-IG's own Graph, for an invented model.

    python goldens/eap-ig/make_circuits.py path/to/EAP-IG

The argument is a checkout of hannamw/EAP-IG. README.md has the formula of the scores and what each file holds.
"""

import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "bench" / "peers"))
from check_circuit_json import load_graph_class  # noqa: E402


def scored_graph(graph_class, parallel):
    graph = graph_class.from_model({"n_layers": 2, "n_heads": 2, "parallel_attn_mlp": parallel, "d_model": 8})
    cells = graph.n_forward * graph.n_backward
    for edge in graph.edges.values():
        source, target = edge.matrix_index
        # EAP-IG addresses the last column, logits, as -1.
        shuffled = 37 * (source * graph.n_backward + target % graph.n_backward) % cells
        edge.score = (-1) ** shuffled * (shuffled + 1) / 8
    return graph


def main():
    graph_class = load_graph_class(sys.argv[1])
    folder = ROOT / "engine" / "src" / "test" / "resources" / "eap-ig"
    folder.mkdir(parents=True, exist_ok=True)

    top = scored_graph(graph_class, parallel=False)
    top.apply_topn(16, absolute=True, prune=True)
    greedy = scored_graph(graph_class, parallel=False)
    greedy.apply_greedy(8, absolute=True, prune=True)
    parallel = scored_graph(graph_class, parallel=True)
    parallel.apply_topn(28, absolute=True, prune=True)
    for name, graph in {"": top, "-greedy": greedy, "-parallel": parallel}.items():
        graph.to_json(str(folder / f"circuit-2x2{name}.json"))
        graph.to_pt(str(folder / f"circuit-2x2{name}.pt"))
        print(name or "-top", len(graph.edges), "edges,", graph.count_included_edges(), "in the circuit")


if __name__ == "__main__":
    main()
