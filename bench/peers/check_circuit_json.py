"""Opens a circuit.json with EAP-IG's own Graph.from_json and says whether EAP-IG sees in it what was written.

    python bench/peers/check_circuit_json.py path/to/EAP-IG runs/NAME/circuit.json [--scores FILE]

The first argument is your own checkout of hannamw/EAP-IG (read here: commit 795f560), of which only src/eap/graph.py is used.
Scores are compared with the tensor `scores` of scores.safetensors beside the circuit, if there is one. Needs torch, numpy,
einops and safetensors; neither transformer_lens nor a GPU. Exit status 1 when a check fails.
"""

import argparse
import importlib
import json
import sys
import types
from pathlib import Path

import torch
from safetensors import safe_open


def load_graph_class(checkout):
    """EAP-IG's Graph class, without what graph.py imports for models (transformer_lens) and pictures (matplotlib)."""
    package = Path(checkout) / "src" / "eap"
    if not (package / "graph.py").is_file():
        sys.exit(f"expected a checkout of hannamw/EAP-IG with src/eap/graph.py, found none in {checkout}")
    stand_ins = {
        "transformer_lens": ("HookedTransformer", "HookedTransformerConfig"),
        "eap": (),
        "eap.visualization": ("get_color", "generate_random_color"),
    }
    for name, attributes in stand_ins.items():
        sys.modules[name] = types.ModuleType(name)
        for attribute in attributes:
            setattr(sys.modules[name], attribute, type(attribute, (), {}))
    sys.modules["eap"].__path__ = [str(package)]
    return importlib.import_module("eap.graph").Graph


def differences(what, written, known):
    """Sentences on names that the file lacks or EAP-IG does not know."""
    for title, names in (
        ("missing from the file", known.keys() - written.keys()),
        ("unknown to EAP-IG", written.keys() - known.keys()),
    ):
        if names:
            yield f"{what} {title}: {len(names)}, for example {min(names)}"


def incomplete(edges):
    bare = [name for name, entry in edges.items() if not entry.keys() >= {"score", "in_graph"}]
    if bare:
        yield f"edges without score or in_graph, which from_json needs: {len(bare)}, for example {bare[0]}"


def check_membership(written, graph):
    for what, entries, known in (("nodes", written["nodes"], graph.nodes), ("edges", written["edges"], graph.edges)):
        wrong = [name for name, entry in entries.items() if bool(known[name].in_graph) != entry["in_graph"]]
        if wrong:
            yield f"{what} in the circuit for one side only: {len(wrong)}, for example {wrong[0]}"
    before = graph.in_graph.clone()
    graph.prune()
    removed = int((before & ~graph.in_graph).sum())
    if removed:
        yield f"edges that EAP-IG's prune() removes, since they lie on no path from input to logits: {removed}"


def check_scores(file, graph):
    with safe_open(file, "pt") as tensors:
        expected = tensors.get_tensor("scores")
    if expected.shape != graph.scores.shape:
        yield f"scores have shape {list(expected.shape)}, EAP-IG's {list(graph.scores.shape)}"
        return
    # EAP-IG keeps scores in float32, so a score agrees when it rounds to the same float.
    wrong = (graph.scores != expected.float()).nonzero().tolist()
    if wrong:
        source, target = wrong[0]
        yield (
            f"scores that differ: {len(wrong)}, the first in row {source}, column {target}:"
            f" {graph.scores[source, target].item()} in the circuit, {expected[source, target].item()} in {file.name}"
        )
    stray = int((expected.bool() & ~graph.real_edge_mask).sum())
    if stray:
        yield f"cells of the score matrix with a score but no edge: {stray}"


def check(graph_class, circuit, scores):
    written = json.loads(circuit.read_text())
    missing = [key for key in ("n_layers", "n_heads", "parallel_attn_mlp", "d_model") if key not in written.get("cfg", {})]
    if missing:
        return [f"cfg lacks {', '.join(missing)}"]
    known = graph_class.from_model(written["cfg"])
    failures = [
        *differences("nodes", written["nodes"], known.nodes),
        *differences("edges", written["edges"], known.edges),
        *incomplete(written["edges"]),
    ]
    if failures:
        return failures
    if list(written["edges"]) != list(known.edges) or list(written["nodes"]) != list(known.nodes):
        failures.append("names are not in EAP-IG's order")
    graph = graph_class.from_json(str(circuit))
    print(
        f"{circuit}: {len(graph.nodes)} nodes, {len(graph.edges)} edges,"
        f" {graph.count_included_nodes()} and {graph.count_included_edges()} of them in the circuit"
    )
    failures += check_membership(written, graph)
    if scores is None:
        print("no scores to compare with")
    else:
        failures += check_scores(scores, graph)
    return failures


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checkout", type=Path, help="a checkout of hannamw/EAP-IG")
    parser.add_argument("circuit", type=Path, help="a circuit.json")
    parser.add_argument("--scores", type=Path, help="default: scores.safetensors beside the circuit, if there")
    arguments = parser.parse_args()
    beside = arguments.circuit.with_name("scores.safetensors")
    scores = arguments.scores or (beside if beside.exists() else None)
    failures = check(load_graph_class(arguments.checkout), arguments.circuit, scores)
    for failure in failures:
        print(f"FAILED: {failure}")
    print("EAP-IG cannot use this circuit as it is" if failures else "EAP-IG reads the circuit as it was written")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
