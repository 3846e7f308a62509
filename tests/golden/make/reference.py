"""The reference's modules without their GPU parts, and its networks in the
sizes of the golden checkpoints."""

import ast
import importlib
import importlib.util
import json
import math
import os
import subprocess
import sys
import types
from unittest.mock import MagicMock

import torch

# repository, commit and the parts used of each checkout in the folder of references
CHECKOUTS = {
    "ATI": ("bytedance/ATI", "168b4435c2e84b5215f194b46aca6bf8df92823c", ["wan", "tools/*.py"]),
    "Wan-Move": ("ali-vilab/Wan-Move", "27409bee073a9920a1c67a9bdded7662039cdbae", ["wan"]),
    "TTM": ("time-to-move/TTM", "ad9ecea7c7c33a3fac4b6062df17cefeecfa6dee", ["pipelines"]),
    "LightX2V": ("ModelTC/LightX2V", "f8aee98b5462cca8d7288888146ebd95592bf266", ["lightx2v/models/networks/wan/infer/feature_caching", "configs/caching", "lightx2v/models/video_encoders/hf/tae.py", "lightx2v/models/video_encoders/hf/wan/vae_tiny.py"]),
    "MagCache": ("Zehong-Ma/MagCache", "df81cb181776c2c61477c08e1d21f87fda1cd938", ["MagCache4Wan2.1/*.py"]),
    "TeaCache": ("ali-vilab/TeaCache", "7c10efc4702c6b619f47805f7abe4a7a08085aa0", ["TeaCache4Wan2.1/*.py"]),
    "taehv": ("madebyollin/taehv", "1f14a568f24bf8811e0a0ac601613e04fc1581e8", ["taehv.py"]),
    "KJNodes": ("kijai/ComfyUI-KJNodes", "3f20054214fec9f9234fd3841ae6f1e4287948f6", ["nodes/model_optimization_nodes.py"]),
    "alltracker": ("aharley/alltracker", "c1ed462b7cfe9b4c6d07d8880ae5ed103b0848e0", ["nets", "utils/misc.py"]),
    "ComfyUI": ("comfyanonymous/ComfyUI", "bbb8864778a93eb0fa60c76201383e2b5a63aa38", ["comfy_extras/nodes_wanmove.py"]),
}


def checkout(run, name):
    """The path of a checkout. The files used must be those of the commit."""
    repository, commit, used = CHECKOUTS[name]
    path = os.path.join(run.references, name)
    if not os.path.isdir(path):
        raise SystemExit(f"{path} is missing: expected {repository} at {commit}")
    found = subprocess.run(["git", "-C", path, "diff", "--stat", commit, "--", *used], capture_output=True, text=True)
    if found.returncode or found.stdout:
        raise SystemExit(f"{path} differs from {repository} at {commit}: {found.stdout or found.stderr}")
    return path


def stub(*names):
    """Modules that are imported by the reference but not needed here."""
    for name in names:
        sys.modules.setdefault(name, MagicMock(name=name))


def package(name, path):
    """A package whose __init__.py is not run."""
    module = types.ModuleType(name)
    module.__path__ = [path]
    sys.modules[name] = module


def load_module(name, path):
    """One file as a module of any name."""
    spec = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def functions_of(path, names, **known):
    """Functions of a file that cannot be imported, because it parses argv."""
    tree = ast.parse(open(path).read())
    tree.body = [node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name in names]
    exec(compile(tree, path, "exec"), known)
    return [known[name] for name in names]


def exact_attention(q, k, v, q_lens=None, k_lens=None, **_):
    """softmax(q k^T / sqrt(c)) v in float32, in place of flash attention."""
    scores = torch.einsum("bqnc,bknc->bnqk", q.float(), k.float())
    scores = scores / math.sqrt(q.shape[-1])
    if k_lens is not None:
        beyond = torch.arange(k.shape[1])[None] >= k_lens[:, None]
        scores = scores.masked_fill(beyond[:, None, None], float("-inf"))
    return torch.einsum("bnqk,bknc->bqnc", scores.softmax(-1), v.float())


def open_wan(path, real_tokenizers=False):
    """The modules of a checkout with a `wan` folder: ATI or Wan-Move."""
    import diffusers  # looks for optional packages, so before the stubs
    assert diffusers.__version__
    torch.cuda.current_device = lambda: "cpu"  # a default argument asks for it
    wan = os.path.join(path, "wan")
    for name in ("", ".modules", ".utils", ".distributed"):
        package("wan" + name, os.path.join(wan, *name.split(".")))
    stub("easydict", "decord", "imageio", "wan.distributed.fsdp")
    if not real_tokenizers:
        stub("wan.modules.tokenizers")
    modules = types.SimpleNamespace()
    for name in ("model", "vae", "clip", "t5"):
        setattr(modules, name, importlib.import_module("wan.modules." + name))
    modules.unipc = importlib.import_module("wan.utils.fm_solvers_unipc")
    modules.dpm = importlib.import_module("wan.utils.fm_solvers")
    for module in (modules.model, modules.clip):
        module.flash_attention = exact_attention
    return modules


