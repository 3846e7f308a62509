"""Tracks written into the latent: patch_motion of wan/modules/motion_patch.py."""

import os

import numpy as np
import torch

from golden import make
from reference import checkout, load_module

CASES = ("n1", "n3", "n40", "n400", "ties_identical", "ties_split", "outside", "all_invisible")
CHANNELS = [0, 13]


def waves(shape):
    i = np.arange(np.prod(shape), dtype=np.float64)
    values = 1.5 * np.sin(0.37 * i + 0.11 * np.floor(i / 977))
    return torch.from_numpy(values.astype(np.float32).reshape(shape))


def sums(values):
    values = values.double()
    return dict(sum=float(values.sum()), abs_sum=float(values.abs().sum()), sq_sum=float(values.square().sum()))


def compute(run):
    patch_motion = load_module("patch_reference", os.path.join(checkout(run, "ATI"), "wan/modules/motion_patch.py")).patch_motion
    vid = waves((20, 21, 10, 17))
    run.add("small/vid", vid[4:], "channels 4..19 of the input at 10x17 (channels 0..3 do not change the result)")
    facts = {}
    for name in CASES:
        if name == "n400":
            run.keep(f"small/{name}.tracks_i16.npy", "int16 [81,400,3]: x*4096, y*4096, visibility -1 or 1")
            packed = run.load(f"small/{name}.tracks_i16.npy")
            tracks = torch.zeros(1, 81, packed.shape[1], 4)
            tracks[0, :, :, 1:3] = packed[..., :2].float() / 4096
            tracks[0, :, :, 3] = packed[..., 2].float()
        else:
            run.keep(f"small/{name}.tracks.npy", "tracks [1,81,N,4] as process_tracks gives them")
            tracks = run.load(f"small/{name}.tracks.npy")
        result = patch_motion(tracks, vid.clone(), training=False)
        assert (result[:4] == result[0]).all()
        run.add(f"small/{name}.mask", result[0], "channel 0 of the result (channels 0..3 are equal) [21,H,W]")
        run.add(f"small/{name}.feat", result[[4 + k for k in CHANNELS]], f"channels 4+k of the result for k in {CHANNELS}: [2,21,H,W]")
        facts[name] = dict(N=tracks.shape[2], feature_channels=CHANNELS, mask=sums(result[0]),
                           features_all16=sums(result[4:]), max_mask=float(result[0].max()))
    # at the size of a 480p video, all by formula
    t, n = np.mgrid[0:81, 0:24].astype(np.float64)
    tracks = np.stack([t / 40 - 1, 1.6 * np.sin(0.9 * n + 0.013 * t * (1 + n % 5)),
                       0.95 * np.cos(0.7 * n + 0.017 * t * (1 + n % 3)), np.where((7 * n + t) % 11 < 8, 1.0, -1.0)], -1)
    tracks = torch.from_numpy(tracks.astype(np.float32))[None]
    vid = waves((20, 21, 60, 104))
    result = patch_motion(tracks, vid, training=False)
    run.add("realistic/mask_t1_t20", result[0, [1, 20]], "mask at latent frames 1 and 20 [2,60,104]")
    run.add("realistic/feat_c4t20_c11t1", torch.stack([result[4, 20], result[11, 1]]), "result[4,20] and result[11,1] [2,60,104]")
    flat = vid.flatten()
    run.fact(
        cases=facts,
        vid_formula="vid[flat i] = float32(1.5*sin(0.37*i + 0.11*floor(i/977))), i the flat index of [20,21,H,W]",
        realistic=dict(
            H=60, W=104, T=21, N=24, mask=sums(result[0]), features=sums(result[4:]),
            per_channel_feature_sum=[float(channel.double().sum()) for channel in result[4:]],
            per_frame_mask_sum=[float(frame.double().sum()) for frame in result[0]],
            formula_check=dict(vid_first8=flat[:8].tolist(), vid_at_1000000=float(flat[1000000]) if flat.numel() > 1000000 else None,
                               vid_last=float(flat[-1]), tracks_at_0_40_13=tracks[0, 40, 13].tolist())))


make("patch_motion", compute, function="wan.modules.motion_patch.patch_motion(tracks, vid, temperature=220.0, training=False, vae_divide=(4,16), topk=2)",
     reference="bytedance/ATI 168b443", tolerance="max abs 3e-5. In ties_split two tracks have equal weights: either may be taken, only its mask counts")
