"""Writes small.gguf with the reference writer: every metadata type, every unquantised
tensor type, a quantised matrix.

Run: pip install -r requirements.txt && python make_file.py
"""

import pathlib

import gguf
import numpy as np


def main():
    writer = gguf.GGUFWriter(str(pathlib.Path(__file__).with_name("small.gguf")), "llama")
    writer.add_uint8("test.u8", 200)
    writer.add_int8("test.i8", -100)
    writer.add_uint16("test.u16", 60000)
    writer.add_int16("test.i16", -30000)
    writer.add_uint32("test.u32", 4000000000)
    writer.add_int32("test.i32", -2000000000)
    writer.add_uint64("test.u64", 2**62)
    writer.add_int64("test.i64", -(2**62))
    writer.add_float32("test.f32", 0.5)
    writer.add_float64("test.f64", 0.1)
    writer.add_bool("test.flag", True)
    writer.add_string("test.text", "Grüße 🌍")
    writer.add_array("test.words", ["a", "", "ñ"])
    writer.add_array("test.numbers", [1.5, -2.5])
    writer.add_array("test.integers", [3, -4])
    matrix = np.arange(6, dtype=np.float32).reshape(2, 3)
    writer.add_tensor("matrix", matrix)
    writer.add_tensor("halves", matrix.astype(np.float16))
    brains = np.array([[1.0, -2.5, 3.0e38], [1e-40, 0.1, -0.0]], dtype=np.float32)
    writer.add_tensor(
        "brains",
        gguf.quants.quantize(brains, gguf.GGMLQuantizationType.BF16),
        raw_dtype=gguf.GGMLQuantizationType.BF16,
    )
    writer.add_tensor(
        "brains.values",
        gguf.quants.dequantize(
            gguf.quants.quantize(brains, gguf.GGMLQuantizationType.BF16),
            gguf.GGMLQuantizationType.BF16,
        ),
    )
    for kind in (np.float64, np.int8, np.int16, np.int32, np.int64):
        writer.add_tensor(np.dtype(kind).name, np.arange(-3, 3).astype(kind))
    rows = np.linspace(-1, 1, 128, dtype=np.float32).reshape(2, 64)
    writer.add_tensor(
        "quantised",
        gguf.quants.quantize(rows, gguf.GGMLQuantizationType.Q8_0),
        raw_dtype=gguf.GGMLQuantizationType.Q8_0,
    )
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


if __name__ == "__main__":
    main()
