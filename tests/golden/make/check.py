"""Compares remade golden folders with committed ones.

    python check.py REMADE [COMMITTED] [--all]

REMADE and COMMITTED are folders of cases; COMMITTED is by default the golden
set beside this folder. For each array that was remade (not copied) it prints
the largest difference, the float32 noise and the limit, and exits with 1 when
one is beyond its limit or missing. The noise is `noise_max_abs` of the
committed manifest, else that in noise.json (measured when the arrays were
made). The limit is 30 times the noise and at least 3e-6 of the largest value;
what has no noise is equal, unless LIMITS says otherwise. Facts of the
manifests that both have are compared too, numbers to 1e-5 of their size.
"""

import argparse
import fnmatch
import json
import os
import sys

import numpy as np

HERE = os.path.dirname(os.path.abspath(__file__))
NOISE = json.load(open(os.path.join(HERE, "noise.json")))
# what the manifests allow where no noise was measured per file
LIMITS = {
    "motion/*": 5e-7, "noise/*": 2e-6, "clip/preprocessed_rows.npy": 2e-5, "pipeline/tracks.npy": 5e-7,
    "schedulers/*": 2e-5, "patch_motion/*": 3e-5, "ati_knobs/patch*": 3e-5, "wan_move/rule.*.strength_*": 1e-6,
    "step_cache/*.outputs.npy": 1e-6, "step_cache/*.sums.npy": 1e-5,
}
# of two tracks with equal weights either may be taken: only the mask counts
INFORMATIVE = {"patch_motion/small/ties_split.feat.npy"}
# facts that are noise or timing themselves, or words
IGNORED = {"files", "case", "environment", "function", "tolerance", "weights", "reference", "set", "seed", "note", "patches", "meaning",
           "what", "prediction", "vid_formula", "tracks_formula", "float32_vs_float64", "smallest_distance_to_threshold", "replaced", "inputs", "layout", "facts", "stubs"}


def files_of(folder):
    for root, _, names in os.walk(folder):
        for name in sorted(names):
            yield os.path.relpath(os.path.join(root, name), folder)


def pixels_of(path):
    from PIL import Image
    return np.asarray(Image.open(path).convert("RGB")).astype(np.int64)


def states_of(path):
    if path.endswith(".safetensors"):
        from safetensors.torch import load_file
        return load_file(path)
    import torch
    return torch.load(path, weights_only=True)


def noise_of(case, name, manifest):
    found = manifest.get("files", {}).get(name, {}).get("noise_max_abs")
    if found is None:
        found = NOISE["files"].get(f"{case}/{name}", {}).get("max_abs")
    for pattern, value in NOISE["patterns"].items():
        if found is None and fnmatch.fnmatch(f"{case}/{name}", pattern):
            found = value
    return found


def limit_of(case, name, noise, largest):
    for pattern, value in LIMITS.items():
        if fnmatch.fnmatch(f"{case}/{name}", pattern):
            return value
    return max(30 * noise, 3e-6 * largest) if noise is not None else 0.0


def compare(case, name, made, committed, manifest):
    """Kind, largest difference, noise, limit."""
    if name.endswith(".npy"):
        a, b = np.load(made), np.load(committed)
        if a.shape != b.shape or a.dtype != b.dtype:
            return f"shape or dtype: {a.shape} {a.dtype}, {b.shape} {b.dtype}", np.inf, None, 0.0
        if a.size == 0:
            return "array", 0.0, None, 0.0
        both = np.isnan(a) & np.isnan(b) if a.dtype.kind == "f" else np.zeros(a.shape, bool)
        apart = np.where(both, 0, np.abs(a.astype(np.float64) - b.astype(np.float64)))
        noise = noise_of(case, name, manifest) if a.dtype.kind == "f" else None
        return "array", float(apart.max()), noise, limit_of(case, name, noise, float(np.nanmax(np.abs(b.astype(np.float64)))))
    if name.endswith(".png"):
        a, b = pixels_of(made), pixels_of(committed)
        apart = np.abs(a - b)
        # the reference truncates to uint8: a value on the border may fall
        allowed = 1.0 if name.startswith("unipc.frame") else 0.0
        return f"image, {(apart.max(-1) > 0).mean():.4%} of the pixels", float(apart.max()), None, allowed
    if name.endswith((".pth", ".safetensors")) and open(made, "rb").read() != open(committed, "rb").read():
        a, b = states_of(made), states_of(committed)
        same = set(a) == set(b) and all(a[k].dtype == b[k].dtype and bool((a[k] == b[k]).all()) for k in a)
        return "weights, other bytes", 0.0 if same else np.inf, None, 0.0
    if name.endswith(".json"):
        return "json", 0.0 if json.load(open(made)) == json.load(open(committed)) else np.inf, None, 0.0
    return "bytes", 0.0 if open(made, "rb").read() == open(committed, "rb").read() else np.inf, None, 0.0


