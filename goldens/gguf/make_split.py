"""Writes split/three-0000N-of-00003.gguf, a model in three parts, and split/whole.gguf, the same in one.

Run: pip install -r requirements.txt && python make_split.py
"""

import pathlib

import gguf
import numpy as np

HERE = pathlib.Path(__file__).parent / "split"


def write(path, **split):
    writer = gguf.GGUFWriter(str(path), "llama", **split)
    writer.add_string("test.text", "in the first part")
    for i in range(6):
        writer.add_tensor(f"tensor.{i}", np.arange(4, dtype=np.float32) + 10 * i)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def main():
    HERE.mkdir(exist_ok=True)
    write(HERE / "whole.gguf")
    write(HERE / "three.gguf", split_max_tensors=2)


if __name__ == "__main__":
    main()