def safetensors_of(folder):
    """Every tensor of the .safetensors files of a folder."""
    from safetensors.torch import load_file
    state = {}
    for name in sorted(os.listdir(folder)):
        if name.endswith(".safetensors"):
            state.update(load_file(os.path.join(folder, name)))
    return state


def transformer(wan, run, folder):
    """The video transformer of a folder with config.json and .safetensors."""
    config, state = json.load(open(os.path.join(folder, "config.json"))), safetensors_of(folder)
    model = wan.model.WanModel(
        text_dim=state["text_embedding.0.weight"].shape[1],
        **{key: value for key, value in config.items() if not key.startswith("_")})
    # the reference fixes the width of the image tokens at 1280
    model.img_emb = wan.model.MLPProj(state["img_emb.proj.0.weight"].shape[0], config["dim"])
    model.load_state_dict(run.weights(state))
    return model.eval()


def video_autoencoder(wan, run, path):
    state = torch.load(path, weights_only=True)
    vae = wan.vae.WanVAE.__new__(wan.vae.WanVAE)
    vae.dtype, vae.device = torch.float32, torch.device("cpu")
    # the constants are in the constructor, which also builds the full network
    kept, wan.vae._video_vae = wan.vae._video_vae, lambda **_: torch.nn.Identity()
    vae.__init__(device="cpu")
    wan.vae._video_vae = kept
    vae.model = wan.vae.WanVAE_(
        dim=state["encoder.conv1.weight"].shape[0], z_dim=16, dim_mult=[1, 2, 4, 4], num_res_blocks=2,
        attn_scales=[], temperal_downsample=[False, True, True], dropout=0.0)
    vae.model.load_state_dict(run.weights(state))
    vae.model.eval()
    return vae


def image_encoder(wan, run, path):
    from torchvision import transforms
    state = torch.load(path, weights_only=True)
    state = {key[7:]: value for key, value in state.items() if key.startswith("visual.")}
    visual = wan.clip.VisionTransformer(
        image_size=224, patch_size=14, dim=state["patch_embedding.weight"].shape[0], mlp_ratio=4,
        out_dim=state["head"].shape[1], num_heads=16,
        num_layers=1 + max(int(key.split(".")[1]) for key in state if key.startswith("transformer.")),
        pool_type="token", pre_norm=True, post_norm=False, activation="gelu")
    visual.load_state_dict(run.weights(state))
    clip = wan.clip.CLIPModel.__new__(wan.clip.CLIPModel)
    clip.dtype, clip.device = torch.float32, torch.device("cpu")
    clip.transforms = transforms.Compose([transforms.Normalize(
        (0.48145466, 0.4578275, 0.40821073), (0.26862954, 0.26130258, 0.27577711))])
    clip.model = types.SimpleNamespace(
        visual=visual.eval(), image_size=224, to=lambda *_: None, cpu=lambda: None)
    return clip


def text_encoder(wan, run, path, tokens):
    """`tokens` maps a text to its ids and mask, in place of the tokenizer."""
    state = torch.load(path, weights_only=True)
    buckets, heads = state["blocks.0.pos_embedding.embedding.weight"].shape
    encoder = wan.t5.T5Encoder(
        vocab=state["token_embedding.weight"].shape[0], dim=state["token_embedding.weight"].shape[1],
        dim_attn=state["blocks.0.attn.q.weight"].shape[0], dim_ffn=state["blocks.0.ffn.fc1.weight"].shape[0],
        num_heads=heads, num_layers=1 + max(int(key.split(".")[1]) for key in state if key.startswith("blocks.")),
        num_buckets=buckets, shared_pos=False)
    encoder.load_state_dict(run.weights(state))
    t5 = wan.t5.T5EncoderModel.__new__(wan.t5.T5EncoderModel)
    t5.model, t5.tokenizer = encoder.eval(), lambda texts, **_: tokens[texts[0]]
    return t5


CLIP_FILE = "models_clip_open-clip-xlm-roberta-large-vit-huge-14.pth"
T5_FILE = "models_t5_umt5-xxl-enc-bf16.pth"
VAE_FILE = "Wan2.1_VAE.pth"


def tiny(wan, run):
    """Transformer, video autoencoder and image encoder of the golden `ckpt`."""
    return (transformer(wan, run, run.path("ckpt", "")),
            video_autoencoder(wan, run, run.path("ckpt", VAE_FILE)),
            image_encoder(wan, run, run.path("ckpt", CLIP_FILE)))


def watch(module, kept, name, pick=lambda value: value):
    """Keeps the first output of a module."""
    def hook(_, inputs, output):
        if name not in kept:
            kept[name] = pick(output).clone()
    return module.register_forward_hook(hook)
