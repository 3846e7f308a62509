"""From image, tracks and prompt to the video: all of WanATI.generate."""

import importlib
import types

import numpy as np
import torch
from PIL import Image

from golden import make
from reference import T5_FILE, checkout, open_wan, text_encoder, tiny

SETTINGS = dict(max_area=6144, frame_num=81, shift=5.0, sampling_steps=4, guide_scale=5.0)


def frames_as_written(video):
    """The frames that cache_video hands to the encoder, uint8 [T,H,W,3]."""
    utils = importlib.import_module("wan.utils.utils")
    frames = []
    utils.imageio = types.SimpleNamespace(get_writer=lambda *_, **__: types.SimpleNamespace(append_data=frames.append, close=lambda: None))
    utils.cache_video(video[None], save_file="unused", fps=16, nrow=1, normalize=True, value_range=(-1, 1))
    return frames


def sample(run, module, networks, tokens, tracks, solver):
    seen = types.SimpleNamespace(calls=[], contexts={})
    model, vae, clip = networks
    pipe = module.WanATI.__new__(module.WanATI)
    pipe.device, pipe.rank, pipe.t5_cpu, pipe.sp_size = torch.device("cpu"), 0, True, 1
    pipe.num_train_timesteps, pipe.param_dtype = 1000, torch.float32
    pipe.vae_stride, pipe.patch_size, pipe.sample_neg_prompt = (4, 8, 8), (1, 2, 2), "negative"
    encoder = text_encoder(open_wan(checkout(run, "ATI")), run, run.path("ckpt", T5_FILE), tokens)

    def encode_text(texts, device):
        seen.contexts[texts[0]] = encoder(texts, device)[0]
        return [seen.contexts[texts[0]]]

    def visual(videos):
        seen.clip = clip.visual(videos)
        return seen.clip

    def encode(videos):
        seen.y_latent = vae.encode(videos)[0]
        return [seen.y_latent]

    def decode(latents):
        seen.final = latents[0].clone()
        return vae.decode(latents)

    def predict(x, t, y, **rest):
        out = model(x, t=t, y=y, **rest)
        seen.calls.append(dict(x=x[0].clone(), t=int(t), y=y[0], out=out[0].clone(), seq_len=rest["seq_len"]))
        return out
    predict.to = lambda *_: None
    pipe.text_encoder, pipe.model = encode_text, predict
    pipe.clip = types.SimpleNamespace(model=clip.model, visual=visual)
    pipe.vae = types.SimpleNamespace(encode=encode, decode=decode)
    for name in ("FlowUniPCMultistepScheduler", "FlowDPMSolverMultistepScheduler"):
        real = getattr(module, name)
        real = getattr(real, "watched", real)

        def build(*args, real=real, **options):
            seen.scheduler = real(*args, **options)
            return seen.scheduler
        build.watched = real
        setattr(module, name, build)
    draw, torch.randn = torch.randn, lambda *shape, **_: run.load("noise.npy").reshape(shape)
    seen.video = pipe.generate("prompt", Image.open(run.path("image.png")).convert("RGB"), tracks, sample_solver=solver,
                               n_prompt="", seed=0, offload_model=False, **SETTINGS)
    torch.randn = draw
    seen.latents = torch.stack([call["x"] for call in seen.calls[2::2]] + [seen.final])
    return seen


def compute(run):
    wan = open_wan(checkout(run, "ATI"))
    module = importlib.import_module("wan.image2video")
    motion = importlib.import_module("wan.utils.motion")
    module.tqdm = lambda values: values
    networks = tiny(wan, run)
    run.keep("image.png", "input image")
    run.keep("track.pth", "track file in the editor's format, 5 tracks in image pixels")
    run.keep("noise.npy", "initial latent [16,21,lat_h,lat_w]")
    width, height = Image.open(run.path("image.png")).size
    tracks = motion.get_tracks_inference(torch.load(run.path("track.pth"), weights_only=False), height, width)
    run.add("tracks", tracks, "get_tracks_inference(track.pth, height, width) [81,N,4]")
    tokens = {}
    for name in ("prompt", "negative"):
        for part in ("ids", "mask"):
            run.keep(f"{name}.{part}.npy", f"{part} [1,512] of the {name}")
        tokens[name] = [run.load(f"{name}.{part}.npy").long() for part in ("ids", "mask")]
    for solver, prefix in (("unipc", "unipc"), ("dpm++", "dpmpp")):
        seen = sample(run, module, networks, tokens, tracks, solver)
        video = seen.video
        if solver == "unipc":
            y = seen.calls[0]["y"]
            assert (y[:4] == y[0]).all()
            for name in tokens:
                run.add(f"{name}.context", seen.contexts[name], "text context [L,dim]")
            run.add("clip_context", seen.clip, "image features [1,257,dim]")
            run.add("y_latent_before_patch", seen.y_latent, "the autoencoder's part of y before patch_motion [16,21,lat_h,lat_w]")
            run.add("y_after_patch", torch.cat([y[:1], y[4:]]), "y after patch_motion: channel 0, then channels 4..19 [17,21,lat_h,lat_w]")
            run.add("step0_cond", seen.calls[0]["out"], "prediction with the prompt at the first step")
            run.add("step0_uncond", seen.calls[1]["out"], "prediction with the negative prompt at the first step")
            run.add("unipc.latents", seen.latents, "latent after each step [steps,16,21,lat_h,lat_w]")
            run.add("unipc.video_frames", video[:, [0, 4, 5, 80]], "video frames 0, 4, 5, 80 [3,4,H,W]")
            written = frames_as_written(video)
            for t in (0, 40, 80):
                run.image(f"unipc.frame{t:02}", written[t], f"frame {t} as cache_video gives it to the encoder")
            run.fact(lat_h=y.shape[2], lat_w=y.shape[3], video_hw=list(video.shape[2:]), seq_len=seen.calls[0]["seq_len"], max_mask=float(y[0].max()))
        else:
            run.add("dpmpp.latents_frames", seen.latents[:, :, [0, 1, 10, 20]], "latent after each step, latent frames 0, 1, 10, 20")
            run.add("dpmpp.latent_final", seen.final, "last latent [16,21,lat_h,lat_w]")
            run.add("dpmpp.video_frames", video[:, [80]], "video frame 80 [3,1,H,W]")
        run.add(f"{prefix}.video_mean", video.double().mean((2, 3)).T, "mean of every frame and channel [81,3]")
        run.fact(**{prefix: dict(
            timesteps=[call["t"] for call in seen.calls[::2]], sigmas=[float(s) for s in seen.scheduler.sigmas], model_calls=len(seen.calls),
            video_range=[float(video.min()), float(video.max())], clamped_fraction=float((video.abs() >= 1).double().mean()), video_std=float(video.double().std()))})


make("pipeline", compute, function='wan.image2video.WanATI.generate(..., n_prompt="", offload_model=False)', reference="bytedance/ATI 168b443",
     weights="../ckpt (input)", parameters=SETTINGS, replaced="the tokenizer by the ids, torch.randn by noise.npy, flash attention by an exact float32 softmax",
     tolerance="tracks 5e-7; y 5e-5; contexts and step-0 predictions 3e-5 of the largest value; latents 5e-5 of the largest value; video 3e-4")
