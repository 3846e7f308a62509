"""The size of the latent for an image: WanATI.generate is run up to the line
that draws the noise, and its local variables are read there."""

import importlib
import types

import torch

from golden import make
from reference import checkout, open_wan


class Pixels:
    """In place of an image tensor: the size is all that is read before the noise."""

    def __init__(self, width, height):
        self.shape = (3, height, width)

    def sub_(self, _):
        return self
    div_ = to = sub_


class Drawn(Exception):
    pass


def compute(run):
    open_wan(checkout(run, "ATI"))
    module = importlib.import_module("wan.image2video")
    module.TF = types.SimpleNamespace(to_tensor=lambda image: image)
    pipe = module.WanATI.__new__(module.WanATI)
    pipe.device, pipe.sp_size = torch.device("cpu"), 1
    pipe.vae_stride, pipe.patch_size = (4, 8, 8), (1, 2, 2)

    def drawn(*_, **__):
        raise Drawn
    real, torch.randn = torch.randn, drawn
    rows = []
    for width, height, area in [row[:3] for row in run.manifest()["rows"]]:
        try:
            pipe.generate("", Pixels(width, height), torch.zeros(1), max_area=area, frame_num=81, seed=1)
        except Drawn as stop:
            found = stop.__traceback__.tb_next.tb_frame.f_locals
            rows.append([width, height, area] + [int(found[name]) for name in ("lat_h", "lat_w", "w", "h", "max_seq_len")])
    torch.randn = real
    run.fact(columns=["image_w", "image_h", "max_area", "lat_h", "lat_w", "video_w", "video_h", "seq_len(81 frames)"], rows=rows)


make("latdims", compute, function="wan.image2video.WanATI.generate up to the noise", reference="bytedance/ATI 168b443",
     inputs="the first three columns are read from the golden set", tolerance="equal")
