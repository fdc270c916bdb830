"""Writes Parquet files with the columns of published data sets and made-up rows, as pyarrow writes them.

    python -m venv venv && venv/bin/pip install -r requirements.txt && venv/bin/python make_files.py

The same rows go into FILE.jsonl beside each: what a reader should find.
"""

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

HERE = Path(__file__).parent

TEXT = pa.string()
NAMES = pa.struct([("subject", TEXT), ("indirect_object", TEXT), ("random_c", TEXT)])
FLIPPED = pa.struct([("prompt", TEXT), ("metadata", NAMES)])
CHOICES = pa.struct([("label", pa.list_(TEXT)), ("text", pa.list_(TEXT))])
QUESTION = pa.struct([("prompt", TEXT), ("choices", CHOICES), ("answerKey", pa.int64())])
SUM = pa.struct([("prompt", TEXT), ("label", TEXT)])


def ioi(subject, other, third):
    def sentence(giver):
        return f"When {other} and {subject} got a pen at the school, {giver} gave it to"

    names = {"subject": subject, "indirect_object": other, "random_c": third}
    return {
        "prompt": sentence(subject),
        "metadata": names,
        "s2_io_flip_counterfactual": {"prompt": sentence(other), "metadata": names},
        "abc_counterfactual": {"prompt": sentence(third), "metadata": names},
    }


def choice(colour, key, letters):
    def side(labels):
        lines = "\n".join(f"{label}. {text}" for label, text in zip(labels, ["red", "blue", colour, "black"]))
        return {
            "prompt": f"Question: The box is {colour}. What colour is the box?\n{lines}\nAnswer:",
            "choices": {"label": list(labels), "text": ["red", "blue", colour, "black"]},
            "answerKey": key,
        }

    return side("ABCD") | {"symbol_counterfactual": side(letters)}


def total(a, b, c):
    return {
        "prompt": f"The sum of {a} and {b} is",
        "label": str(a + b),
        "operator": "+",
        "random_counterfactual": None if c is None else {"prompt": f"The sum of {a} and {c} is", "label": str(a + c)},
    }


def gsm(i):
    return {"question": f"Tom has {i} boxes of 1000 pens. How many pens?", "answer": f"{i} * 1000 = <<{i}*1000={i * 1000}>>{i * 1000}\n#### {i},000"}


FILES = {
    # name: (columns, rows, how pyarrow should write them)
    "ioi": (
        [("prompt", TEXT), ("metadata", NAMES), ("s2_io_flip_counterfactual", FLIPPED), ("abc_counterfactual", FLIPPED)],
        [ioi("Anna", "Ben", "Carl"), ioi("Zoë", "Мария", "李")],
        {"compression": "snappy"},
    ),
    "mcqa": (
        [("prompt", TEXT), ("choices", CHOICES), ("answerKey", pa.int64()), ("symbol_counterfactual", QUESTION)],
        [choice("green", 2, "QRST"), choice("white", 2, "WXYZ")],
        {"compression": "zstd", "data_page_version": "2.0"},
    ),
    "arithmetic": (
        [("prompt", TEXT), ("label", TEXT), ("operator", TEXT), ("random_counterfactual", SUM)],
        [total(4, 3, 5), total(7, 1, None), total(2, 2, 6)],
        {"compression": "gzip", "use_dictionary": False},
    ),
    "gsm8k": (
        [("question", TEXT), ("answer", TEXT)],
        [gsm(i) for i in range(1, 61)],
        {"compression": "snappy", "row_group_size": 25, "data_page_size": 256, "write_batch_size": 10, "write_page_index": True},
    ),
    "pairs": (
        [("clean", TEXT), ("corrupted", TEXT), ("answer", TEXT), ("wrong_ids", pa.list_(pa.int32())), ("id", pa.int64())],
        [
            {"clean": "one 1", "corrupted": "one 2", "answer": "1", "wrong_ids": None, "id": 7},
            {"clean": "two 2", "corrupted": "two 3", "answer": None, "wrong_ids": [4, 5], "id": 8},
        ],
        {"compression": "none", "data_page_version": "2.0", "version": "1.0"},
    ),
    "snappy2": (
        [("clean", TEXT), ("corrupted", TEXT)],
        [{"clean": f"all the same {i % 3}", "corrupted": f"all the same {i % 5}"} for i in range(50)],
        {"compression": "snappy", "data_page_version": "2.0", "use_dictionary": False},
    ),
}

for name, (columns, rows, how) in FILES.items():
    pq.write_table(pa.Table.from_pylist(rows, pa.schema(columns)), HERE / f"{name}.parquet", **how)
    lines = [json.dumps(row, ensure_ascii=False) for row in pq.read_table(HERE / f"{name}.parquet").to_pylist()]
    (HERE / f"{name}.jsonl").write_text("\n".join(lines) + "\n")
