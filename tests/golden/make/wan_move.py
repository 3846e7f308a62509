"""Wan-Move: features of the first frame copied along the tracks, alone and in
the whole of WanMove.generate; the strength of ComfyUI's version."""

import importlib
import os
import sys
import types

import numpy as np
import torch
from PIL import Image

from golden import LIMIT, make
from reference import checkout, load_module, open_wan, stub, tiny

SEED = 31
FRAMES = 81
SETTINGS = dict(max_area=6144, sampling_steps=3, shift=3.0, guide_scale=5.0, seed=17)
PATCHES = ("torch.randperm is the identity and algorithms are deterministic: no shuffle, and writes to one cell go in order, so of tracks "
           "that meet in a cell the one with the larger index is kept. The strength is replace_feature of ComfyUI's nodes_wanmove.py.")


def in_order(latent, cells):
    """The rule as a loop, to be sure that the reference wrote in this order."""
    result = latent.copy()
    for track in cells:
        (row, column) = track[0]
        for frame, (y, x) in enumerate(track[1:], 1):
            if y >= 0 and x >= 0:
                result[:, frame, y, x] = latent[:, 0, row, column]
    return result


def scenes(rng, height, width):
    """Name, tracks [T,N,2] and visibility [T,N] of what can go wrong."""
    def walk(count, step):
        start = rng.uniform(0, 1, (1, count, 2)) * [width, height]
        return start + np.cumsum(rng.normal(0, step, (FRAMES, count, 2)), 0)

    def sometimes(count, share):
        return rng.uniform(size=(FRAMES, count)) < share

    def always(count):
        return np.ones((FRAMES, count), bool)
    yield "one", walk(1, 1.5), always(1)
    yield "several", walk(6, 2.5), sometimes(6, 0.8)
    # borders of cells and of the image, and what is beyond
    places = np.array([[0, 0], [7.999, 8.0], [-0.001, 5], [width, 3], [width - 0.001, height - 0.001], [5, height], [-0.0, 16], [15.5, 23.75]])
    tracks = np.repeat(places[None], FRAMES, 0)
    tracks[1:] += np.linspace(0, 9, FRAMES - 1)[:, None, None] * rng.choice([-1, 1], (1, len(places), 2))
    yield "edges", tracks, always(len(places))
    # not visible or outside in frame 0 and visible later: the source is cell (-1, -1)
    tracks, visible = walk(4, 2.0), always(4)
    tracks = np.clip(tracks, 0.5, np.array([width, height]) - 0.5)
    visible[0, 0] = visible[:5, 1] = False
    tracks[0, 2] = [-3.0, 10.0]
    yield "late", tracks, visible
    # many tracks on few cells
    crowd = np.repeat(walk(5, 3.0), 8, 1) + rng.uniform(-2, 2, (FRAMES, 40, 2))
    yield "meeting", crowd, sometimes(40, 0.7)
    yield "unseen", walk(3, 1.0), np.zeros((FRAMES, 3), bool)
    # fewer frames leave the later latent frames alone
    yield "short", walk(3, 2.0)[:37], np.ones((37, 3), bool)
    # a number as visibility: everything but 0 is visible
    yield "visibility_numbers", walk(4, 2.0), rng.choice([0.0, 0.25, 1.0, -1.0], (FRAMES, 4)).astype(np.float32)


def rules(run, rng, trajectory, comfy):
    height, width, kept = 11, 8, [2, 15]
    latent = rng.normal(0, 1, (16, 21, height, width)).astype(np.float32)
    run.add("rule.latent", latent[kept], f"channels {kept} of the y latent that the rule is applied to [2,21,{height},{width}] (the rule treats all channels alike)")
    for name, tracks, visible in scenes(rng, height * 8, width * 8):
        tracks = tracks.astype(np.float32)
        _, cells = trajectory.create_pos_feature_map(torch.from_numpy(tracks), torch.from_numpy(visible), [4, 8, 8], height * 8, width * 8, 16,
                                                     track_num=visible.shape[-1], device=torch.device("cpu"))
        edited = trajectory.replace_feature(torch.from_numpy(latent.copy())[None], cells[None])[0].numpy()
        assert (edited == in_order(latent, cells.numpy())).all(), name
        run.add(f"rule.{name}.tracks", tracks, "track file [T,N,2], x then y, pixels")
        run.add(f"rule.{name}.visible", visible, "visibility file [T,N]")
        run.add(f"rule.{name}.cells", cells.numpy().astype(np.int16), "create_pos_feature_map's track_pos [N,ceil(T/4),2], row then column, -1 -1 where not seen or outside")
        run.add(f"rule.{name}.edited", edited[kept], f"replace_feature: channels {kept} [2,21,{height},{width}]")
        if name == "meeting":
            crowd = cells
    for strength in (0.6, 1.7):
        edited = comfy.replace_feature(torch.from_numpy(latent.copy())[None], crowd[None], strength)[0]
        run.add(f"rule.meeting.strength_{strength}", edited.numpy()[kept], f"rule.meeting with strength {strength}: dst + (src - dst) * strength, all reads before all writes; channels {kept}")


