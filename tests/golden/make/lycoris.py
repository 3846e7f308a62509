"""Golden LoHa and LoKr: factors, and the change of the weight that they make.

Needs Python 3.11 and the package numpy 2.4.6:

    python lycoris.py ../lycoris

lycoris.npz     for each case its factors as "<layer>.<factor>" under the names
                of LyCORIS, and "<layer>.delta", all float32

The definitions are those of lycoris_lora 4.1.3, functional/loha.py and
functional/lokr.py, and of peft 0.21.2, tuners/loha and tuners/lokr: the
elementwise product of two matrices of low rank, and the Kronecker product of
two matrices, each whole or of low rank; times alpha / rank, which both leave
at 1 where no factor has a rank.
"""

import sys
from pathlib import Path

import numpy as np

rng = np.random.default_rng(12)
RANK, ALPHA = 4, 2.0
arrays = {}


def make(layer, **shapes):
    factors = {}
    for name, shape in shapes.items():
        factors[name] = rng.normal(0, 0.4, shape).astype(np.float32)
        arrays[f"{layer}.{name}"] = factors[name]
    return {name: f.astype(np.float64) for name, f in factors.items()}


def keep(layer, delta):
    arrays[f"{layer}.delta"] = delta.astype(np.float32)


def loha(layer, out, inner):
    f = make(
        layer,
        hada_w1_a=(out, RANK), hada_w1_b=(RANK, inner),
        hada_w2_a=(out, RANK), hada_w2_b=(RANK, inner),
    )
    delta = (f["hada_w1_a"] @ f["hada_w1_b"]) * (f["hada_w2_a"] @ f["hada_w2_b"])
    arrays[f"{layer}.alpha"] = np.float32(ALPHA)
    keep(layer, delta * ALPHA / RANK)


def lokr(layer, one, two, kernel=()):
    shapes = {}
    for name, shape in (("w1", one), ("w2", two)):
        if isinstance(shape[0], str):
            _, rows, columns = shape
            shapes[f"lokr_{name}_a"] = (rows, RANK)
            shapes[f"lokr_{name}_b"] = (RANK, columns)
        else:
            shapes[f"lokr_{name}"] = shape + (kernel if name == "w2" else ())
    f = make(layer, **shapes)

    def matrix(name):
        whole = f.get(f"lokr_{name}")
        return f[f"lokr_{name}_a"] @ f[f"lokr_{name}_b"] if whole is None else whole

    w1, w2 = matrix("w1"), matrix("w2")
    w1 = w1.reshape(w1.shape + (1,) * (w2.ndim - 2))
    has_rank = any(name.endswith("_a") for name in f)
    # LyCORIS writes any number here where there is no rank.
    arrays[f"{layer}.alpha"] = np.float32(ALPHA if has_rank else 1e9)
    keep(layer, np.kron(w1, w2) * (ALPHA / RANK if has_rank else 1))


loha("blocks.0.self_attn.q", 64, 64)
loha("blocks.1.ffn.0", 144, 64)
lokr("blocks.0.ffn.2", (4, 9), (16, 16))
lokr("blocks.0.self_attn.k", (8, 4), ("low", 8, 16))
lokr("blocks.1.cross_attn.v_img", ("low", 16, 8), ("low", 4, 8))
lokr("blocks.1.self_attn.o", ("low", 16, 8), (4, 8))
lokr("patch_embedding", (8, 6), (8, 6), (1, 2, 2))

out = Path(sys.argv[1])
out.mkdir(parents=True, exist_ok=True)
np.savez_compressed(out / "lycoris.npz", **arrays)
