"""Writes quantised.json: random blocks of every quantised type with their values.

Run: pip install -r requirements.txt && python make_quantised.py
Simple types are quantised from normal random numbers; K-quants, which the package cannot
quantise, are random bytes whose scales are replaced by moderate 16-bit floats.
Values are float32 bit patterns in hexadecimal, so they compare exactly.
"""

import json
import pathlib

import gguf
import numpy as np
from gguf.constants import GGML_QUANT_SIZES, GGMLQuantizationType as Type

BLOCKS = 3
# Byte positions of the 16-bit float scales of each K-quant block.
HALVES = {Type.Q4_K: [0, 2], Type.Q5_K: [0, 2], Type.Q6_K: [208]}


def blocks(kind, random):
    elements, size = GGML_QUANT_SIZES[kind]
    if kind not in HALVES:
        return gguf.quants.quantize(
            random.normal(size=(BLOCKS, elements)).astype(np.float32), kind
        )
    data = random.integers(0, 256, size=(BLOCKS, size), dtype=np.uint8)
    for at in HALVES[kind]:
        scale = random.normal(scale=0.02, size=(BLOCKS, 1)).astype(np.float16)
        data[:, at : at + 2] = scale.view(np.uint8)
    return data


def main():
    random = np.random.default_rng(20250601)
    cases = []
    for name in "Q4_0 Q4_1 Q5_0 Q5_1 Q8_0 Q4_K Q5_K Q6_K".split():
        kind = Type[name]
        data = blocks(kind, random)
        values = gguf.quants.dequantize(data, kind).astype("<f4").reshape(-1)
        cases.append(
            {
                "type": name,
                "bytes": data.tobytes().hex(),
                "values": values.tobytes().hex(),
            }
        )
    target = pathlib.Path(__file__).with_name("quantised.json")
    target.write_text(json.dumps(cases, indent=1) + "\n")


if __name__ == "__main__":
    main()
