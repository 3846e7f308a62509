"""The video transformer from one file of float8 weights."""

import os
import shutil
import tempfile

import torch

from _dit import predict
from golden import make
from reference import checkout, open_wan, transformer

FILE = "Wan2_1-I2V-ATI-tiny_fp8_e4m3fn.safetensors"


def compute(run):
    run.keep(FILE, "weights: blocks.*.weight with two axes F8_E4M3, all others F16")
    if os.path.exists(run.path("config.json")):
        run.keep("config.json", "sizes of the network")
    with tempfile.TemporaryDirectory() as folder:
        shutil.copyfile(run.path(FILE), os.path.join(folder, FILE))
        # the same sizes as the transformer of ckpt
        shutil.copyfile(run.path("ckpt", "config.json"), os.path.join(folder, "config.json"))
        model = transformer(open_wan(checkout(run, "ATI")), run, folder)
    predict(run, model, 1, (999, 500))
    codes = torch.arange(256, dtype=torch.uint8).view(torch.float8_e4m3fn)
    run.add("e4m3_decode_table", codes.float(), "float32 value of each of the 256 codes (0x7f and 0xff are NaN)")


make("dit_fp8", compute, function="WanModel.forward in float32 with the weights of one float8 file", reference="bytedance/ATI 168b443",
     weights=FILE + " (input)", tolerance="2e-5 of the largest value")
