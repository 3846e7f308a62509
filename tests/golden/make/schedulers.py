"""UniPC and DPM-Solver++ on a prediction that is a formula."""

import torch

from golden import make
from reference import checkout, open_wan


def compute(run):
    wan = open_wan(checkout(run, "ATI"))
    run.keep("x0.npy", "initial latent")
    start, runs = run.load("x0.npy"), {}
    for solver in ("unipc", "dpm++"):
        for steps in (1, 4, 10, 20, 40):
            for shift in (3.0, 5.0):
                if solver == "unipc":
                    scheduler = wan.unipc.FlowUniPCMultistepScheduler(num_train_timesteps=1000, shift=1, use_dynamic_shifting=False)
                    scheduler.set_timesteps(steps, device="cpu", shift=shift)
                    times = scheduler.timesteps
                else:
                    scheduler = wan.dpm.FlowDPMSolverMultistepScheduler(num_train_timesteps=1000, shift=1, use_dynamic_shifting=False)
                    times, _ = wan.dpm.retrieve_timesteps(scheduler, device="cpu", sigmas=wan.dpm.get_sampling_sigmas(steps, shift))
                x, path, orders = start, [], []
                for t in times:
                    prediction = 0.3 * torch.sin(x) + 0.1 * t / 1000
                    x = scheduler.step(prediction[None], t, x[None], return_dict=False)[0][0]
                    path.append(x)
                    if solver == "unipc":
                        orders.append(int(scheduler.this_order))
                name = f"{solver.replace('+', 'p')}_s{steps}_shift{shift:.0f}"
                run.add(f"{name}.traj", torch.stack(path), "latent after each step [steps,...]")
                runs[name] = dict(solver=solver, steps=steps, shift=shift, timesteps=[int(t) for t in times],
                                  sigmas=[float(s) for s in scheduler.sigmas], orders=orders or None)
    run.fact(prediction="0.3*sin(latent) + 0.1*t/1000 in float32, t the int64 timestep", latent_shape=list(start.shape), runs=runs)


make("schedulers", compute, function="FlowUniPCMultistepScheduler.step and FlowDPMSolverMultistepScheduler.step", reference="bytedance/ATI 168b443",
     tolerance="timesteps equal; sigmas 1e-6; latents max abs 2e-5")
