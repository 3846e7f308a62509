"""The small decoder: TAEHV's decode_video and LightX2V's WanVAE_tiny.decode, at
small widths and with random weights.

Both sources have their widths as a literal; it is replaced before they run.
"""

import os
import types

import torch
from safetensors.torch import save_file

from golden import make
from reference import checkout, package, stub

SEED = 83
WIDTHS = [16, 12, 8, 8]
LITERAL = "n_f = [256, 128, 64, 64]"


def source(path, name):
    """A module whose decoder has the small widths."""
    text = open(path).read()
    assert LITERAL in text, path
    module = types.ModuleType(name)
    exec(compile(text.replace(LITERAL, f"n_f = {WIDTHS}"), path, "exec"), module.__dict__)
    return module


def random_state(model, random):
    """Weights that keep activations near 1; the names are those of the files."""
    state = {}
    for name, value in model.state_dict().items():
        spread = 0.1 if name.endswith("bias") else (0.8 / value[0].numel()) ** 0.5
        center = 0.5 if name == "decoder.22.bias" else 0
        state[name] = (center + torch.randn(value.shape, generator=random) * spread).half()
    return state


def compute(run):
    random = torch.Generator().manual_seed(SEED)
    stub("cv2")
    taehv = source(os.path.join(checkout(run, "taehv"), "taehv.py"), "taehv")
    hf = os.path.join(checkout(run, "LightX2V"), "lightx2v/models/video_encoders/hf")
    for name in ("", ".models", ".models.video_encoders", ".models.video_encoders.hf"):
        package("lightx2v" + name, hf)
    import sys
    sys.modules["lightx2v.models.video_encoders.hf.tae"] = tae = source(os.path.join(hf, "tae.py"), "tae")
    wrapper = types.ModuleType("vae_tiny")
    path = os.path.join(hf, "wan/vae_tiny.py")
    exec(compile(open(path).read(), path, "exec"), wrapper.__dict__)

    model = taehv.TAEHV(checkpoint_path=None)
    state = random_state(model, random)
    if run.index == 0:
        # The tests read the decoder; the encoder's weights would be 0.7 MB.
        decoder = {name: value for name, value in state.items() if name.startswith("decoder.")}
        decoder["encoder.0.bias"] = state["encoder.0.bias"]
        os.makedirs(run.out, exist_ok=True)
        torch.save(decoder, os.path.join(run.out, "taew2_1.pth"))
        save_file({name: value for name, value in decoder.items()}, os.path.join(run.out, "lighttaew2_1.safetensors"))
    weights = run.weights(state)
    latent = torch.randn(16, 3, 3, 4, generator=random) * 1.5
    run.add("latent", latent, "normalized latent [16,F,h,w]")
    model.load_state_dict(weights)
    video = model.decode_video(latent.transpose(0, 1)[None], parallel=True, show_progress_bar=False)
    steps = model.decode_video(latent.transpose(0, 1)[None], parallel=False, show_progress_bar=False)
    run.add("taew2_1", video[0].transpose(0, 1), "TAEHV.decode_video(latent), [3,4F-3,8h,8w] in [0,1]")
    run.fact(sequential_differs_by=float((video - steps).abs().max()))

    light = wrapper.WanVAE_tiny.__new__(wrapper.WanVAE_tiny)
    kept, wrapper.TAEHV = wrapper.TAEHV, lambda _: tae.TAEHV(None)
    light.__init__("lighttaew2_1.safetensors", dtype=torch.float32, device="cpu", need_scaled=True)
    wrapper.TAEHV = kept
    light.taehv.load_state_dict(weights)
    run.add("lighttaew2_1", light.decode(latent)[0], "WanVAE_tiny(need_scaled=True).decode(latent), [3,4F-3,8h,8w] in [-1,1]")


make("tiny_vae", compute, function="TAEHV.decode_video; WanVAE_tiny.decode",
     reference="madebyollin/taehv 1f14a56, ModelTC/LightX2V f8aee98", seed=SEED,
     patches=f"the decoder's widths are {WIDTHS} in place of 256, 128, 64, 64",
     weights="taew2_1.pth (float16) and lighttaew2_1.safetensors (the same): the decoder, and one tensor of the encoder",
     tolerance="max |difference| <= max(30 x noise_max_abs of the file, 3e-6 x max_abs_value of the file)")
