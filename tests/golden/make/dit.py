"""The video transformer: WanModel.forward of wan/modules/model.py."""

import os

from _dit import predict
from golden import make
from reference import checkout, open_wan, transformer


def compute(run):
    model = transformer(open_wan(checkout(run, "ATI")), run, run.path("model"))
    for name in sorted(os.listdir(run.path("model"))):
        run.keep(f"model/{name}", "weights, bfloat16" if name.endswith(".safetensors") else "of the weights")
    kept = predict(run, model, 2, (999, 437))
    kept["text_embedding"] = kept["text_embedding"][:, :30]
    kept["img_emb"] = kept["img_emb"][:, :16]
    for name, value in kept.items():
        run.add("act_" + name, value, f"output of {name} for context 0, t=999")


make("dit", compute, function="wan.modules.model.WanModel.forward, attention replaced by an exact float32 softmax", reference="bytedance/ATI 168b443",
     weights="model (input)", tolerance="2e-5 of the largest value")
