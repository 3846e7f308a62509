"""Time-to-Move: the whole of TTM's pipeline around ATI's tiny networks.

In place of diffusers' transformer, autoencoder and image encoder the pipeline
is given ATI's behind the same calls; text contexts are given."""

import contextlib
import os
import subprocess
import sys
import tempfile
import types

import numpy as np
import torch
from PIL import Image

from golden import LIMIT, make
from reference import checkout, open_wan, tiny

SEED = 41
HEIGHT, WIDTH, FRAMES, STEPS, SHIFT, GUIDE, DRAW = 64, 96, 33, 8, 5.0, 3.5, 23
MOTION_SIZE, MASK_SIZE, EXTRA_MASK_FRAMES = (36, 54), (24, 37), 3
# solver, tweak index, tstrong index
RUNS = [("wan_unipc", 2, 5), ("wan_unipc", -1, 4), ("wan_unipc", 3, 3), ("diffusers_unipc", 2, 5), ("euler", 2, 5)]
PATCHES = ("transformer, VAE and CLIP are ATI's tiny networks behind diffusers' calls; prompt embeddings are the contexts padded with zeros to 512; "
           "the two videos were lossless (FFV1), so motion.u8 and mask.u8 are what load_video_to_tensor read; wan_unipc is ATI's scheduler with "
           "set_timesteps(shift=shift); euler is diffusers' FlowMatchEulerDiscreteScheduler with an add_noise of the same formula, which it lacks, "
           "and sigmas linspace(1,0,n+1)[:-1]")


