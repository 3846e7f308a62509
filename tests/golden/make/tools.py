"""Tracks drawn over images: the reference's two drawing tools."""

import hashlib
import os

import cv2
import numpy as np
from PIL import Image

from golden import make
from reference import checkout, functions_of, load_module


def compute(run):
    tools = os.path.join(checkout(run, "ATI"), "tools")
    plot_tracks = load_module("plot_reference", os.path.join(tools, "plot_user_inputs.py")).plot_tracks
    y, x = np.mgrid[0:480, 0:832]
    base = np.stack([x * 200 // 831 + 20, y * 200 // 479 + 20, np.full_like(x, 60)], -1).astype(np.uint8)
    run.image("plot_base", base, "gradient 832x480: (x*200//831+20, y*200//479+20, 60)")
    run.keep("plot_tracks.npy", "tracks [N,121,1,3] in pixels: x, y, visibility 0 or 1")
    drawn = plot_tracks(Image.fromarray(base), run.load("plot_tracks.npy").numpy())
    run.image("plot_out", drawn, "plot_tracks(base, tracks)")
    import typing
    paint, age_color = functions_of(os.path.join(tools, "visualize_trajectory.py"), ("paint_point_track", "age_to_bgr"),
                                    np=np, cv2=cv2, Tuple=typing.Tuple)
    run.keep("paint_points.npy", "point tracks [20,81,2]: x, y")
    run.keep("paint_visibles.npy", "visibility [20,81], 0 or 1")
    frames = paint(np.repeat(base[None], 81, 0), run.load("paint_points.npy").numpy(), run.load("paint_visibles.npy").numpy())
    for t in (0, 37, 80):
        run.image(f"paint_{t:02}", frames[t], f"frame {t} of the result")
    discs = np.zeros((6, 15, 15), np.uint8)
    for radius in range(1, 7):
        cv2.circle(discs[radius - 1], (7, 7), radius, 1, thickness=-1)
    run.add("circle_masks", discs, "cv2.circle(thickness=-1) of radius 1..6 with the center at [7,7] of 15x15")
    ages = []
    for age in range(51):
        ratio = 1 - age / 50
        ages.append(dict(age=age, radius=int(round(1 + 5 * ratio)), rgb=list(age_color(ratio))))
    run.fact(paint_frames="all 81 input frames are plot_base.png",
             paint_sha256_all_frames_rgb=hashlib.sha256(frames.tobytes()).hexdigest(),
             paint_frame_sums=[int(frame.astype(np.int64).sum()) for frame in frames], age_table=ages)


make("tools", compute, function="tools/plot_user_inputs.py plot_tracks and tools/visualize_trajectory.py paint_point_track",
     reference="bytedance/ATI 168b443", tolerance="equal with the pinned Pillow")
