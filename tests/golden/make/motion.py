"""Tracks in the reference's units: process_tracks of wan/utils/motion.py."""

import os

from golden import make
from reference import checkout, load_module


def compute(run):
    motion = load_module("motion_reference", os.path.join(checkout(run, "ATI"), "wan/utils/motion.py"))
    raw = run.load("synthetic.raw.npy").numpy()
    run.keep("synthetic.raw.npy", "random tracks [N,121,1,3] as a track file has them, 8 x (x, y, visible), for an image of 640 x 360")
    run.add("synthetic.out", motion.process_tracks(raw, (640, 360)), "process_tracks(raw, (640, 360)): [81,N,4] time, x, y, visibility -1 or 1")
    for name in ("cotracker.npz", "torch_f4.pth", "torch_u2_stored.pth"):
        run.keep(name, "a track file of another program, read by the tests of the formats")


make("motion", compute, function="wan.utils.motion.process_tracks(tracks, frame_size, quant_multi=8)", reference="bytedance/ATI 168b443",
     tolerance="max abs 5e-7")
