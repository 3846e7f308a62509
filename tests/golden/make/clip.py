"""The image encoder: CLIPModel.visual of wan/modules/clip.py."""

import torch
from PIL import Image
from torchvision.transforms import functional as pixels

from golden import make
from reference import CLIP_FILE, checkout, image_encoder, open_wan, watch


def compute(run):
    wan = open_wan(checkout(run, "ATI"))
    clip = image_encoder(wan, run, run.path("ckpt", CLIP_FILE))
    kept = {}
    visual = clip.model.visual

    def keep_input(_, inputs):
        kept.setdefault("input", inputs[0].clone())
    visual.patch_embedding.register_forward_pre_hook(keep_input)
    watch(visual.pre_norm, kept, "pre_norm")
    watch(visual.transformer[0], kept, "block0")

    def features(name):
        image = pixels.to_tensor(Image.open(run.path(name)).convert("RGB"))
        return clip.visual([image.sub(0.5).div(0.5)[:, None]])
    for name, size in (("image.png", "150x100"), ("image2.png", "500x261")):
        run.keep(name, f"input image {size} RGB")
    run.add("features", features("image.png"), "features [1,257,dim]")
    rows = [0, 1, 2, 100, 256]
    run.add("preprocessed_rows", kept["input"][0, :, ::16], "rows 0,16,...,208 of the network's input [3,224,224]")
    run.add("act_pre_norm_rows", kept["pre_norm"][0, rows], f"after pre_norm, tokens {rows}")
    run.add("act_block0_rows", kept["block0"][0, rows], f"after block 0, tokens {rows}")
    run.add("features2_rows", features("image2.png")[0, ::16], "features of image2.png, tokens 0,16,...,256 [17,dim]")
    keys = list(torch.load(run.path("ckpt", CLIP_FILE), weights_only=True))
    run.text("state_dict_keys.json", keys, "keys of the .pth")
    run.fact(preprocessed_channel_mean=kept["input"][0].double().mean((1, 2)).tolist())


make("clip", compute, function="wan.modules.clip.CLIPModel.visual([image[:, None]]) with the image in [-1,1]", reference="bytedance/ATI 168b443",
     weights="../ckpt (input)", tolerance="preprocessed_rows: max abs 2e-5; the others: 2e-5 of the largest value")
