"""Writes float8.safetensors: every code of both 8-bit floats beside its value in float32, by torch.

Run: pip install -r requirements.txt && python make_float8.py
"""

import pathlib

import torch
from safetensors.torch import save_file

KINDS = {"e4m3": torch.float8_e4m3fn, "e5m2": torch.float8_e5m2}


def main():
    tensors = {}
    for name, kind in KINDS.items():
        codes = torch.arange(256, dtype=torch.uint8).view(kind)
        tensors[name] = codes
        tensors[name + ".values"] = codes.float()
    save_file(tensors, pathlib.Path(__file__).with_name("float8.safetensors"))


if __name__ == "__main__":
    main()
