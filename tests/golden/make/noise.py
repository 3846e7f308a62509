"""torch.randn with a generator of the CPU."""

import torch

from golden import make


def compute(run):
    for seed in (0, 42, 4567, 8589934599):
        for count in (1, 15, 16, 17, 31, 100, 1000):
            draw = torch.randn(count, generator=torch.Generator("cpu").manual_seed(seed))
            run.add(f"s{seed}_n{count}", draw, f"seed {seed}, {count} values")
    latent = torch.randn(16, 21, 60, 104, generator=torch.Generator("cpu").manual_seed(42))
    run.add("s42_n2096640_every4099", latent.flatten()[::4099], "seed 42, randn(16,21,60,104) flattened, every 4099th value")


make("noise", compute, function='torch.randn(shape, generator=torch.Generator("cpu").manual_seed(seed)), float32',
     tolerance="max abs 2e-6: the vectorized logarithm and cosine differ in the last bits between builds of torch")
