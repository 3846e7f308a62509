"""The tiny checkpoint in the files of the official one.

The values of the committed weights are an input: how they were drawn is not
known. This program checks each file against the reference's modules (strict
state dicts, dtypes), and writes it again with the same names and dtypes.
`python ckpt.py REFERENCES OUT` therefore shows that the files are what torch
and safetensors write, not that the values can be drawn again."""

import json
import os

import torch
from safetensors.torch import load_file, save_file

from golden import make
from reference import CLIP_FILE, T5_FILE, VAE_FILE, checkout, open_wan, text_encoder, tiny


def compute(run):
    wan = open_wan(checkout(run, "ATI"))
    model, vae, _ = tiny(wan, run)           # strict: every key and shape is the reference's
    text_encoder(wan, run, run.path("ckpt", T5_FILE), {})
    os.makedirs(run.out, exist_ok=True)
    dtypes = {}
    for name in (VAE_FILE, CLIP_FILE, T5_FILE):
        state = torch.load(run.path("ckpt", name), weights_only=True)
        torch.save(state, os.path.join(run.out, name))
        dtypes[name] = sorted({str(value.dtype)[6:] for value in state.values()})
    index = json.load(open(run.path("ckpt", "diffusion_pytorch_model.safetensors.index.json")))
    assert set(index["weight_map"]) == set(model.state_dict())
    for name in sorted(set(index["weight_map"].values())):
        state = load_file(run.path("ckpt", name))
        assert all(index["weight_map"][key] == name for key in state)
        save_file(state, os.path.join(run.out, name))
        dtypes[name] = sorted({str(value.dtype)[6:] for value in state.values()})
    for name in ("config.json", "diffusion_pytorch_model.safetensors.index.json"):
        run.keep(name, "of the transformer")
    run.fact(dtypes_found=dtypes, tensors=dict(transformer=len(model.state_dict()), vae=len(vae.model.state_dict())))


make("ckpt", compute, what="tiny checkpoint folder with the file names of Wan2.1-I2V-14B-480P", reference="bytedance/ATI 168b443 (layout of the files)")
