"""Makes GGUF files and the values they hold with llama.cpp's own Python package (`gguf`, on PyPI).

`types.gguf` has one tensor of every packed type that `GGUF.open` unpacks, of random bytes with sensible scales, and
one of each plain type; `expected.npz` has their values as the package's `dequantize` gives them. `old.gguf` is the
same content as `small.gguf` in version 2 of the format with another alignment.
"""

import os
import struct

import gguf
import numpy as np
from gguf import GGMLQuantizationType as T

os.chdir(os.path.dirname(os.path.abspath(__file__)))
random = np.random.default_rng(0)


def blocks(kind, count):
    """`count` blocks of random bits whose float16 scales are finite and small."""
    _, size = gguf.GGML_QUANT_SIZES[kind]
    data = random.integers(0, 256, (count, size), dtype=np.uint8)
    halves = {
        T.Q4_0: [0], T.Q4_1: [0, 2], T.Q5_0: [0], T.Q5_1: [0, 2], T.Q8_0: [0], T.Q2_K: [80, 82], T.Q3_K: [108],
        T.Q4_K: [0, 2], T.Q5_K: [0, 2], T.Q6_K: [208], T.IQ4_NL: [0], T.IQ4_XS: [0], T.MXFP4: [],
    }[kind]  # fmt: skip
    for at in halves:
        data[:, at : at + 2] = random.normal(0, 0.1, count).astype(np.float16).view(np.uint8).reshape(count, 2)
    if kind == T.MXFP4:
        data[:, 0] = random.integers(0, 140, count)
    return data


expected = {}
writer = gguf.GGUFWriter("types.gguf", "test")
for kind in [
    T.Q4_0, T.Q4_1, T.Q5_0, T.Q5_1, T.Q8_0, T.Q2_K, T.Q3_K, T.Q4_K, T.Q5_K, T.Q6_K, T.IQ4_NL, T.IQ4_XS, T.MXFP4,
]:  # fmt: skip
    per, size = gguf.GGML_QUANT_SIZES[kind]
    data = blocks(kind, 6).reshape(3, 2 * size)
    writer.add_tensor(kind.name, data, raw_dtype=kind)
    expected[kind.name] = gguf.quants.dequantize(data, kind)
    assert expected[kind.name].shape == (3, 2 * per) and np.isfinite(expected[kind.name]).all()
square = np.arange(-3, 3).reshape(2, 3)
for name, dtype in [
    ("F32", np.float32), ("F16", np.float16), ("F64", np.float64), ("I8", np.int8), ("I16", np.int16),
    ("I32", np.int32), ("I64", np.int64),
]:  # fmt: skip
    expected[name] = square.astype(dtype)
    writer.add_tensor(name, expected[name])
writer.add_tensor("BF16", (square.astype(np.float32).view(np.uint32) >> 16).astype(np.uint16).view(np.uint8), raw_dtype=T.BF16)
expected["BF16"] = square.astype(np.float32)
unknown = random.integers(0, 256, (1, 66), dtype=np.uint8)
writer.add_tensor("IQ2_XXS", unknown, raw_dtype=T.IQ2_XXS)
for add, key, value in [
    (writer.add_uint8, "a.u8", 200), (writer.add_int8, "a.i8", -100), (writer.add_uint16, "a.u16", 60000),
    (writer.add_int16, "a.i16", -30000), (writer.add_uint32, "a.u32", 4000000000), (writer.add_int32, "a.i32", -2000000000),
    (writer.add_float32, "a.f32", 0.5), (writer.add_bool, "a.bool", True), (writer.add_string, "a.string", "grüße"),
    (writer.add_uint64, "a.u64", 18446744073709551615), (writer.add_int64, "a.i64", -(2**62)),
    (writer.add_float64, "a.f64", 1e300), (writer.add_array, "a.texts", ["x", "", "yz"]),
    (writer.add_array, "a.numbers", [1, -2, 3]), (writer.add_array, "a.flags", [True, False]),
]:  # fmt: skip
    add(key, value)
writer.write_header_to_file()
writer.write_kv_data_to_file()
writer.write_tensors_to_file()
writer.close()
np.savez_compressed("expected.npz", **expected)


def write(path, version, alignment):
    """A file by hand: an embedding of 4 words and a packed matrix, as small models have them."""
    text = lambda s: struct.pack("<Q", len(s)) + s.encode()
    entries = [text("general.architecture") + struct.pack("<I", 8) + text("llama")]
    entries.append(text("general.alignment") + struct.pack("<II", 4, alignment))
    tensors = [
        ("token_embd.weight", (8, 4), 0, np.arange(32, dtype="<f4").tobytes()),
        ("output.weight", (32, 2), 8, b"".join(struct.pack("<e32b", 0.5 * (i + 1), *range(-16, 16)) for i in range(2))),
    ]
    infos, data = b"", b""
    for name, dims, kind, content in tensors:
        data += b"\0" * (-len(data) % alignment)
        infos += text(name) + struct.pack("<I2QIQ", 2, *dims, kind, len(data))
        data += content
    head = b"GGUF" + struct.pack("<IQQ", version, len(tensors), len(entries)) + b"".join(entries) + infos
    with open(path, "wb") as f:
        f.write(head + b"\0" * (-len(head) % alignment) + data)


write("small.gguf", 3, 32)
write("old.gguf", 2, 64)
check = gguf.GGUFReader("small.gguf")
assert [t.name for t in check.tensors] == ["token_embd.weight", "output.weight"]
