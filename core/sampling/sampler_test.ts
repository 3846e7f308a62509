import assert from "node:assert/strict";
import {
  assertClose,
  difference,
  readGolden,
  readGoldenJson,
} from "../../tests/fixtures/golden.ts";
import type { Tensor } from "../base/tensor.ts";
import { createSchedule, SOLVER_NAMES, type SolverName } from "./scheduler.ts";
import { createSampler } from "./sampler.ts";
import type { Sampler, SamplerState } from "./flow_sampler.ts";

interface GoldenRun {
  solver: SolverName;
  steps: number;
  shift: number;
  timesteps: number[];
  sigmas: number[];
}

const { runs } = readGoldenJson<{ runs: Record<string, GoldenRun> }>(
  "schedulers/manifest.json",
);

/** The stand-in for a network that the golden trajectories were made with. */
function predict(latent: Tensor, time: number): Tensor {
  const f = Math.fround;
  const shift = f(f(f(0.1) * time) / 1000);
  return {
    dims: latent.dims,
    data: latent.data.map((x) => f(f(0.3) * f(Math.sin(x))) + shift),
  };
}

function walk(sampler: Sampler, start: Tensor, until?: number): Tensor[] {
  const latents: Tensor[] = [];
  let latent = start;
  for (const time of sampler.schedule.timesteps.slice(sampler.step, until)) {
    latent = sampler.advance(predict(latent, time), latent);
    latents.push(latent);
  }
  return latents;
}

for (const [name, run] of Object.entries(runs)) {
  Deno.test(`createSampler() walks as the reference: ${name}`, () => {
    const { steps, shift } = run;
    const sampler = createSampler(run.solver, { steps, flowShift: shift });
    assert.deepEqual(sampler.schedule.timesteps, run.timesteps);
    const { relative } = difference(
      { dims: [run.steps + 1], data: sampler.schedule.sigmas },
      { dims: [run.steps + 1], data: Float32Array.from(run.sigmas) },
    );
    assert.ok(relative <= 1e-6, `sigmas differ by ${relative}`);
    const expected = readGolden(`schedulers/${name}.traj.npy`);
    const latents = walk(sampler, readGolden("schedulers/x0.npy"));
    const data = new Float32Array(expected.data.length);
    latents.forEach((latent, i) =>
      data.set(latent.data, i * latent.data.length)
    );
    assertClose(name, { dims: expected.dims, data }, expected, { max: 2e-5 });
  });
}

Deno.test("Euler ends at the clean latent when the flow is known", () => {
  const start = readGolden("schedulers/x0.npy");
  for (
    const options of [{ steps: 1 }, { steps: 7, flowShift: 3 }, {
      sigmas: [1, 0.75, 0.25],
    }]
  ) {
    const sampler = createSampler("euler", options);
    let latent = start;
    while (sampler.step < sampler.schedule.timesteps.length) {
      latent = sampler.advance(start, latent); // noise - clean, clean being 0
    }
    assertClose("euler", latent, {
      dims: start.dims,
      data: new Float32Array(start.data.length),
    }, { max: 1e-6 });
  }
});

Deno.test("every solver is exact where the clean latent stands still", () => {
  const start = readGolden("schedulers/x0.npy");
  const clean = start.data.map((x) => x * 0.5);
  for (const solver of SOLVER_NAMES) {
    for (const sigmas of [[1], [1, 0.9, 0.4, 0.1], [0.7, 0.2, 0.05]]) {
      const sampler = createSampler(solver, { sigmas });
      let latent = start;
      for (const sigma of sigmas) {
        latent = sampler.advance({
          dims: start.dims,
          data: latent.data.map((x, i) => (x - clean[i]!) / sigma),
        }, latent);
      }
      assertClose(`${solver} over ${sigmas}`, latent, {
        dims: start.dims,
        data: clean,
      }, { max: 2e-6 });
    }
  }
});

Deno.test("Sampler.restore() continues bit for bit from every step", () => {
  const start = readGolden("schedulers/x0.npy");
  for (const solver of SOLVER_NAMES) {
    const options = { steps: 6, flowShift: 5 };
    const whole = walk(createSampler(solver, options), start);
    for (let stop = 0; stop <= 6; stop++) {
      const first = createSampler(solver, options);
      const latent = walk(first, start, stop).at(-1) ?? start;
      const state = first.state();
      walk(first, latent); // must not reach into the state that was taken
      const second = createSampler(solver, options);
      second.restore(state);
      assert.equal(second.step, stop);
      assert.deepEqual(walk(second, latent), whole.slice(stop));
    }
  }
});

