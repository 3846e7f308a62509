"""A golden folder: arrays and images of the reference, and what they mean.

A program of this folder gives `make` a function that computes one case. It is
called twice. In the second run every weight is multiplied by 1 + 6e-8 u with u
uniform in [-1, 1], mkldnn is off and there is one thread more: the largest
difference between the two runs is the size of float32 noise in an array and
goes into the manifest as `noise_max_abs`. The arrays are those of the first.
"""

import argparse
import json
import os
import platform
import shutil

import numpy as np
import torch
from PIL import Image

torch.set_grad_enabled(False)

LIMIT = ("largest difference <= max(30 x noise_max_abs of the file, 3e-6 x "
         "max_abs_value of the file); a file without noise_max_abs is equal")


class Run:
    """One of the two computations of a case."""

    def __init__(self, index, case, options):
        self.index, self.case = index, case
        self.golden, self.references = options.golden, options.references
        self.out = os.path.join(options.out, case)
        self.arrays, self.images, self.kept, self.texts = {}, {}, {}, {}
        self.meaning, self.facts = {}, {}
        self._random = torch.Generator().manual_seed(99)
        torch.backends.mkldnn.enabled = index == 0
        torch.set_num_threads(1 + index)

    def path(self, *names):
        """A file of the golden set: a name of this case, or a case and a name."""
        return os.path.join(self.golden, *((self.case,) if len(names) == 1 else ()), *names)

    def load(self, *names):
        """An array of the golden set."""
        return torch.from_numpy(np.load(self.path(*names)))

    def manifest(self):
        """The manifest of this case in the golden set, {} without one."""
        path = self.path("manifest.json")
        return json.load(open(path)) if os.path.exists(path) else {}

    def weights(self, state):
        """The weights in float32, in the second run with noise."""
        result = {}
        for key, value in state.items():
            value = value.float()
            if self.index:
                noise = torch.rand(value.shape, generator=self._random) * 2 - 1
                value = value * (1 + 6e-8 * noise)
            result[key] = value
        return result

    def add(self, name, value, meaning, dtype=np.float32):
        """An array. Floating-point values are stored as `dtype`."""
        if isinstance(value, torch.Tensor):
            value = value.detach().cpu().numpy()
        value = np.ascontiguousarray(value)
        if value.dtype.kind == "f" and dtype is not None:
            value = value.astype(dtype)
        self.arrays[name + ".npy"] = value
        self.meaning[name + ".npy"] = meaning

    def image(self, name, pixels, meaning):
        """A PNG file of a Pillow image or of uint8 pixels [H, W, 3]."""
        if not isinstance(pixels, Image.Image):
            pixels = Image.fromarray(np.ascontiguousarray(pixels))
        self.images[name + ".png"] = pixels
        self.meaning[name + ".png"] = meaning

    def text(self, name, content, meaning):
        """A JSON file."""
        self.texts[name], self.meaning[name] = content, meaning

    def keep(self, name, meaning):
        """An input whose recipe is not known: copied from the golden set."""
        self.kept[name] = self.path(name)
        self.meaning[name] = meaning + " (input, copied)"

    def fact(self, **facts):
        self.facts.update(facts)


def _rows(first, second):
    rows = {}
    for name, value in first.arrays.items():
        row = {"meaning": first.meaning[name], "shape": list(value.shape),
               "dtype": value.dtype.str}
        if value.dtype.kind == "f" and value.size:
            row["max_abs_value"] = float(np.nanmax(np.abs(value)))
            apart = np.abs(value.astype(np.float64) - second.arrays[name])
            row["noise_max_abs"] = float(f"{np.nanmax(apart):.3g}")
        elif not (value == second.arrays[name]).all():
            raise SystemExit(f"{name} differs between the two runs")
        rows[name] = row
    for name in (*first.images, *first.texts, *first.kept):
        rows[name] = {"meaning": first.meaning[name]}
    return rows


def make(case, compute, **head):
    """Computes a case twice and writes its folder."""
    parser = argparse.ArgumentParser(description=f"Makes the golden case {case} again.")
    parser.add_argument("references", help="folder with the checkouts named in README.md")
    parser.add_argument("out", help=f"folder in which {case}/ is written")
    here = os.path.dirname(os.path.abspath(__file__))
    parser.add_argument("--golden", default=os.path.dirname(here), help="the golden set that inputs are read from")
    options = parser.parse_args()
    runs = []
    for index in (0, 1):
        run = Run(index, case, options)
        compute(run)
        runs.append(run)
    first, second = runs
    rows = _rows(first, second)
    os.makedirs(first.out, exist_ok=True)
    for name in rows:
        path = os.path.join(first.out, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        if name in first.arrays:
            np.save(path, first.arrays[name])
        elif name in first.images:
            first.images[name].save(path)
        elif name in first.texts:
            with open(path, "w") as file:
                json.dump(first.texts[name], file, ensure_ascii=False)
        elif os.path.abspath(path) != os.path.abspath(first.kept[name]):
            shutil.copyfile(first.kept[name], path)
    environment = f"torch {torch.__version__} float32 CPU, numpy {np.__version__}, Python {platform.python_version()}"
    manifest = {"case": case, **head, "environment": environment, "files": rows, **first.facts}
    with open(os.path.join(first.out, "manifest.json"), "w") as file:
        json.dump(manifest, file, indent=1, ensure_ascii=False)
    print(f"{first.out}: {len(first.arrays)} arrays, {len(first.images)} images, {len(first.kept)} inputs copied")
