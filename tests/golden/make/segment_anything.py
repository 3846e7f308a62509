"""A tiny Segment Anything model with random weights, as two ONNX files, and what
it makes of an image and points. The reference is SamModel of transformers: no
checkout is needed, the argument REFERENCES is not looked at.
"""

import os

import numpy as np
import torch
from PIL import Image
from transformers import SamConfig, SamMaskDecoderConfig, SamModel, SamPromptEncoderConfig, SamVisionConfig

from golden import make

SIDE = 64
MEAN, DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


def network():
    torch.manual_seed(3)
    config = SamConfig(
        vision_config=SamVisionConfig(
            hidden_size=8, output_channels=8, num_hidden_layers=1, num_attention_heads=1, image_size=SIDE,
            patch_size=16, window_size=0, global_attn_indexes=[0], num_pos_feats=4, mlp_dim=8).to_dict(),
        prompt_encoder_config=SamPromptEncoderConfig(
            hidden_size=8, image_size=SIDE, patch_size=16, mask_input_channels=4).to_dict(),
        mask_decoder_config=SamMaskDecoderConfig(
            hidden_size=8, mlp_dim=8, num_hidden_layers=1, num_attention_heads=1, attention_downsample_rate=1,
            iou_head_hidden_dim=8, iou_head_depth=2).to_dict())
    config.vision_config._attn_implementation = "eager"
    model = SamModel._from_config(config, attn_implementation="eager") if hasattr(SamModel, "_from_config") else SamModel(config)
    for name, value in model.named_parameters():
        if value.dim() > 1:
            torch.nn.init.normal_(value, std=0.5)
    return model.eval()


class Encoder(torch.nn.Module):
    def __init__(self, model):
        super().__init__()
        self.model = model

    def forward(self, pixel_values):
        positions = self.model.get_image_wide_positional_embeddings()
        embeddings = self.model.vision_encoder(pixel_values)[0]
        return embeddings, positions.repeat(pixel_values.shape[0], 1, 1, 1)


class Decoder(torch.nn.Module):
    def __init__(self, model):
        super().__init__()
        self.model = model

    def forward(self, input_points, input_labels, image_embeddings, image_positional_embeddings):
        sparse, dense = self.model.prompt_encoder(input_points=input_points, input_labels=input_labels, input_boxes=None, input_masks=None)
        made = self.model.mask_decoder(
            image_embeddings=image_embeddings, image_positional_embeddings=image_positional_embeddings,
            sparse_prompt_embeddings=sparse, dense_prompt_embeddings=dense, multimask_output=True)
        return made[1], made[0]


def picture():
    """An image of 90 x 60: a disc, a frame, and a slope."""
    y, x = np.mgrid[0:60, 0:90]
    pixels = np.stack([x * 2, y * 4, (x * y) % 251], 2).astype(np.uint8)
    pixels[(x - 30) ** 2 + (y - 25) ** 2 < 200] = (240, 40, 60)
    return Image.fromarray(pixels)


def compute(run):
    model = network()
    model.load_state_dict(run.weights(model.state_dict()), strict=False)
    image = picture()
    run.image("image", image, "the image, 90 x 60")
    scale = SIDE / max(image.size)
    size = [int(side * scale + 0.5) for side in image.size]
    small = image.resize(size, Image.BILINEAR)
    run.image("resized", small, "the image as Pillow makes it smaller: 64 x 43")
    # SamImageProcessor: rescale, normalize, pad
    pixels = (np.asarray(small) / 255 - MEAN) / DEVIATION
    padded = np.zeros((1, 3, SIDE, SIDE), np.float32)
    padded[0, :, :size[1], :size[0]] = pixels.transpose(2, 0, 1)
    run.add("pixel_values", padded, "the network's input [1,3,64,64]")
    pixel_values = torch.from_numpy(padded)
    for name, points in (("one", [(30, 25, 1)]), ("two", [(30, 25, 1), (70.5, 50, 0)])):
        at = torch.tensor([[[[x * size[0] / image.width, y * size[1] / image.height] for x, y, _ in points]]])
        labels = torch.tensor([[[label for _, _, label in points]]])
        made = model(pixel_values=pixel_values, input_points=at, input_labels=labels, multimask_output=True)
        run.add(f"iou_{name}", made.iou_scores[0, 0], f"scores of the three masks, points {points}")
        best = int(made.iou_scores[0, 0].argmax())
        whole = torch.nn.functional.interpolate(made.pred_masks[0], (SIDE, SIDE), mode="bilinear", align_corners=False)
        run.add(f"mask_{name}", whole[0, best, :size[1], :size[0]], f"the best mask, enlarged and cut [{size[1]},{size[0]}]")
    if run.index:
        return
    os.makedirs(run.out, exist_ok=True)
    encoder, decoder = Encoder(model).eval(), Decoder(model).eval()
    embeddings = encoder(pixel_values)
    torch.onnx.export(
        encoder, (pixel_values,), os.path.join(run.out, "vision_encoder.onnx"), dynamo=False, opset_version=17,
        input_names=["pixel_values"], output_names=["image_embeddings", "image_positional_embeddings"],
        dynamic_axes={"pixel_values": {0: "batch_size"}, "image_embeddings": {0: "batch_size"}})
    torch.onnx.export(
        decoder, (at, labels, *embeddings), os.path.join(run.out, "prompt_encoder_mask_decoder.onnx"), dynamo=False, opset_version=17,
        input_names=["input_points", "input_labels", "image_embeddings", "image_positional_embeddings"],
        output_names=["iou_scores", "pred_masks"],
        dynamic_axes={"input_points": {0: "batch_size", 1: "point_batch_size", 2: "nb_points_per_image"},
                      "input_labels": {0: "batch_size", 1: "point_batch_size", 2: "nb_points_per_image"},
                      "iou_scores": {0: "batch_size", 1: "point_batch_size"},
                      "pred_masks": {0: "batch_size", 1: "point_batch_size"}})


make("segment_anything", compute, function="transformers.SamModel and the arithmetic of SamImageProcessor",
     reference="transformers", weights="random (in the two .onnx files)",
     tolerance="pixel_values: equal; the others: 2e-5 of the largest value")
