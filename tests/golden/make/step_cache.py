"""MagCache and TeaCache: which steps are computed, and what is reused.

LightX2V's two classes run on recorded sequences. The forward functions of the
MagCache and TeaCache projects run on ATI's tiny transformer: alone, to see
which passes they compute, and through a sampling."""

import ast
import json
import os
import sys
import types

import numpy as np
import torch

from golden import LIMIT, make
from reference import checkout, load_module, open_wan, package, stub, tiny

SEED = 61
# steps, size, fitted to the steps?, threshold, K, retention
MAG = [
    (40, "480p", True, 0.24, 6, 0.2), (40, "480p", True, 0.12, 2, 0.2), (40, "720p", True, 0.24, 6, 0.2), (27, "480p", True, 0.24, 6, 0.2),
    (7, "480p", True, 0.12, 2, 0.3), (50, "720p", True, 0.3, 10, 0.1), (33, "480p", True, 0.2, 4, 0.2), (30, "480p", False, 0.24, 6, 0.2),
    (1, "480p", True, 0.24, 6, 0.2), (4, "480p", True, 0.24, 6, 0.2), (10, "480p", True, 0.5, 2, 0.1)]
# steps, size, retention steps?, threshold
TEA = [
    (20, "480p", True, 0.26), (20, "480p", False, 0.13), (16, "720p", True, 0.3), (16, "720p", False, 0.2), (6, "480p", True, 0.26),
    (4, "480p", True, 0.26), (40, "480p", True, 0.2)]
FRAMES, HEIGHT, WIDTH, STEPS, SHIFT, GUIDE = 3, 8, 6, 12, 5.0, 5.0


class Blocks:
    """Base class of LightX2V's caches: its blocks add what was recorded."""

    def __init__(self, config):
        self.config, self.clean_cuda_cache = config, False

    def infer_main_blocks(self, weights, pre):
        step, branch = self.scheduler.step_index, 0 if self.scheduler.infer_condition else 1
        self.computed[step][branch] = True
        return pre.x + self.fresh[step][branch]


def open_lightx2v(path):
    replaced = {
        "lightx2v.common.transformer_infer.transformer_infer": dict(BaseTaylorCachingTransformerInfer=type("Taylor", (), {})),
        "lightx2v.models.networks.wan.infer.offload.transformer_infer": dict(WanOffloadTransformerInfer=Blocks),
        "lightx2v_platform.base.global_var": dict(AI_DEVICE="cpu")}
    for name, content in replaced.items():
        parts = name.split(".")
        for i in range(1, len(parts)):
            package(".".join(parts[:i]), "")
        sys.modules[name] = types.ModuleType(name)
        sys.modules[name].__dict__.update(content)
    return load_module("lightx2v_caching", os.path.join(path, "lightx2v/models/networks/wan/infer/feature_caching/transformer_infer.py"))


class Reference:
    """The four repositories and the numbers in them."""

    def __init__(self, run):
        self.wan = open_wan(checkout(run, "ATI"))
        lightx2v = checkout(run, "LightX2V")
        self.lightx2v = open_lightx2v(lightx2v)
        stub("wan.configs", "wan.utils.prompt_extend", "wan.utils.utils")
        path = os.path.join(checkout(run, "MagCache"), "MagCache4Wan2.1/magcache_generate.py")
        self.mag = load_module("magcache_generate", path)
        self.tea = load_module("teacache_generate", os.path.join(checkout(run, "TeaCache"), "TeaCache4Wan2.1/teacache_generate.py"))
        self.ratios = dict(zip(("480p", "720p"), self._ratios(path)))
        self.coefficients = {}
        for size in self.ratios:
            with open(os.path.join(lightx2v, f"configs/caching/teacache/wan_i2v_tea_{size}.json")) as file:
                self.coefficients[size] = json.load(file)["coefficients"]

    @staticmethod
    def _ratios(path):
        """The two lists of MagCache's I2V branch, which are inside its main program."""
        found = []
        for node in ast.walk(ast.parse(open(path).read())):
            if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Attribute) and node.targets[0].attr == "mag_ratios":
                if "wan_i2v" in ast.unparse(node.targets[0]) and "np.array" in ast.unparse(node.value):
                    found.append(np.array(eval(ast.unparse(node.value), {"np": np})))
        assert [len(ratios) for ratios in found] == [80, 80]  # both branches of 40 steps in turn
        return found

    def lists(self, size, steps, fit=True):
        """Ratios of the two branches, by MagCache's rule for other numbers of steps."""
        branches = [self.ratios[size][i::2] for i in (0, 1)]
        return [(branch if steps == 40 or not fit else self.mag.nearest_interp(branch, steps)).tolist() for branch in branches]


