"""ATI's knobs and a step cache together, from an image on: whole samplings with
the inputs of `pipeline`, so that they can be repeated by a command line."""

import ast
import importlib
import os

import numpy as np
import torch

from golden import LIMIT, make
from reference import checkout, load_module, open_wan, stub, tiny

KNOBS = dict(temperature=150.0, topk=1, start_percent=0.1, end_percent=0.5)
STEPS, SHIFT, GUIDE = 8, 5.0, 5.0
# the projects agree where steps times retention is whole: MagCache counts passes, LightX2V steps
MAG = dict(threshold=0.24, K=2, retention=0.25)
TEA = dict(threshold=0.26, coefficients=[-3.02331670e+02, 2.23948934e+02, -5.25463970e+01, 5.87348440e+00, -2.01973289e-01])


def has_motion(step):
    """The rule of ComfyUI-WanVideoWrapper's sampler, see ati_knobs.py."""
    return KNOBS["start_percent"] <= step / STEPS <= KNOBS["end_percent"]


def mag_ratios(path):
    """The ratios of I2V at 480p, which are inside MagCache's main program."""
    for node in ast.walk(ast.parse(open(path).read())):
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Attribute) and node.targets[0].attr == "mag_ratios":
            if "wan_i2v" in ast.unparse(node.targets[0]) and "np.array" in ast.unparse(node.value):
                return np.array(eval(ast.unparse(node.value), {"np": np}))
    raise SystemExit("no ratios in " + path)


def mag_state(module, path):
    ratios = mag_ratios(path)
    both = [module.nearest_interp(ratios[i::2], STEPS) for i in (0, 1)]
    return dict(cnt=0, num_steps=2 * STEPS, magcache_thresh=MAG["threshold"], K=MAG["K"], retention_ratio=MAG["retention"],
                accumulated_err=[0.0, 0.0], accumulated_steps=[0, 0], accumulated_ratio=[1.0, 1.0], residual_cache=[None, None],
                mag_ratios=np.array([both[turn % 2][turn // 2] for turn in range(2 * STEPS)]))


def tea_state():
    return dict(enable_teacache=True, cnt=0, num_steps=2 * STEPS, teacache_thresh=TEA["threshold"], accumulated_rel_l1_distance_even=0,
                accumulated_rel_l1_distance_odd=0, previous_e0_even=None, previous_e0_odd=None, previous_residual_even=None,
                previous_residual_odd=None, use_ref_steps=False, coefficients=TEA["coefficients"], ret_steps=2, cutoff_steps=2 * STEPS - 2)


def sampling(run, wan, forward, state, conditions):
    model, _, _ = tiny(wan, run)
    for name, value in state.items():
        setattr(model, name, value)
    asked, first, computed = [False], model.blocks[0].forward, ""

    def block(*args, **options):
        asked[0] = True
        return first(*args, **options)
    model.blocks[0].forward = block
    contexts = [run.load("pipeline", f"{name}.context.npy") for name in ("prompt", "negative")]
    x, image = run.load("pipeline", "noise.npy"), run.load("pipeline", "clip_context.npy")
    scheduler = wan.unipc.FlowUniPCMultistepScheduler(num_train_timesteps=1000, shift=1, use_dynamic_shifting=False)
    scheduler.set_timesteps(STEPS, device="cpu", shift=SHIFT)
    for step, t in enumerate(scheduler.timesteps):
        answers = []
        for context in contexts:
            asked[0] = False
            answers.append(forward(model, [x], t=torch.stack([t]), context=[context], clip_fea=image, seq_len=x[0].numel() // 4,
                                   y=[conditions[has_motion(step)]])[0])
            computed += "C" if asked[0] else "r"
        x = scheduler.step((answers[1] + GUIDE * (answers[0] - answers[1]))[None], t, x[None], return_dict=False)[0][0]
    return x, computed


def compute(run):
    wan = open_wan(checkout(run, "ATI"))
    patch_motion = importlib.import_module("wan.modules.motion_patch").patch_motion
    stub("wan.configs", "wan.utils.prompt_extend", "wan.utils.utils")
    path = os.path.join(checkout(run, "MagCache"), "MagCache4Wan2.1/magcache_generate.py")
    mag = load_module("magcache_generate", path)
    tea = load_module("teacache_generate", os.path.join(checkout(run, "TeaCache"), "TeaCache4Wan2.1/teacache_generate.py"))
    latent = run.load("pipeline", "y_latent_before_patch.npy")
    plain = torch.cat([torch.zeros(4, *latent.shape[1:]), latent])
    plain[:4, 0] = 1
    tracks = run.load("pipeline", "tracks.npy")
    moved = patch_motion(tracks if tracks.dim() == 4 else tracks[None], plain.clone(), temperature=KNOBS["temperature"], topk=KNOBS["topk"], training=False)
    conditions = {True: moved, False: plain}
    passes = {}
    for name, forward, state in (("mag", mag.magcache_forward, mag_state(mag, path)), ("tea", tea.teacache_forward, tea_state())):
        x, passes[name] = sampling(run, wan, forward, state, conditions)
        run.add(f"{name}.latent", x, "latent after the last step [16,21,h,w]")
    run.fact(passes=passes, run=dict(**KNOBS, steps=STEPS, shift=SHIFT, guide_scale=GUIDE, solver="unipc", mag=MAG, tea=TEA,
                                     inputs="../pipeline: noise, y_latent_before_patch, tracks, clip_context and the contexts"))


make("steered_run", compute, weights="../ckpt",
     reference="bytedance/ATI 168b443, Zehong-Ma/MagCache df81cb1, ali-vilab/TeaCache 7c10efc",
     function="patch_motion(tracks, y, temperature, topk), magcache_forward and teacache_forward on ATI's WanModel, in a sampling loop with UniPC",
     tolerance=LIMIT)