def facts(path, a, b):
    """Pairs of a path and what differs there; and how many were compared."""
    if isinstance(a, dict) and isinstance(b, dict):
        bad, count = [], 0
        for key in a:
            if key in b and key not in IGNORED:
                more, n = facts(f"{path}.{key}", a[key], b[key])
                bad, count = bad + more, count + n
        return bad, count
    if isinstance(a, list) and isinstance(b, list) and len(a) == len(b):
        bad, count = [], 0
        for i, (x, y) in enumerate(zip(a, b)):
            more, n = facts(f"{path}[{i}]", x, y)
            bad, count = bad + more, count + n
        return bad, count
    numbers = all(isinstance(v, (int, float)) and not isinstance(v, bool) for v in (a, b))
    same = abs(a - b) <= 1e-5 * max(abs(a), abs(b), 1) if numbers else a == b
    return ([] if same else [f"{path}: {a}, committed {b}"]), 1


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("remade")
    parser.add_argument("committed", nargs="?", default=os.path.dirname(HERE))
    parser.add_argument("--all", action="store_true", help="one line per file, not one per case")
    options = parser.parse_args()
    failed = False
    print(f"{'case / file':52} {'max diff':>9} {'noise':>9} {'limit':>9} diff/limit")
    for case in sorted(os.listdir(options.remade)):
        made, committed = os.path.join(options.remade, case), os.path.join(options.committed, case)
        if not os.path.isdir(committed):
            print(f"{case}: not in the committed set")
            continue
        read = lambda folder: json.load(open(os.path.join(folder, "manifest.json"))) if os.path.exists(os.path.join(folder, "manifest.json")) else {}
        new, old = read(made), read(committed)
        counts, worst, missing = {"copied": 0, "remade": 0, "equal": 0}, None, []
        for name in files_of(committed):
            if name == "manifest.json":
                continue
            if not os.path.exists(os.path.join(made, name)):
                missing.append(name)
                continue
            row = new["files"].get(name, {})
            kind, apart, noise, limit = compare(case, name, os.path.join(made, name), os.path.join(committed, name), old)
            if row.get("meaning", "").endswith("(input, copied)"):
                counts["copied"] += 1
                if apart:
                    print(f"{case}/{name}: the copy differs")
                    failed = True
                continue
            counts["remade"] += 1
            counts["equal"] += apart == 0
            beyond = apart > limit and f"{case}/{name}" not in INFORMATIVE
            failed |= beyond
            share = apart / limit if limit else (0.0 if apart == 0 else float("inf"))
            line = f"{case + '/' + name:52} {apart:9.2e} {'' if noise is None else f'{noise:.2e}':>9} {limit:9.2e} {share:9.1%}"
            note = "BEYOND" if beyond else "informative" if f"{case}/{name}" in INFORMATIVE else "" if kind == "array" else kind
            if options.all or beyond:
                print(line, note)
            if f"{case}/{name}" not in INFORMATIVE and (worst is None or share > worst[0]):
                worst = (share, line, note)
        bad, compared = facts("", new, old)
        failed |= bool(missing or bad)
        if worst and not options.all:
            print(worst[1], worst[2])
        print(f"  {case}: {counts['remade']} remade, {counts['equal']} of them equal, {counts['copied']} copied, {compared} facts compared"
              + (f"; MISSING {missing}" if missing else "") + ("; FACTS DIFFER " + "; ".join(bad[:5]) if bad else ""))
    sys.exit(1 if failed else 0)


main()
