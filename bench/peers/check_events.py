"""Reads with TensorBoard what `cotrace export --format tensorboard` wrote, and says whether its last numbers are those of the run.

    ./cotrace export runs/NAME --format tensorboard
    python bench/peers/check_events.py runs/NAME runs/NAME.tensorboard

Needs tensorboard (tried with 2.21.0). TensorBoard checks the checksum of every record. Exit status 1 when a check fails.
"""

import json
import math
import sys
from pathlib import Path

from tensorboard.backend.event_processing.event_accumulator import EventAccumulator


def same(event, expected):
    return math.isclose(event.value, expected, rel_tol=1e-6, abs_tol=1e-12)


def check_last(events, tag, expected):
    """Sentences on where the last value and error of `tag` are not those of `expected`, a number in a file of the run."""
    for name in ("value", "stderr"):
        last = events.Scalars(f"{tag}/{name}")[-1]
        if expected[name] is not None and not same(last, expected[name]):
            yield f"{tag}/{name} ends with {last.value}, the run has {expected[name]}"


def check_sweep(events, evaluation):
    points = {event.step: event for event in events.Scalars("faithfulness/value")}
    for row in evaluation["circuits"]:
        circuit = row["circuit"]
        if not same(points[circuit["edges"]], circuit["faithfulness"]["value"]):
            yield f"a circuit of {circuit['edges']} edges has another faithfulness in the run"


def failures(run, folder):
    series = {path.name: EventAccumulator(str(path), {"scalars": 0}).Reload() for path in folder.iterdir()}
    metrics = json.loads((run / "metrics.json").read_text())
    yield from check_last(series["J1-clean"], "J", metrics["J1"])
    yield from check_last(series["J0-corrupted"], "J", metrics["J0"])
    gates = [name for name in series if name.startswith("gate-")]
    if len(gates) != metrics["points"]:
        print(f"{len(gates)} series of gates, {metrics['points']} gate values in the run")
    evaluation = run / "evaluation" / "evaluation.json"
    if evaluation.exists():
        yield from check_sweep(series["circuits-by-score"], json.loads(evaluation.read_text()))
    text = series["run"].Tensors("spec.yaml")[0].tensor_proto.string_val[0].decode()
    if "".join(text.split()) != "".join((run / "spec.yaml").read_text().split()):
        yield "the text is not spec.yaml"


if __name__ == "__main__":
    found = list(failures(Path(sys.argv[1]), Path(sys.argv[2])))
    print("\n".join(found) if found else f"{sys.argv[2]}: as the run has it")
    sys.exit(1 if found else 0)
