"""ATI's options that its own program leaves at their defaults: temperature,
topk, and the share of the steps that have motion."""

import importlib

import numpy as np
import torch

from golden import LIMIT, make
from reference import checkout, open_wan, tiny

SEED = 71
# tracks, temperature, topk
PATCHES = [(6, 20.0, 2), (6, 1000.0, 1), (6, 220.0, 10), (30, 60.0, 5), (4, 0.0, 10), (1, 110.5, 3)]
# steps, start_percent, end_percent
WINDOWS = [(40, 0.0, 0.5), (10, 0.3, 0.6), (4, 0.25, 0.75), (7, 0.0, 0.0), (6, 0.5, 0.2), (20, 0.15, 1.0), (25, 1.0, 1.0), (50, 0.07, 0.29)]
RULE = ("motion in step i of n (0 first) when start <= i/n <= end, both ends included; or when end > 0 and i == 0 and 0 >= start. "
        "Both branches get the same y. Outside: y of plain I2V with its own mask (latent frame 0 one, the rest zero).")


def has_motion(start, end, step, steps):
    """The rule of ComfyUI-WanVideoWrapper's sampler."""
    share = step / steps
    return start <= share <= end or (end > 0 and step == 0 and share >= start)


def random_tracks(rng, count, height, width):
    """Tracks [1,81,N,4] as process_tracks gives them."""
    short = min(height, width)
    first = rng.uniform(-0.9, 0.9, (1, 1, count, 2)) * [width / short, height / short]
    places = first + np.cumsum(rng.normal(0, 0.02, (1, 81, count, 2)), 1)
    visible = rng.uniform(size=(1, 81, count, 1)) < 0.9
    times = np.linspace(-1, 1, 81).reshape(1, 81, 1, 1).repeat(count, 2)
    return torch.from_numpy(np.concatenate([times, places, np.where(visible, 1, 0)], -1).astype(np.float32))


def patches(run, rng, patch_motion):
    height, width, channels = 12, 9, [1, 8]
    picked = [4 + k for k in channels]
    vid = torch.from_numpy(rng.normal(0, 1, (20, 21, height, width)).astype(np.float32))
    run.add("vid", vid[picked], f"channels 4+{channels} of the input [2,21,{height},{width}] (channels do not influence each other: the others may be anything)")
    facts = {}
    for n, (count, temperature, topk) in enumerate(PATCHES):
        options = dict(temperature=temperature, topk=topk, training=False)
        tracks = random_tracks(rng, count, height, width)
        result = patch_motion(tracks, vid, **options)
        run.add(f"patch{n}.tracks", tracks, "tracks [1,81,N,4] as process_tracks yields them")
        run.add(f"patch{n}.mask", result[0], "out[0] (= out[1..3]) [21,H,W]")
        run.add(f"patch{n}.feat", result[picked], f"out[4+k] for k in {channels} [2,21,H,W]")
        torch.set_default_dtype(torch.float64)
        exact = patch_motion(tracks.double(), vid.double(), **options)
        torch.set_default_dtype(torch.float32)
        apart = (exact - result).abs()
        facts[f"patch{n}"] = dict(tracks=count, temperature=temperature, topk=topk, largest_mask=float(result[0].max()),
                                  float32_vs_float64=dict(mask=float(apart[0].max()), feat=float(apart[4:].max())))
    return facts


def sampling(run, rng, wan, patch_motion):
    """A sampling in which some steps have the motion."""
    model, _, _ = tiny(wan, run)
    contexts = [run.load("pipeline", f"{name}.context.npy") for name in ("prompt", "negative")]
    image = run.load("pipeline", "clip_context.npy")
    height, width, guide = 4, 6, 5.0
    options = dict(temperature=150.0, topk=1, steps=6, start_percent=0.1, end_percent=0.5, shift=5.0)
    noise = torch.from_numpy(rng.normal(0, 1, (16, 21, height, width)).astype(np.float32))
    plain = torch.from_numpy(rng.normal(0, 1, (20, 21, height, width)).astype(np.float32))
    plain[:4] = 0
    plain[:4, 0] = 1
    tracks = random_tracks(rng, 3, height, width)
    moved = patch_motion(tracks, plain, temperature=options["temperature"], topk=options["topk"], training=False)
    scheduler = wan.unipc.FlowUniPCMultistepScheduler(num_train_timesteps=1000, shift=1, use_dynamic_shifting=False)
    scheduler.set_timesteps(options["steps"], device="cpu", shift=options["shift"])
    window = [has_motion(options["start_percent"], options["end_percent"], i, options["steps"]) for i in range(options["steps"])]
    x, latents = noise, []
    for with_motion, t in zip(window, scheduler.timesteps):
        rest = dict(t=torch.stack([t]), clip_fea=image, seq_len=21 * height * width // 4, y=[moved if with_motion else plain])
        cond, uncond = (model([x], context=[context], **rest)[0] for context in contexts)
        x = scheduler.step((uncond + guide * (cond - uncond))[None], t, x[None], return_dict=False)[0][0]
        latents.append(x)
    run.add("run.noise", noise, "initial latent [16,21,h,w]")
    run.add("run.plain_y", plain[4:], "channels 4..19 of y without motion [16,21,h,w]; channels 0..3 of it: 1 in latent frame 0, 0 after")
    run.add("run.tracks", tracks, "tracks [1,81,3,4] as process_tracks yields them")
    run.add("run.latents", torch.stack(latents), f"latent after every step [{len(latents)},16,21,h,w]")
    return dict(**options, guide_scale=guide, solver="unipc", timesteps=[int(t) for t in scheduler.timesteps],
                steps_with_motion=[i for i, on in enumerate(window) if on],
                context="../pipeline/{prompt,negative}.context.npy", clip="../pipeline/clip_context.npy")


def compute(run):
    wan = open_wan(checkout(run, "ATI"))
    patch_motion = importlib.import_module("wan.modules.motion_patch").patch_motion
    rng = np.random.default_rng(SEED)
    cases = patches(run, rng, patch_motion)
    table = [dict(steps=steps, start_percent=start, end_percent=end, steps_with_motion=[i for i in range(steps) if has_motion(start, end, i, steps)])
             for steps, start, end in WINDOWS]
    run.fact(patch_cases=cases, percent_rule=RULE, percent_table=table, run=sampling(run, rng, wan, patch_motion))


make("ati_knobs", compute, seed=SEED, reference="bytedance/ATI 168b443", weights="../ckpt",
     function="wan.modules.motion_patch.patch_motion(tracks, vid, temperature, topk, training=False); a sampling loop around ATI's model and UniPC",
     tolerance="patch*: max abs 3e-5; run.latents: " + LIMIT)
