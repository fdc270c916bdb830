"""Writes small.safetensors, with every element type, by the reference implementation.

Run: pip install -r requirements.txt && python make_files.py
"""

import pathlib

import numpy as np
from safetensors import TensorSpec, serialize

KINDS = {
    "float64": "<f8",
    "float32": "<f4",
    "float16": "<f2",
    "int64": "<i8",
    "int32": "<i4",
    "int16": "<i2",
    "int8": "i1",
    "uint8": "u1",
    "bool": "?",
}


def spec(dtype, array):
    return TensorSpec(
        dtype=dtype,
        shape=list(array.shape),
        data_ptr=array.ctypes.data,
        data_len=array.nbytes,
    )


def main():
    arrays = {
        kind: (kind, np.arange(6).reshape(2, 3).astype(code))
        for kind, code in KINDS.items()
    }
    upper_halves = np.array([1.0, -2.5, 3.0e38], dtype="<f4").view("<u4") >> 16
    arrays["bfloat16"] = ("bfloat16", upper_halves.astype("<u2"))
    arrays["scalar"] = ("float32", np.array(7.5, dtype="<f4"))
    arrays["empty"] = ("float32", np.zeros((0, 4), dtype="<f4"))
    specs = {name: spec(*array) for name, array in arrays.items()}
    target = pathlib.Path(__file__).with_name("small.safetensors")
    target.write_bytes(serialize(specs, {"format": "pt", "note": "Grüße"}))


if __name__ == "__main__":
    main()
