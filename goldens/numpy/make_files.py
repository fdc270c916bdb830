"""Writes arrays as NumPy writes them: stored and compressed archives, single arrays of each version, and what is refused.

Run: pip install -r requirements.txt && python make_files.py
"""

import pathlib

import numpy as np

HERE = pathlib.Path(__file__).parent
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


def arrays():
    made = {kind: np.arange(6).reshape(2, 3).astype(code) for kind, code in KINDS.items()}
    made["fortran"] = np.asfortranarray(np.arange(24, dtype="<f4").reshape(2, 3, 4))
    made["vector"] = np.asfortranarray(np.arange(4, dtype="<f8"))
    made["scalar"] = np.array(7.5, dtype="<f4")
    made["empty"] = np.zeros((0, 4), dtype="<f4")
    # Longer than the header's part of the first read, and hard to compress.
    made["long"] = np.sin(np.arange(6000)).astype("<f4")
    return made


def write_array(name, array, version=None):
    with open(HERE / name, "wb") as file:
        np.lib.format.write_array(file, array, version=version)


def main():
    np.savez(HERE / "stored.npz", **{name: array for name, array in arrays().items() if name != "long"})
    np.savez_compressed(HERE / "compressed.npz", **arrays())
    matrix = np.arange(6, dtype="<f4").reshape(2, 3)
    for version in (1, 2, 3):
        write_array(f"version{version}.npy", matrix, (version, 0))
    write_array("big-endian.npy", matrix.astype(">f4"))
    write_array("strings.npy", np.array(["a", "bc"]))
    write_array("record.npy", np.zeros(2, dtype=[("x", "<f4"), ("y", "<i4")]))
    write_array("complex.npy", matrix.astype("<c8"))
    np.savez(HERE / "objects.npz", objects=np.array([{"a": 1}, None], dtype=object))


if __name__ == "__main__":
    main()