def letters(computed):
    """C computed, r reused: a string for each branch."""
    if computed is None:
        return "fails: reuse asked for at step 0, where nothing is cached yet"
    return ["".join("C" if row[branch] else "r" for row in computed) for branch in (0, 1)]


def drive(runner, steps, inputs, fresh, embeddings=None):
    """Runs one of LightX2V's caches, conditional branch first."""
    runner.fresh, runner.computed = fresh, [[False, False] for _ in range(steps)]
    runner.scheduler = types.SimpleNamespace(infer_steps=steps, caching_records=[True] * steps, caching_records_2=[True] * steps)
    outputs = torch.empty_like(inputs)
    for step in range(steps):
        for branch in (0, 1):
            runner.scheduler.step_index, runner.scheduler.infer_condition = step, branch == 0
            pre = types.SimpleNamespace(x=inputs[step, branch].clone())
            if embeddings is not None:
                pre.embed, pre.embed0 = embeddings[0][step], embeddings[1][step]
            try:
                outputs[step, branch] = runner.infer_main_blocks(None, pre)
            except AttributeError:  # reuse before anything is cached
                return None, None
    return outputs, runner.computed


def smooth(rng, steps, shape, size=1.0):
    """A random path without jumps."""
    t, count = np.linspace(0, 1, steps)[:, None], int(np.prod(shape))
    waves = 0
    for k in range(1, 4):
        waves = waves + rng.normal(0, 1 / (k + 1), count) * np.cos(2 * np.pi * (k * 0.7 * t + rng.uniform(0, 1, count)))
    return torch.from_numpy((size * waves + rng.normal(0, 1.0, count)).reshape(steps, *shape).astype(np.float32))


def embedding(rng, steps, shape, change):
    """A smooth path with a given mean relative change from step to step."""
    waves, still = smooth(rng, steps, shape), torch.from_numpy(rng.normal(0, 1, shape).astype(np.float32))
    size = 0.1
    for _ in range(20):
        path = waves * size + still
        found = [float((after - before).abs().mean() / before.abs().mean()) for before, after in zip(path[:-1], path[1:])]
        size *= change / np.mean(found)
    return path


def store_tokens(run, name, inputs, fresh, outputs):
    run.add(f"{name}.inputs", inputs, "tokens before the blocks [steps,branch,2,3]")
    run.add(f"{name}.fresh", fresh, "what the blocks would add at this step, were they asked [steps,branch,2,3]")
    run.add(f"{name}.outputs", outputs, "tokens after the blocks or after the reuse [steps,branch,2,3]")


