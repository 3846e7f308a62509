"""Golden GGUF files: every block type with what it means, and the header.

Needs Python 3.11 and the packages numpy 2.4.6 and gguf 0.19.0:

    python gguf.py ../gguf

blocks.gguf     version 3, alignment 64, every kind of metadata, one tensor of
                (2, 512) per type, named by the type; "five" has five axes
blocks.npy      what their numbers are, (types, 2, 512), float32, in the order
                of the file
old.gguf        version 2, the default alignment, no metadata, one tensor of
                one axis

The package quantizes random numbers to Q8_0, Q4_0, Q4_1, Q5_0, Q5_1, F16 and
BF16. It cannot write the K types: their blocks are random bytes whose scales
are float16 numbers as real files have them. Those of Q6_K are subnormal, as
nearly all of them are. The package's dequantize() says what all of them mean.
"""

import struct
import sys
from pathlib import Path

# The program's own name must not hide the package's.
sys.path = [p for p in sys.path if Path(p or ".").resolve() != Path(__file__).resolve().parent]

import gguf  # noqa: E402
import numpy as np  # noqa: E402

T = gguf.GGMLQuantizationType
rng = np.random.default_rng(10)
ROWS, COLUMNS = 2, 512

# Where each K type has its float16 scales, in bytes from the block's start.
K_SCALES = {
    T.Q2_K: [80, 82],
    T.Q3_K: [108],
    T.Q4_K: [0, 2],
    T.Q5_K: [0, 2],
    T.Q6_K: [208],
}


def random_blocks(kind):
    values, size = gguf.GGML_QUANT_SIZES[kind]
    blocks = rng.integers(0, 256, (ROWS, COLUMNS // values, size), dtype=np.uint8)
    for at in K_SCALES[kind]:
        # The smallest normal float16 is 6.1e-5.
        most = 3e-5 if kind == T.Q6_K else 2e-3
        scales = (rng.uniform(-1, 1, blocks.shape[:2]) * most).astype(np.float16)
        blocks[:, :, at : at + 2] = scales[..., None].view(np.uint8)
    return blocks.reshape(ROWS, -1)


def main(out: Path):
    out.mkdir(parents=True, exist_ok=True)
    writer = gguf.GGUFWriter(out / "blocks.gguf", "wan")
    writer.add_custom_alignment(64)
    writer.add_name("every type, ü")
    writer.add_uint8("kind.u8", 255)
    writer.add_int8("kind.i8", -128)
    writer.add_uint16("kind.u16", 65535)
    writer.add_int16("kind.i16", -32768)
    writer.add_uint32("kind.u32", 2**32 - 1)
    writer.add_int32("kind.i32", -(2**31))
    writer.add_uint64("kind.u64", 2**53)
    writer.add_int64("kind.i64", -(2**53))
    writer.add_float32("kind.f32", 0.1)
    writer.add_float64("kind.f64", 0.1)
    writer.add_bool("kind.bool", True)
    writer.add_array("kind.strings", ["a", "", "ü"])
    writer.add_array("kind.ints", [5120, 36, 1, 2, 2])
    writer.add_array("kind.floats", [0.5, -2.0])

    expected = []
    for kind in [
        T.F32, T.F16, T.BF16, T.Q8_0, T.Q4_0, T.Q4_1, T.Q5_0, T.Q5_1,
        T.Q2_K, T.Q3_K, T.Q4_K, T.Q5_K, T.Q6_K,
    ]:
        if kind in K_SCALES:
            stored = random_blocks(kind)
        else:
            numbers = rng.normal(0, 0.05, (ROWS, COLUMNS)).astype(np.float32)
            numbers[0, :32] = 0  # a block of nothing
            stored = gguf.quantize(numbers, kind)
        expected.append(gguf.dequantize(stored, kind).astype(np.float32))
        writer.add_tensor(kind.name, stored, raw_dtype=kind)
    five = np.arange(2 * 3 * 1 * 2 * 2, dtype=np.float32).reshape(2, 3, 1, 2, 2)
    writer.add_tensor("five", five)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    np.save(out / "blocks.npy", np.stack(expected))

    header = struct.pack("<4sIQQ", b"GGUF", 2, 1, 0)
    header += struct.pack("<Q3sIQIQ", 3, b"one", 1, 4, 0, 0)
    header += bytes(-len(header) % 32)
    numbers = np.array([1, 2, 3, 4], dtype=np.float32)
    (out / "old.gguf").write_bytes(header + numbers.tobytes())
    assert gguf.GGUFReader(out / "old.gguf").tensors[0].data.tolist() == [1, 2, 3, 4]


main(Path(sys.argv[1]))
