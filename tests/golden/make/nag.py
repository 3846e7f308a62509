"""Normalized attention guidance: the model with the cross attention that
ComfyUI-KJNodes puts into Wan I2V, in single passes and in a sampling."""

import os
import types

import torch

from golden import LIMIT, make
from reference import checkout, exact_attention, functions_of, open_wan, tiny, transformer

NAMES = ["_wan_compute_attention", "wan_nag_attention", "normalized_attention_guidance", "wan_i2v_crossattn_forward_nag"]
IMAGE_TOKENS = 257
# nag_scale, nag_tau, nag_alpha
PASSES = {"usual": (11.0, 2.5, 0.25), "strong": (30.0, 1.5, 0.6)}
RUN = dict(nag_scale=11.0, nag_tau=2.5, nag_alpha=0.25, steps=3, shift=5.0, guide_scale=1.0)


def optimized_attention(q, k, v, heads, **_):
    """ComfyUI's attention, exact: [B,L,heads*c] to the same."""
    split = lambda x: x.unflatten(2, (heads, -1))
    return exact_attention(split(q), split(k), split(v)).flatten(2)


def nag_attention(run):
    attention = types.SimpleNamespace(optimized_attention=optimized_attention)
    comfy = types.SimpleNamespace(ldm=types.SimpleNamespace(modules=types.SimpleNamespace(attention=attention)))
    path = os.path.join(checkout(run, "KJNodes"), "nodes/model_optimization_nodes.py")
    return functions_of(path, NAMES, torch=torch, comfy=comfy)


def guide(model, functions, context, values):
    """Every cross attention is KJNodes's, as WanVideoNAG.patch does it (inplace: False)."""
    forward = functions[3]
    padded = torch.cat([context, context.new_zeros(model.text_len - len(context), context.shape[1])])
    negative = model.text_embedding(padded[None])
    for block in model.blocks:
        module = block.cross_attn
        module.nag_context, module.inplace = negative, False
        module.nag_scale, module.nag_tau, module.nag_alpha = values
        module.forward = lambda x, context, *_, module=module: forward(module, x, context, IMAGE_TOKENS)


def count_shortened(functions, counted):
    """Counts tokens that are shortened to tau, without touching the result."""
    inner = functions[2]

    def counting(self, positive, negative):
        guided = positive * self.nag_scale - negative * (self.nag_scale - 1)
        ratio = guided.norm(p=1, dim=-1) / positive.norm(p=1, dim=-1)
        counted.append((int((ratio > self.nag_tau).sum()), ratio.numel()))
        return inner(self, positive, negative)

    functions[3].__globals__["normalized_attention_guidance"] = counting


def passes(run, wan, functions):
    facts = {}
    x, y, image = run.load("dit", "x.npy"), run.load("dit", "y.npy"), run.load("dit", "clip_fea.npy").float()
    contexts = [run.load("dit", f"context{c}.npy") for c in (0, 1)]
    for name, values in PASSES.items():
        model, counted = transformer(wan, run, run.path("dit", "model")), []
        guide(model, functions, contexts[1], values)
        count_shortened(functions, counted)
        out = model([x], t=torch.tensor([437]), context=[contexts[0]], seq_len=x[0].numel() // 4, clip_fea=image, y=[y])[0]
        run.add(f"{name}.out", out, "WanModel.forward [16,F,H,W], prompt context0, negative prompt context1, t=437")
        facts[name] = dict(zip(("nag_scale", "nag_tau", "nag_alpha"), values), shortened_tokens=[list(pair) for pair in counted])
    return facts


def sampling(run, wan, functions):
    """A sampling at guidance 1: one pass in each step."""
    model, _, _ = tiny(wan, run)
    prompt, negative = [run.load("pipeline", f"{name}.context.npy") for name in ("prompt", "negative")]
    counted = []
    guide(model, functions, negative, [RUN[name] for name in ("nag_scale", "nag_tau", "nag_alpha")])
    count_shortened(functions, counted)
    x, y, image = (run.load("pipeline", f"{name}.npy") for name in ("noise", "y_after_patch", "clip_context"))
    y = torch.cat([y[:1].expand(4, -1, -1, -1), y[1:]])
    scheduler = wan.unipc.FlowUniPCMultistepScheduler(num_train_timesteps=1000, shift=1, use_dynamic_shifting=False)
    scheduler.set_timesteps(RUN["steps"], device="cpu", shift=RUN["shift"])
    for t in scheduler.timesteps:
        predicted = model([x], t=torch.stack([t]), context=[prompt], clip_fea=image, seq_len=x[0].numel() // 4, y=[y])[0]
        x = scheduler.step(predicted[None], t, x[None], return_dict=False)[0][0]
    run.add("run.latent", x, "latent after the last step [16,21,h,w]")
    return dict(**RUN, solver="unipc", timesteps=[int(t) for t in scheduler.timesteps], shortened_tokens=[list(pair) for pair in counted],
                inputs="../pipeline: noise, y_after_patch, clip_context, prompt.context and negative.context")


def compute(run):
    wan = open_wan(checkout(run, "ATI"))
    run.fact(passes=passes(run, wan, nag_attention(run)), run=sampling(run, wan, nag_attention(run)))


make("nag", compute, reference="bytedance/ATI 168b443, kijai/ComfyUI-KJNodes 3f20054",
     function="WanModel.forward with wan_i2v_crossattn_forward_nag as every cross attention; a sampling loop around it and UniPC",
     weights="../dit/model, ../ckpt", tolerance=LIMIT)