class Transformer(torch.nn.Module):
    """ATI's transformer behind the call of diffusers'."""
    dtype = torch.float32

    def __init__(self, model, image_dim):
        super().__init__()
        self.model, self.calls = model, []
        self.config = types.SimpleNamespace(image_dim=image_dim, patch_size=(1, 2, 2))

    @contextlib.contextmanager
    def cache_context(self, name):
        self.branch = name
        yield

    def forward(self, hidden_states, timestep, encoder_hidden_states, encoder_hidden_states_image, attention_kwargs, return_dict):
        x, y = hidden_states[0, :16], hidden_states[0, 16:]
        out = self.model([x], t=timestep, context=[encoder_hidden_states[0]], clip_fea=encoder_hidden_states_image, seq_len=x[0].numel() // 4, y=[y])[0]
        self.calls.append(dict(x=x.clone(), out=out.clone(), t=float(timestep), branch=self.branch))
        return (out[None],)


class Autoencoder(torch.nn.Module):
    """ATI's autoencoder behind the call of diffusers'; the pipeline scales."""
    dtype = torch.float32

    def __init__(self, vae):
        super().__init__()
        self.vae = vae.model
        self.config = types.SimpleNamespace(scale_factor_temporal=4, scale_factor_spatial=8, z_dim=16,
                                            latents_mean=vae.mean.tolist(), latents_std=vae.std.tolist())

    def encode(self, video):
        mean = self.vae.encode(video, [0.0, 1.0])
        return types.SimpleNamespace(latent_dist=types.SimpleNamespace(mode=lambda: mean))


def scheduler_of(kind, wan):
    from diffusers import FlowMatchEulerDiscreteScheduler, UniPCMultistepScheduler

    class WanUniPC(wan.unipc.FlowUniPCMultistepScheduler):
        order = 1

        def set_timesteps(self, steps, device=None):
            super().set_timesteps(steps, device=device, shift=SHIFT)

    class Euler(FlowMatchEulerDiscreteScheduler):
        def set_timesteps(self, steps, device=None):
            super().set_timesteps(sigmas=np.linspace(1, 0, steps + 1)[:-1].tolist(), device=device)

        def add_noise(self, original, noise, timesteps):
            # the pipeline cuts the fraction of the time
            at = [int((self.timesteps.long() == t).nonzero()[0]) for t in timesteps]
            sigma = self.sigmas[at].view(-1, 1, 1, 1, 1)
            return (1 - sigma) * original + sigma * noise
    if kind == "wan_unipc":
        return WanUniPC(num_train_timesteps=1000, shift=1, use_dynamic_shifting=False)
    if kind == "diffusers_unipc":
        return UniPCMultistepScheduler(prediction_type="flow_prediction", use_flow_sigmas=True, flow_shift=SHIFT,
                                       num_train_timesteps=1000, solver_order=2, final_sigmas_type="zero")
    return Euler(num_train_timesteps=1000, shift=SHIFT)


def write_lossless(path, frames):
    _, height, width, _ = frames.shape
    command = f"ffmpeg -v error -y -f rawvideo -pix_fmt rgb24 -s {width}x{height} -r 16 -i - -c:v ffv1 -pix_fmt bgr0".split()
    subprocess.run([*command, path], input=frames.tobytes(), check=True)


def disc(t, height, width, radius):
    """Where the drifting disc is in frame t."""
    y, x = np.mgrid[0:height, 0:width]
    center_x, center_y = width * (0.2 + 0.6 * t / FRAMES), height * (0.6 - 0.3 * t / FRAMES)
    return (x - center_x) ** 2 + (y - center_y) ** 2 < (height * radius) ** 2


def motion_video(rng):
    height, width = MOTION_SIZE
    y, x = np.mgrid[0:height, 0:width]
    ground = np.stack([x * 200 / width + 20, y * 160 / height + 60, 128 + 90 * np.sin(x / 5 + y / 9)], -1)
    ground += rng.uniform(-25, 25, (height, width, 3))
    frames = [np.where(disc(t, height, width, 0.28)[..., None], np.array([250, 40 + t * 3 % 200, 10]), ground) for t in range(FRAMES)]
    return np.stack(frames).clip(0, 255).astype(np.uint8)


def mask_video():
    height, width = MASK_SIZE
    mask = np.zeros((FRAMES + EXTRA_MASK_FRAMES, height, width, 3), np.uint8)
    for t, frame in enumerate(mask):
        frame[disc(t, height, width, 0.3), t % 3] = 255      # any one channel is enough
        frame[: height // 3, : width // 5] = 127             # just below one half
        frame[-(height // 4):, -(width // 6):, 1] = 128      # just above
    return mask


def first_image(rng):
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH]
    blue = 128 + 90 * np.sin(x / 9 + y / 17) + rng.uniform(-20, 20, x.shape)
    return Image.fromarray(np.stack([x * 200 / WIDTH + 20, y * 160 / HEIGHT + 60, blue], -1).clip(0, 255).astype(np.uint8))


def compute(run):
    sys.path.insert(0, checkout(run, "TTM"))
    wan = open_wan(checkout(run, "ATI"))
    from pipelines import wan_pipeline

    class Pipeline(wan_pipeline.WanImageToVideoTTMPipeline):
        _execution_device = torch.device("cpu")

        def encode_image(self, image, device=None):
            pixels = torch.from_numpy(np.asarray(image).copy()).permute(2, 0, 1) / 255.0
            self.image_features = clip.visual([pixels.sub(0.5).div(0.5)[:, None]])
            return self.image_features

        def prepare_latents(self, *args, **options):
            self.noise, self.condition = super().prepare_latents(*args, **options)
            return self.noise, self.condition

        def convert_rgb_mask_to_latent_mask(self, mask):
            self.mask_pixels, self.mask_latent = mask, super().convert_rgb_mask_to_latent_mask(mask)
            return self.mask_latent

    model, vae, clip = tiny(wan, run)
    rng = np.random.default_rng(SEED)
    motion, mask, image = motion_video(rng), mask_video(), first_image(rng)
    contexts = {name: run.load("pipeline", f"{name}.context.npy") for name in ("prompt", "negative")}
    padded = {name: torch.nn.functional.pad(value, (0, 0, 0, 512 - len(value)))[None] for name, value in contexts.items()}
    latent_frames = (FRAMES - 1) // 4 + 1
    kept = sorted({0, 1, latent_frames // 2, latent_frames - 1})
    run.image("image", image, "first frame, already of the video's size (so that no resampling of it matters)")
    with tempfile.TemporaryDirectory() as folder:
        files = [os.path.join(folder, name) for name in ("motion.mkv", "mask.mkv")]
        write_lossless(files[0], motion)
        write_lossless(files[1], mask)
        read = wan_pipeline.load_video_to_tensor(files[0])[0].permute(1, 2, 3, 0).numpy()
        assert ((read * 255).round().astype(np.uint8) == motion).all()
        for n, (kind, tweak, strong) in enumerate(RUNS):
            pipe = Pipeline(tokenizer=None, text_encoder=None, vae=Autoencoder(vae), scheduler=scheduler_of(kind, wan),
                            transformer=Transformer(model, contexts["prompt"].shape[1]))
            pipe.set_progress_bar_config(disable=True)
            drawn, resized, references, latents = [], [], [], []

            def keeping(function, results):
                def call(*args, **options):
                    results.append(function(*args, **options))
                    return results[-1]
                return call

            def after(_, step, t, values):
                latents.append(values["latents"][0].clone())
                return values
            real = wan_pipeline.randn_tensor, wan_pipeline.retrieve_latents
            wan_pipeline.randn_tensor, wan_pipeline.retrieve_latents = keeping(real[0], drawn), keeping(real[1], references)
            pipe.video_processor.normalize = keeping(pipe.video_processor.normalize, resized)
            result = pipe(
                image=image, prompt_embeds=padded["prompt"], negative_prompt_embeds=padded["negative"], height=HEIGHT, width=WIDTH,
                num_frames=FRAMES, num_inference_steps=STEPS, guidance_scale=GUIDE, generator=torch.Generator().manual_seed(DRAW),
                output_type="latent", motion_signal_video_path=files[0], motion_signal_mask_path=files[1], tweak_index=tweak,
                tstrong_index=strong, callback_on_step_end=after)
            wan_pipeline.randn_tensor, wan_pipeline.retrieve_latents = real
            fixed, sigmas, calls = drawn[0][0], pipe.scheduler.sigmas, pipe.transformer.calls
            generator = torch.Generator().manual_seed(DRAW)
            for draw in (pipe.noise[0], fixed):
                assert (torch.randn(draw.shape, generator=generator) == draw).all()
            scale = [value.view(16, 1, 1, 1) for value in (vae.mean, 1.0 / vae.std)]
            reference = (references[0][0] - scale[0]) * scale[1]
            if tweak >= 0:  # the start said as a formula
                assert (calls[0]["x"] - (1 - sigmas[tweak]) * reference - sigmas[tweak] * fixed).abs().max() < 1e-6
            assert (result.frames[0] == latents[-1]).all()
            if n == 0:
                middle = latent_frames * 2
                run.add("motion.u8", motion, "motion_signal video, frames as a decoder gives them [T,H,W,RGB] uint8")
                run.add("mask.u8", mask, f"mask video [{len(mask)},H,W,RGB] uint8 ({EXTRA_MASK_FRAMES} frames more than num_frames: trimmed)")
                for name, value in contexts.items():
                    run.add(f"{name}.context", value, "text context [L,dim], given (the same as ../pipeline's)")
                run.add("clip_context", pipe.image_features, "clip.visual of image.png [1,257,dim]")
                run.add("motion_resized", resized[-1][0][:, middle], f"frame {middle} of the motion signal after bicubic (align_corners=True, not clamped) and *2-1 [3,h,w]")
                run.add("mask_pixels", pipe.mask_pixels.numpy()[[0, 1, 5], 0].astype(np.uint8), "frames 0, 1, 5 of the mask at picture size, 0 or 1 [3,h,w]")
                run.add("ref_latent", reference, "reference latent [16,F,h/8,w/8]")
                run.add("mask_latent", pipe.mask_latent[0, :, 0].numpy().astype(np.uint8), "latent mask, 0 or 1 [F,h/8,w/8]")
                run.add("noise", pipe.noise[0], f"first draw of the CPU generator, seed {DRAW} (the start when tweak is -1)")
                run.add("fixed_noise", fixed, "second draw of the same generator: eps, kept for the whole run")
                run.add("condition", pipe.condition[0][[0, 4, 13]], "channels 0, 4, 13 of y [20,F,h,w]: plain I2V, mask 1 in latent frame 0")
                run.fact(mask_share=float(pipe.mask_latent.float().mean()), latent_frames_kept=kept)
            frames = slice(None) if n == 0 else kept
            words = "" if n == 0 else f", latent frames {kept}"
            run.add(f"run{n}.start", calls[0]["x"][:, frames], f"x at the first step{words}")
            run.add(f"run{n}.latents", torch.stack(latents)[:, :, frames], f"latent after every step, injection included [{len(latents)},16,{'F' if n == 0 else len(kept)},h,w]{words}")
            run.add(f"run{n}.step0_cond", calls[0]["out"][:, kept], f"model output with the prompt at the first step, latent frames {kept}")
            run.fact(**{f"run{n}": dict(
                solver=kind, tweak_index=tweak, tstrong_index=strong, sigmas=[float(s) for s in sigmas],
                timesteps_given_to_the_model=[call["t"] for call in calls if call["branch"] == "cond"],
                injected_after_steps=[i for i in range(max(tweak, 0), STEPS) if i < strong])})


make("time_to_move", compute, seed=SEED, reference="time-to-move/TTM ad9ecea, bytedance/ATI 168b443 (networks, Wan's UniPC), diffusers 0.42.1",
     weights="../ckpt", patches=PATCHES, function="pipelines.wan_pipeline.WanImageToVideoTTMPipeline.__call__, unmodified",
     parameters=dict(height=HEIGHT, width=WIDTH, frames=FRAMES, steps=STEPS, shift=SHIFT, guide=GUIDE, seed=DRAW, motion=MOTION_SIZE, extra_mask=EXTRA_MASK_FRAMES, mask=MASK_SIZE),
     tolerance=LIMIT + "; mask_pixels and mask_latent: equal")