def drawing(rng, height, width):
    y, x = np.mgrid[0:height, 0:width]
    red, green = 128 + 100 * np.sin(x / 9 + y / 23), 255 * y / height
    blue = ((x // 11 + y // 13) % 2) * 150 + rng.uniform(0, 60, (height, width))
    return Image.fromarray(np.stack([red, green, blue], -1).clip(0, 255).astype(np.uint8))


def generation(run, rng, wan, module):
    model, vae, clip = tiny(wan, run)
    height, width, count = 96, 76, 5
    image = drawing(rng, height, width)
    steps_of_tracks = np.cumsum(rng.normal(0, 1.2, (1, FRAMES, count, 2)), 1)
    tracks = (steps_of_tracks + rng.uniform(0.1, 0.9, (1, 1, count, 2)) * [width, height]).astype(np.float32)
    visible = rng.uniform(size=(1, FRAMES, count)) < 0.9
    visible[0, 0, :] = True
    visible[0, 0, 1] = False                    # is visible later
    tracks[0, :, 2] += [width * 0.9, 0]         # leaves the image or is outside
    contexts = {name: run.load("pipeline", f"{name}.context.npy") for name in ("prompt", "negative")}
    seen = types.SimpleNamespace(calls=[])

    def encode(videos):
        result = vae.encode(videos)
        seen.before = result[0].clone()
        return result

    def decode(latents):
        seen.final = latents[0].clone()
        return vae.decode(latents)

    def visual(videos):
        seen.clip = clip.visual(videos)
        return seen.clip

    def predict(x, t, y, **rest):
        out = model(x, t=t, y=y, **rest)
        seen.calls.append(dict(x=x[0].clone(), y=y[0].clone(), t=int(t), out=out[0].clone()))
        return out
    predict.to = lambda *_: None
    pipe = module.WanMove.__new__(module.WanMove)
    pipe.device, pipe.rank, pipe.use_usp, pipe.t5_cpu, pipe.sp_size = torch.device("cpu"), 0, False, True, 1
    pipe.num_train_timesteps, pipe.param_dtype = 1000, torch.float32
    pipe.vae_stride, pipe.patch_size, pipe.sample_neg_prompt = (4, 8, 8), (1, 2, 2), "negative"
    pipe.text_encoder, pipe.model = lambda texts, device: [contexts[texts[0]]], predict
    pipe.vae = types.SimpleNamespace(encode=encode, decode=decode)
    pipe.clip = types.SimpleNamespace(model=clip.model, visual=visual)
    scaled = tracks.copy()  # generate scales the caller's array in place
    video = pipe.generate("prompt", image, scaled, visible.copy(), frame_num=FRAMES, sample_solver="unipc", offload_model=False, eval_bench=False, **SETTINGS)
    y, noise = seen.calls[0]["y"], seen.calls[0]["x"]
    lat = list(noise.shape[2:])
    assert (y == seen.calls[1]["y"]).all() and not (y[4:] == seen.before).all()
    assert (noise == torch.randn(noise.shape, generator=torch.Generator().manual_seed(SETTINGS["seed"]))).all()
    frames = [0, 1, 10, 20]
    run.image("image", image, "input picture")
    run.add("tracks", tracks, "the track file as given [1,81,N,2] (generate scales the caller's array in place: these are the values before)")
    run.add("visible", visible, "the visibility file [1,81,N] bool")
    run.add("scaled_tracks", scaled[0], "what generate leaves in it: pixels of the conditioning picture [81,N,2]")
    for name, value in contexts.items():
        run.add(f"{name}.context", value, "text context [L,dim], given (the same as ../pipeline's)")
    run.add("noise", noise, f"initial latent, torch.randn with a CPU generator of seed {SETTINGS['seed']}")
    run.add("clip_context", seen.clip, "clip.visual output [1,257,dim]")
    run.add("y_before", seen.before, "VAE part of y before replace_feature [16,21,h,w]")
    run.add("y_edited_frames", y[4:, frames], f"channels 4..19 of the y that both branches get, latent frames {frames} [16,4,h,w] (channels 0..3: 1 in latent frame 0, 0 after)")
    run.add("y_edited_channel", y[13], "channel 13 of the same, all frames [21,h,w]")
    run.add("step0_cond", seen.calls[0]["out"][:, frames], f"model output with the prompt at the first step, latent frames {frames}")
    run.add("step0_uncond", seen.calls[1]["out"][:, frames], f"model output with the negative prompt at the first step, latent frames {frames}")
    run.add("latents", torch.stack([call["x"] for call in seen.calls[2::2]] + [seen.final]), "latent after each UniPC step [steps,16,21,h,w]")
    run.add("video_frames", video[:, [4, 80]], "video float frames 4, 80: [3,2,H,W]")
    # the unconditional branch without motion, as Wan2GP does
    plain = torch.cat([y[:4], seen.before])
    scheduler = wan.unipc.FlowUniPCMultistepScheduler(num_train_timesteps=1000, shift=1, use_dynamic_shifting=False)
    scheduler.set_timesteps(SETTINGS["sampling_steps"], device="cpu", shift=SETTINGS["shift"])
    x, tokens = noise, 21 * lat[0] * lat[1] // 4
    for t in scheduler.timesteps:
        rest = dict(t=torch.stack([t]), clip_fea=seen.clip, seq_len=tokens)
        cond = model([x], context=[contexts["prompt"]], y=[y], **rest)[0]
        uncond = model([x], context=[contexts["negative"]], y=[plain], **rest)[0]
        x = scheduler.step((uncond + SETTINGS["guide_scale"] * (cond - uncond))[None], t, x[None], return_dict=False)[0][0]
    run.add("latent_final.plain_uncond", x, "last latent when the uncond branch gets the y before replace_feature, as Wan2GP does (a loop over the same model and scheduler)")
    run.fact(lat_hw=lat, video_hw=list(video.shape[2:]), seq_len=tokens, timesteps=[call["t"] for call in seen.calls[::2]],
             sigmas=[float(s) for s in scheduler.sigmas], edited_cells=int((y[4:] != seen.before).any(0).sum()))


def compute(run):
    wan = open_wan(checkout(run, "Wan-Move"))
    stub("imageio.v3", "nodes", "node_helpers", "comfy", "comfy.model_management", "comfy.utils", "comfy_api", "comfy_api.latest",
         "comfy_extras", "comfy_extras.nodes_wan")
    trajectory = importlib.import_module("wan.modules.trajectory")
    module = importlib.import_module("wan.wan_move")
    module.tqdm = lambda values: values
    module.amp = types.SimpleNamespace(autocast=lambda **_: torch.autocast("cpu", enabled=False))
    # classes that ComfyUI's nodes derive from
    sys.modules["comfy_api.latest"].ComfyExtension = object
    sys.modules["comfy_api.latest"].io.ComfyNode = object
    comfy = load_module("comfy_wan_move", os.path.join(checkout(run, "ComfyUI"), "comfy_extras/nodes_wanmove.py"))
    torch.randperm = lambda count, *_, **__: torch.arange(count)
    torch.use_deterministic_algorithms(True)
    rng = np.random.default_rng(SEED)
    rules(run, rng, trajectory, comfy)
    generation(run, rng, wan, module)


make("wan_move", compute, seed=SEED, reference="ali-vilab/Wan-Move 27409be, comfyanonymous/ComfyUI bbb8864", weights="../ckpt", patches=PATCHES,
     function="wan.wan_move.WanMove.generate(..., eval_bench=False, offload_model=False); wan.modules.trajectory.create_pos_feature_map and replace_feature",
     parameters=dict(SETTINGS, frame_num=FRAMES, solver="unipc"), tolerance="rule.*: equal, but strength_*: 1e-6. " + LIMIT)
