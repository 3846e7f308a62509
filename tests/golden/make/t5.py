"""The text encoder: T5EncoderModel of wan/modules/t5.py."""

import torch

from golden import make
from reference import T5_FILE, checkout, open_wan, text_encoder


def compute(run):
    wan = open_wan(checkout(run, "ATI"))
    tokens = {}
    for name in ("a", "b", "long"):
        for part in ("ids", "mask"):
            run.keep(f"{name}.{part}.npy", f"{part} [1,512]")
        tokens[name] = [run.load(f"{name}.{part}.npy").long() for part in ("ids", "mask")]
    t5 = text_encoder(wan, run, run.path("ckpt", T5_FILE), tokens)
    for name in ("a", "b"):
        run.add(f"{name}.out", t5([name], "cpu")[0], "context [L,dim]")
    run.add("long.out_every16", t5(["long"], "cpu")[0][::16], "rows 0,16,...,496 of the context [512,dim]")
    apart = torch.arange(-511, 512)
    buckets = t5.model.blocks[0].pos_embedding._relative_position_bucket(apart)
    run.add("buckets", buckets.int(), "buckets of the relative positions (key - query) -511..511")
    run.text("state_dict_keys.json", list(torch.load(run.path("ckpt", T5_FILE), weights_only=True)), "keys of the .pth")


make("t5", compute, function="wan.modules.t5.T5EncoderModel.__call__, the tokenizer replaced by the ids", reference="bytedance/ATI 168b443",
     weights="../ckpt (input)", tolerance="3e-5 of the largest value")
