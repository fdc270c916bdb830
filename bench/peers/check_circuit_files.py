"""Opens what `cotrace export` wrote with the programs it was written for, and says whether they see in it what a run found.

    ./cotrace export runs/NAME --format pt --out exports/circuit.pt      # and so on for other formats
    python bench/peers/check_circuit_files.py path/to/EAP-IG runs/NAME exports [--neuronpedia-schema FILE]

The first argument is your own checkout of hannamw/EAP-IG (read here: commit 795f560), of which only src/eap/graph.py is used.
Every file of the folder is checked by its ending: `.pt` with torch.load(weights_only=True) and Graph.from_pt, `.json` with
Graph.from_json, `.graphml` with networkx, `.csv` with Python's csv, `.neuronpedia.json` against the schema, if you give your own
copy of Neuronpedia's graph-schema.json (needs jsonschema). Folders are submissions to MIB. Exit status 1 when a check fails.
"""

import argparse
import csv
import json
import sys
from pathlib import Path

import networkx
import torch
from safetensors import safe_open

from check_circuit_json import load_graph_class


class Run:
    """What the run directory holds, as EAP-IG's Graph and as a matrix."""

    def __init__(self, graph_class, folder):
        self.graph = graph_class.from_json(str(folder / "circuit.json"))
        with safe_open(folder / "scores.safetensors", "pt") as tensors:
            self.scores = tensors.get_tensor("scores")
            self.errors = tensors.get_tensor("stderr")
            means = tensors.metadata()
        self.raises = float(means["J1"]) >= float(means["J0"])

    def edges(self, only_circuit):
        return {name for name, edge in self.graph.edges.items() if bool(edge.in_graph) or not only_circuit}

    def score(self, name):
        return self.scores[self.graph.edges[name].matrix_index].item()


def compare(graph, run, sign=1.0):
    """Sentences on where `graph` differs from the run's."""
    if list(graph.edges) != list(run.graph.edges):
        yield "its edges are not the model's"
        return
    if not torch.equal(graph.scores, sign * run.scores):
        yield f"scores differ, at most by {(graph.scores - sign * run.scores).abs().max().item()}"
    if not torch.equal(graph.in_graph, run.graph.in_graph):
        yield "another set of edges is in the circuit"
    if not torch.equal(graph.nodes_in_graph, run.graph.nodes_in_graph):
        yield "another set of nodes is in the circuit"


def check_pt(graph_class, file, run):
    values = torch.load(file, weights_only=True)
    if values["src_nodes"] != [name for name in run.graph.nodes if name != "logits"]:
        yield "src_nodes are not EAP-IG's"
    if values["dst_nodes"] != run.graph.get_dst_nodes():
        yield "dst_nodes are not EAP-IG's"
    yield from compare(graph_class.from_pt(str(file)), run)


def check_graph_ml(file, run):
    graph = networkx.read_graphml(file, force_multigraph=True)
    if set(graph.nodes) != set(run.graph.nodes):
        yield "its nodes are not the model's"
    keys = {key: data for _, _, key, data in graph.edges(keys=True, data=True)}
    if set(keys) != run.edges(only_circuit=True):
        yield f"it has {len(keys)} edges, the circuit has {len(run.edges(only_circuit=True))}"
    for name, data in keys.items():
        if torch.tensor(data["score"]).item() != run.score(name):
            yield f"{name} has the score {data['score']}, in the run {run.score(name)}"


def check_csv(file, run):
    with open(file, newline="") as lines:
        rows = {row["edge"]: row for row in csv.DictReader(lines)}
    if set(rows) != run.edges(only_circuit=False):
        yield f"it has {len(rows)} edges, the model has {len(run.graph.edges)}"
    for name, row in rows.items():
        if torch.tensor(float(row["score"])).item() != run.score(name):
            yield f"{name} has the score {row['score']}, in the run {run.score(name)}"
        if (row["in_circuit"] == "true") != bool(run.graph.edges[name].in_graph):
            yield f"{name} is in the circuit for one side only"


def check_attribution_graph(file, run, schema):
    graph = json.loads(file.read_text())
    if schema is None:
        print(f"{file}: give --neuronpedia-schema to have it checked against the schema")
    else:
        import jsonschema

        for error in jsonschema.Draft7Validator(json.loads(schema.read_text())).iter_errors(graph):
            yield f"at {'/'.join(map(str, error.path))}: {error.message[:200]}"
    ids = {node["node_id"] for node in graph["nodes"]}
    if any(link[end] not in ids for link in graph["links"] for end in ("source", "target")):
        yield "a link leads to no node"
    edges = {edge for link in graph["links"] for edge in link["edges"]}
    if not edges <= run.edges(only_circuit=True):
        yield "it has edges that are not in the circuit"


def check_submission(graph_class, folder, run):
    files = [file for file in folder.iterdir() if file.suffix in (".json", ".pt")]
    graphs = {
        file.stem: graph_class.from_pt(str(file)) if file.suffix == ".pt" else graph_class.from_json(str(file))
        for file in files
    }
    if set(graphs) == {"importances"}:
        yield from compare(graphs["importances"], run, 1.0 if run.raises else -1.0)
        return
    if len(graphs) != 9:
        yield f"it has {len(graphs)} files, expected importances or nine circuits"
    for percent, graph in graphs.items():
        size, most = graph.count_included_edges(), float(percent) / 100 * len(graph.edges)
        if size > most:
            yield f"{percent} has {size} edges, at most {most} are allowed"
        before = graph.in_graph.clone()
        graph.prune()
        if not torch.equal(before, graph.in_graph):
            yield f"EAP-IG's prune() removes edges of {percent}"


def failures(graph_class, path, run, schema):
    if path.is_dir():
        for cell in filter(Path.is_dir, path.iterdir()):
            yield from check_submission(graph_class, cell, run)
    elif path.suffix == ".pt":
        yield from check_pt(graph_class, path, run)
    elif path.name.endswith(".neuronpedia.json"):
        yield from check_attribution_graph(path, run, schema)
    elif path.suffix == ".json":
        yield from compare(graph_class.from_json(str(path)), run)
    elif path.suffix == ".graphml":
        yield from check_graph_ml(path, run)
    elif path.suffix == ".csv":
        yield from check_csv(path, run)
    else:
        yield "no program here opens it: keep it elsewhere"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checkout", type=Path, help="a checkout of hannamw/EAP-IG")
    parser.add_argument("run", type=Path, help="the run directory")
    parser.add_argument("exports", type=Path, help="a folder of files and submissions exported from it")
    parser.add_argument("--neuronpedia-schema", type=Path, help="your copy of graph-schema.json")
    arguments = parser.parse_args()
    graph_class = load_graph_class(arguments.checkout)
    run = Run(graph_class, arguments.run)
    failed = False
    for path in sorted(arguments.exports.iterdir()):
        found = list(failures(graph_class, path, run, arguments.neuronpedia_schema))
        print(f"{path}: {'FAILED' if found else 'as the run has it'}")
        for failure in found[:10]:
            print(f"  {failure}")
        failed = failed or bool(found)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