def mag_state(steps, lists, threshold, K, retention):
    """The attributes that MagCache's forward keeps on the model."""
    return dict(cnt=0, num_steps=2 * steps, magcache_thresh=threshold, K=K, retention_ratio=retention, accumulated_err=[0.0, 0.0],
                accumulated_steps=[0, 0], accumulated_ratio=[1.0, 1.0], residual_cache=[None, None],
                mag_ratios=np.array([lists[turn % 2][turn // 2] for turn in range(2 * steps)]))


class Network:
    """ATI's tiny transformer, which says whether its blocks were asked."""

    def __init__(self, run, reference):
        self.model, _, _ = tiny(reference.wan, run)
        self.contexts = [run.load("pipeline", f"{name}.context.npy") for name in ("prompt", "negative")]
        self.image = run.load("pipeline", "clip_context.npy")
        first = self.model.blocks[0].forward

        def asked(*args, **options):
            self.computed = True
            return first(*args, **options)
        self.model.blocks[0].forward = asked

    def set(self, **attributes):
        for name, value in attributes.items():
            setattr(self.model, name, value)

    def predict(self, forward, branch, x, t, y):
        self.computed = False
        return forward(self.model, [x], t=t, context=[self.contexts[branch]], seq_len=x[0].numel() // 4, clip_fea=self.image, y=[y])[0]


def mag_project(reference, network, steps, state):
    """Which passes the MagCache project computes."""
    network.set(**state)
    rows = []
    for _ in range(steps):
        rows.append([])
        for branch in (0, 1):
            try:
                network.predict(reference.mag.magcache_forward, branch, torch.zeros(16, 1, 2, 2), torch.tensor([500]), torch.zeros(20, 1, 2, 2))
            except TypeError:  # tokens + None
                return None
            rows[-1].append(network.computed)
    return letters(rows)


def mag_distance(steps, lists, threshold, K, retention):
    """How near the sum comes to the threshold where MagCache decides, counted here."""
    state, nearest = [[0.0, 0, 1.0], [0.0, 0, 1.0]], 1.0
    for turn in range(int(2 * steps * retention), 2 * steps):
        s = state[turn % 2]
        s[2] *= lists[turn % 2][turn // 2]
        s[1] += 1
        s[0] += abs(1 - s[2])
        nearest = min(nearest, abs(s[0] - threshold))
        if not (s[0] < threshold and s[1] <= K):
            s[:] = [0.0, 0, 1.0]
    return nearest


def mag_cases(run, rng, reference, network):
    cases = {}
    for n, (steps, size, fit, threshold, K, retention) in enumerate(MAG):
        name, lists = f"mag{n}", reference.lists(size, steps, fit)
        runner = reference.lightx2v.WanTransformerInferMagCaching(dict(
            magcache_thresh=threshold, magcache_K=K, magcache_retention_ratio=retention, magcache_ratios=[ratios[:steps] for ratios in lists],
            magcache_calibration=False, infer_steps=steps, cpu_offload=False))
        inputs, fresh = smooth(rng, steps, (2, 2, 3)), smooth(rng, steps, (2, 2, 3), 0.3)
        outputs, computed = drive(runner, steps, inputs, fresh)
        nearest = mag_distance(steps, lists, threshold, K, retention)
        assert nearest > 1e-9  # so that rounding cannot turn a decision
        if n in (0, 4):
            store_tokens(run, name, inputs, fresh, outputs)
        found = mag_project(reference, network, steps, mag_state(steps, lists, threshold, K, retention))
        cases[name] = dict(
            rule="magcache", steps=steps, size=size, threshold=threshold, K=K, retention=retention, lightx2v=letters(computed),
            ratios="the first of the 40 calibrated ones (LightX2V does not interpolate)" if not fit else "calibrated" if steps == 40 else "nearest_interp of the 40 calibrated ones",
            magcache_project=found or "fails likewise (at step 0 a branch asks for what is not there)", smallest_distance_to_threshold=nearest)
        if steps in (27, 7, 1):
            cases[name]["ratios_conditional"] = lists[0]
    return cases


def tea_cases(run, rng, reference):
    cases = {}
    for n, (steps, size, retention, threshold) in enumerate(TEA):
        name = f"tea{n}"
        runner = reference.lightx2v.WanTransformerInferTeaCaching(dict(
            teacache_thresh=threshold, use_ret_steps=retention, coefficients=reference.coefficients[size], infer_steps=steps, cpu_offload=False))
        inputs, fresh = smooth(rng, steps, (2, 2, 3)), smooth(rng, steps, (2, 2, 3), 0.3)
        time, projected = embedding(rng, steps, (8,), 0.1), embedding(rng, steps, (6, 8), rng.uniform(0.01, 0.03))
        sums, decide = [], runner.calculate_should_calc

        def watched(*args):
            decision = decide(*args)
            if runner.scheduler.infer_condition:
                sums.append(float(runner.accumulated_rel_l1_distance_even))
            return decision
        runner.calculate_should_calc = watched
        outputs, computed = drive(runner, steps, inputs, fresh, (time, projected))
        run.add(f"{name}.embedding", projected if retention else time,
                f"{'e0, the time projection [steps,6,8]' if retention else 'e, the time embedding [steps,8]'}: what the rule compares")
        if n in (0, 1):
            store_tokens(run, name, inputs, fresh, outputs)
        run.add(f"{name}.sums", np.array(sums), "the sum after each step of the conditional branch, 0 where computed [steps]", np.float64)
        cases[name] = dict(
            rule="teacache", steps=steps, size=size, use_ret_steps=retention, threshold=threshold, first_computed=5 if retention else 1,
            last_computed=0 if retention else 1, coefficients=reference.coefficients[size][0 if retention else 1], lightx2v=letters(computed),
            smallest_distance_to_threshold=min([abs(threshold - s) for s in sums if s] or [1]))
    return cases


def tea_state(retention, coefficients, threshold):
    """The attributes that TeaCache's forward keeps on the model."""
    return dict(enable_teacache=True, cnt=0, num_steps=2 * STEPS, teacache_thresh=threshold, accumulated_rel_l1_distance_even=0,
                accumulated_rel_l1_distance_odd=0, previous_e0_even=None, previous_e0_odd=None, previous_residual_even=None,
                previous_residual_odd=None, use_ref_steps=retention, coefficients=coefficients, ret_steps=10 if retention else 2,
                cutoff_steps=2 * STEPS if retention else 2 * STEPS - 2)


def sampling(run, reference, network, forward, name, noise, y):
    scheduler = reference.wan.unipc.FlowUniPCMultistepScheduler(num_train_timesteps=1000, shift=1, use_dynamic_shifting=False)
    scheduler.set_timesteps(STEPS, device="cpu", shift=SHIFT)
    x, latents, computed, sums = noise, [], [], []
    for t in scheduler.timesteps:
        answers, row = [], []
        for branch in (0, 1):
            answers.append(network.predict(forward, branch, x, torch.stack([t]), y))
            row.append(network.computed)
        computed.append(row)
        if name.startswith("tea"):
            sums.append(float(network.model.accumulated_rel_l1_distance_even))
        x = scheduler.step((answers[1] + GUIDE * (answers[0] - answers[1]))[None], t, x[None], return_dict=False)[0][0]
        latents.append(x)
    if name == "plain":
        run.add("run.plain.latent_final", x, "last latent without a cache")
    else:
        run.add(f"run.{name}.latents", torch.stack(latents), f"latent after every step [{STEPS},16,F,h,w]")
    if sums:
        run.add(f"run.{name}.sums", np.array(sums), "the sum after each step, conditional branch", np.float64)
    return dict(passes=letters(computed)), sums


def compute(run):
    reference = Reference(run)
    rng = np.random.default_rng(SEED)
    network = Network(run, reference)
    cases = mag_cases(run, rng, reference, network)
    cases.update(tea_cases(run, rng, reference))
    noise = torch.from_numpy(rng.normal(0, 1, (16, FRAMES, HEIGHT, WIDTH)).astype(np.float32))
    y = torch.from_numpy(rng.normal(0, 1, (20, FRAMES, HEIGHT, WIDTH)).astype(np.float32))
    y[:4] = 0
    y[:4, 0] = 1
    run.add("run.noise", noise, "initial latent [16,F,h,w]")
    run.add("run.y", y, "y [20,F,h,w]")
    runs = {}
    runs["plain"], _ = sampling(run, reference, network, type(network.model).forward, "plain", noise, y)
    network.set(**mag_state(STEPS, reference.lists("480p", STEPS), 0.24, 6, 0.2))
    runs["mag"], _ = sampling(run, reference, network, reference.mag.magcache_forward, "mag", noise, y)
    runs["mag"].update(threshold=0.24, K=6, retention=0.2, ratios="480p, nearest_interp")
    # the polynomials are not the calibrated ones: the tiny network's embeddings are not those they were fitted to
    for name, retention, coefficients, threshold in (("tea_ret", True, [0.0, 0.0, 0.0, 1.0, 0.0], 1.2), ("tea", False, [0.0, 0.0, 0.3, 0.6, -0.02], 2.0)):
        network.set(**tea_state(retention, coefficients, threshold))
        runs[name], sums = sampling(run, reference, network, reference.tea.teacache_forward, name, noise, y)
        runs[name].update(use_ret_steps=retention, coefficients=coefficients, threshold=threshold,
                          smallest_distance_to_threshold=min(abs(threshold - s) for s in sums if s))
    run.fact(cases=cases, runs=runs,
             run_parameters=dict(steps=STEPS, shift=SHIFT, guide_scale=GUIDE, solver="unipc", context="../pipeline/{prompt,negative}.context.npy", clip="../pipeline/clip_context.npy"),
             ratios={size: dict(conditional=both[0::2].tolist(), unconditional=both[1::2].tolist()) for size, both in reference.ratios.items()})


make("step_cache", compute, seed=SEED, weights="../ckpt",
     reference="ModelTC/LightX2V f8aee98, Zehong-Ma/MagCache df81cb1, ali-vilab/TeaCache 7c10efc, bytedance/ATI 168b443",
     function="LightX2V WanTransformerInferMagCaching and WanTransformerInferTeaCaching.infer_main_blocks (mag*, tea*); magcache_forward of MagCache4Wan2.1 and teacache_forward of TeaCache4Wan2.1 on ATI's WanModel (run.*)",
     patches="LightX2V's base classes replaced by one whose blocks add the recorded .fresh",
     tolerance="the strings of C and r: equal. .outputs: 1e-6. .sums: 1e-5. latents: " + LIMIT)