Deno.test("Sampler.restore() refuses the state of another run", () => {
  const state = createSampler("unipc", { steps: 4 }).state();
  const refuse = (other: Sampler, changed: Partial<SamplerState> = {}) =>
    assert.throws(
      () => other.restore({ ...state, ...changed }),
      (error: Error) =>
        error instanceof TypeError && /\nHINT: /.test(error.message),
    );
  refuse(createSampler("euler", { steps: 4 }));
  refuse(createSampler("unipc", { steps: 5 }));
  refuse(createSampler("unipc", { steps: 4, flowShift: 3 }));
  refuse(createSampler("unipc", { steps: 4 }), { step: 5 });
  refuse(createSampler("unipc", { steps: 4 }), { step: -1 });
});

Deno.test("Sampler.advance() refuses what is not a step", () => {
  const one = { dims: [1], data: new Float32Array([1]) };
  const two = { dims: [2], data: new Float32Array(2) };
  const sampler = createSampler("unipc", { steps: 2 });
  assert.throws(
    () => sampler.advance(two, one),
    /dims \(2\).*expected dims \(1\)/,
  );
  assert.throws(
    () => sampler.advance({ dims: [1], data: new Float32Array([NaN]) }, one),
    /step 1: value 0 of the prediction is NaN[^]*HINT/,
  );
  assert.equal(sampler.step, 0);
  sampler.advance(one, one);
  assert.throws(() => sampler.advance(two, two), /expected dims \(1\)/);
  sampler.advance(one, one);
  assert.throws(() => sampler.advance(one, one), /all 2 are done/);
});

Deno.test("createSchedule() takes one's own noise levels as they are", () => {
  const { sigmas, timesteps } = createSchedule("unipc", {
    sigmas: [1, 0.5, 0.25, 0],
  });
  assert.deepEqual([...sigmas], [1, 0.5, 0.25, 0]);
  assert.deepEqual(timesteps, [1000, 500, 250]);
});

Deno.test("createSchedule() tells Euler the exact time", () => {
  const { timesteps } = createSchedule("euler", { steps: 3, flowShift: 5 });
  assert.equal(timesteps[0], 1000);
  assert.ok(timesteps.some((time) => !Number.isInteger(time)));
});

Deno.test("createSchedule() throws for what is no schedule", () => {
  const throws = (
    options: Parameters<typeof createSchedule>[1],
    what: RegExp,
  ) =>
    assert.throws(
      () => createSchedule("unipc", options),
      (error: Error) => error instanceof RangeError && what.test(error.message),
    );
  throws({ steps: 0 }, /0 steps: expected a whole number from 1 to 100/);
  throws({ steps: 101 }, /from 1 to 100/);
  throws({ steps: 2.5 }, /whole number/);
  throws({ flowShift: 0 }, /above 0/);
  throws({ flowShift: Infinity }, /above 0/);
  throws({ sigmas: [] }, /0 sigmas/);
  throws({ sigmas: [1.1] }, /number 1 is 1\.1.*at most 1/);
  throws({ sigmas: [1, 0.5, 0.5] }, /number 3 is 0\.5.*below the 0\.5/);
  throws({ sigmas: [1, NaN] }, /number 2 is NaN/);
  throws({ sigmas: [1, 0, 0.5] }, /number 2 is 0/);
  assert.throws(
    () => createSchedule("heun" as SolverName),
    /expected one of unipc, dpm\+\+, euler/,
  );
});

Deno.test("a sampler shares no array with the state that it gives or takes", () => {
  const start = readGolden("schedulers/x0.npy");
  for (const solver of SOLVER_NAMES) {
    const options = { steps: 6, flowShift: 5 };
    const whole = walk(createSampler(solver, options), start);
    const first = createSampler(solver, options);
    const latent = walk(first, start, 3).at(-1)!;
    const spoil = ({ history: memory }: SamplerState) =>
      Object.values(memory).forEach(({ data }) => data.fill(1e6));
    const second = createSampler(solver, options);
    const state = first.state();
    second.restore(state);
    spoil(state);
    assert.deepEqual(walk(second, latent), whole.slice(3), `${solver}, taken`);
    spoil(first.state());
    assert.deepEqual(walk(first, latent), whole.slice(3), `${solver}, given`);
  }
});
