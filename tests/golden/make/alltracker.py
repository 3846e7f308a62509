"""AllTracker: its features, a look-up, and the tracks of both of its loops, for
small networks of random weights.

The weights and the frames are inputs, read from the golden set. The widths of
the ConvNeXt encoder are a literal in the source; it is replaced before it runs.
"""

import sys
import types

import numpy as np
import torch

from golden import make
from reference import checkout

LITERAL = """                CNBlockConfig(96, 192, 3, True), # 4x
                CNBlockConfig(192, 384, 3, False), # 8x
                CNBlockConfig(384, None, 9, False), # 8x
"""
SMALL = """                CNBlockConfig(24, 48, 1, True),
                CNBlockConfig(48, 64, 1, False),
                CNBlockConfig(64, None, 2, False),
"""


def network(run, name, dim):
    """The network with its weights; all of it stays on the CPU."""
    path = checkout(run, "alltracker")
    if path not in sys.path:
        sys.path.insert(0, path)
    torch.Tensor.cuda = lambda self, *_, **__: self
    text = open(f"{path}/nets/alltracker.py").read()
    assert LITERAL in text and text.count("conv1x1(384, dim*2)") == 1
    text = text.replace(LITERAL, SMALL).replace("conv1x1(384, dim*2)", "conv1x1(64, dim*2)")
    module = types.ModuleType("small_alltracker")
    exec(compile(text, path, "exec"), module.__dict__)
    tiny = name == "alltracker_tiny.pth"
    model = module.Net(16, dim=dim, hdim=dim, use_basicencoder=tiny, no_split=tiny, init_weights=False)
    state = torch.load(run.path(name), weights_only=True)["model"]
    model.load_state_dict(run.weights(state), strict=True)
    return model.eval()


def at_points(values, points):
    """[T, 2, H, W] at (x, y) as [N, T, 2]."""
    return values[:, :, points[:, 1], points[:, 0]].permute(2, 0, 1)


def compute(weights, dim, taps):
    def case(run):
        model = network(run, weights, dim)
        for name, meaning in ((weights, "random weights"), ("frames.npy", "[T,H,W,3] RGB"), ("points.npy", "[N,2] x, y in the first frame")):
            run.keep(name, meaning)
        frames = run.load("frames.npy").permute(0, 3, 1, 2).float()[None]
        points = run.load("points.npy").long()
        features, look_ups = [], []
        encoder = model.fnet if hasattr(model, "fnet") else model.dot_conv
        hooks = [
            encoder.register_forward_hook(lambda *args: features.append(args[2])),
            model.update_block.motion_encoder.register_forward_pre_hook(lambda _, args: look_ups.append(args)),
        ]
        for loop, suffix in ((model.forward, ""), (model.forward_sliding, "_sliding")):
            if suffix and "it3" not in taps:
                continue
            flow, visconf = (value[0].cpu() for value in loop(frames, iters=4)[:2])
            run.add("tracks" + suffix, at_points(flow, points) + points[:, None], "x, y in px, [N,T,2]")
            run.add("visconf" + suffix, at_points(visconf, points), "visible, confident, from 0 to 1, [N,T,2]")
            for hook in hooks:
                hook.remove()
        for frame in taps["features"]:
            run.add(f"fmap_{frame}", features[0][frame], "encoder's result [C,h,w]")
        if "it3" in taps:
            frame = taps["it3"]
            flow, found = (next(arg for arg in look_ups[3] if arg.shape[1] == channels)[frame] for channels in (2, 405))
            rows, columns = flow.shape[1:]
            grid = np.stack(np.meshgrid(np.arange(columns), np.arange(rows)))
            three = [0, rows // 2, rows - 1]
            run.add("it3_coords_rows", (flow + torch.from_numpy(grid))[:, three], "centers of the last iteration's look-up in the first window: x, y in cells, rows 0, h/2, h-1")
            run.add("it3_corr_rows", found[:, three[1:]], "what it finds, rows h/2, h-1")
    return case


if __name__ == "__main__":
    make("alltracker/full", compute("alltracker.pth", 32, {"features": [0, 13], "it3": 13}), reference="aharley/alltracker c1ed462, nets.alltracker.Net.forward and forward_sliding")
    make("alltracker/tiny", compute("alltracker_tiny.pth", 24, {"features": [11]}), reference="aharley/alltracker c1ed462, nets.alltracker.Net.forward")
