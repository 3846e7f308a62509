"""Golden torch files in the format before torch 1.6, and not row-major ones.

Needs Python 3.11 and torch (1.13 made these):

    python torch_legacy.py ../torch_legacy

legacy.pth          every element type, a view of a shared storage, a parameter,
                    the state dict under "state_dict"; not a zip
legacy_bf16.pth     the state dict itself
transposed.pth      a zip whose tensor "t" is a transposed view
channels_last.pth   a zip whose convolution "c" is in channels_last order
"""

import sys
from pathlib import Path

import torch

out = Path(sys.argv[1])
out.mkdir(parents=True, exist_ok=True)
torch.manual_seed(1)

shared = torch.arange(12, dtype=torch.float32).reshape(3, 4)
state = {
    "f32": torch.tensor([[1.5, -2.0], [0.0, 3.25]]),
    "f16": torch.tensor([1.5, -2.0], dtype=torch.float16),
    "f64": torch.tensor([0.1], dtype=torch.float64),
    "i64": torch.tensor([2**40, -1]),
    "u8": torch.tensor([0, 255], dtype=torch.uint8),
    "shared": shared,
    "row": shared[1],
    "parameter": torch.nn.Parameter(torch.tensor([7.0])),
    "scalar": torch.tensor(4.0),
}
legacy = {"_use_new_zipfile_serialization": False}
torch.save({"state_dict": state, "epoch": 3}, out / "legacy.pth", **legacy)
bf16 = torch.linspace(-1, 1, 9).bfloat16().reshape(3, 3)
torch.save({"weight": bf16, "bias": bf16[0]}, out / "legacy_bf16.pth", **legacy)
torch.save({"t": shared.t(), "a": shared}, out / "transposed.pth")
conv = torch.zeros(4, 3, 2, 2).to(memory_format=torch.channels_last)
torch.save({"c": conv}, out / "channels_last.pth")
