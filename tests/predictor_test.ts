/**
 * Predictions of the transformer step by step, with and without TeaCache, on the
 * tiny checkpoint.
 */

import assert from "node:assert/strict";
import {
  createPredictor,
  type PredictorOptions,
} from "../core/wan/transformer/predictor.ts";
import type {
  PassTime,
  PredictionRequest,
} from "../core/wan/transformer/prediction.ts";
import { placeNetwork } from "../core/pipeline/placement.ts";
import { runtimeBackend } from "../core/onnx/runtime/backend.ts";
import { resolveDevice } from "../core/onnx/runtime/devices.ts";
import { torchNormal } from "../core/sampling/noise.ts";
import { type PassCache, StepCache } from "../core/sampling/step_cache.ts";
import { sizeOf, type Tensor } from "../core/base/tensor.ts";
import { assertClose, difference } from "./fixtures/golden.ts";
import { openSmall } from "./fixtures/small_generation.ts";

const LATENT = [2, 6, 8] as const;
const placement = placeNetwork("transformer", await resolveDevice("cpu"));
await using pipeline = await openSmall();
const component = pipeline.checkpoint.transformer;
const { textDim, imageDim } = component.config;

function random(seed: number, ...dims: number[]): Tensor {
  return { dims, data: torchNormal(seed, sizeOf(dims)) };
}

const conditions = {
  condition: random(1, 20, ...LATENT),
  promptEmbeds: random(2, 5, textDim),
  negativeEmbeds: random(3, 4, textDim),
  imageEmbeds: random(4, 257, imageDim),
};

function request(
  step: number,
  changed: Partial<PredictionRequest> = {},
): PredictionRequest {
  return {
    step,
    timestep: 900,
    latent: random(5, 16, ...LATENT),
    conditions,
    branches: ["conditional", "unconditional"],
    ...changed,
  };
}

function open(options: Partial<PredictorOptions> = {}) {
  return createPredictor({
    component,
    latent: LATENT,
    placements: [placement],
    execution: "monolithic",
    ...options,
  });
}

const STREAMED = { resident: 1, passes: 2 };
const streams = runtimeBackend().kind === "c-api";

for (
  const [name, execution] of [
    ["monolithic", "monolithic"],
    ["blockwise", "blockwise"],
    ...(streams ? [["streamed", STREAMED] as const] : []),
  ] as const
) {
  Deno.test(`the blocks' residual is reused, ${name}`, async () => {
    const cache = new StepCache({ steps: 9, threshold: 100 });
    await using cached = open({ cache, execution });
    await using plain = open({ execution });
    const passes: PassTime[] = [];
    const onPass = (pass: PassTime) => passes.push(pass);
    const first = await cached.predict(request(0), { onPass });
    assert.deepEqual(first.reused, []);
    // The same request again: the reused prediction must be the same.
    const again = await cached.predict(request(1), { onPass });
    assert.deepEqual(
      passes.map(({ isReused }) => isReused),
      [false, false, true, true],
    );
    assert.ok(passes.every(({ seconds }) => seconds > 0));
    assert.deepEqual(again.reused, ["conditional", "unconditional"]);
    const exact = await plain.predict(request(1));
    for (const branch of ["conditional", "unconditional"] as const) {
      assertClose(`${branch}, computed`, first[branch]!, exact[branch]!, {
        relative: 1e-5,
      });
      assertClose(`${branch}, reused`, again[branch]!, exact[branch]!, {
        relative: 1e-5,
      });
    }
    // Another latent: its own tokens, the cached residual, its own time.
    const other = request(2, {
      latent: random(6, 16, ...LATENT),
      timestep: 880,
    });
    const near = await cached.predict(other);
    assert.deepEqual(near.reused, ["conditional", "unconditional"]);
    const right = await plain.predict(other);
    const { relative } = difference(near.conditional!, right.conditional!);
    console.log(`another latent, reused: ${relative} of max away`);
    assert.ok(relative > 0);
    assert.notDeepEqual(near.conditional, again.conditional);
  });
}

Deno.test({
  name: "streamed predictions are the blockwise ones, bit for bit",
  ignore: !streams,
  fn: async () => {
    const steps = [request(0), request(1, { branches: ["unconditional"] })];
    await using blockwise = open({ execution: "blockwise" });
    const expected = [];
    for (const step of steps) expected.push(await blockwise.predict(step));
    for (const resident of [0, 2]) {
      for (const passes of [1, 2]) {
        await using predictor = open({ execution: { resident, passes } });
        for (const [i, step] of steps.entries()) {
          const done: number[] = [];
          const found = await predictor.predict(step, {
            onProgress: (part, total) => done.push(part / total),
          });
          assert.deepEqual(found, expected[i]);
          assert.equal(done.at(-1), 1);
          assert.deepEqual(done, done.toSorted((a, b) => a - b));
          assert.ok(done.length > component.config.numLayers);
        }
      }
    }
  },
});

Deno.test({
  name: "streamed blocks compare what the step cache asks for",
  ignore: !streams,
  fn: async () => {
    for (const useRetSteps of [false, true]) {
      const lengths: number[] = [];
      const cache = new StepCache({ steps: 9, threshold: 100, useRetSteps });
      const { compares } = cache;
      const spy: PassCache = Object.assign(Object.create(cache), {
        compares,
        mayReuse: (_: number, __: string, time: Float32Array) => {
          lengths.push(time.length);
          return false;
        },
      });
      await using predictor = open({ cache: spy, execution: STREAMED });
      await predictor.predict(request(0, { branches: ["conditional"] }));
      assert.deepEqual(lengths, [component.config.dim * (useRetSteps ? 6 : 1)]);
    }
  },
});

Deno.test({
  name: "a streamed prediction that is aborted leaves the predictor usable",
  ignore: !streams,
  fn: async () => {
    await using predictor = open({ execution: { resident: 0, passes: 2 } });
    const expected = await predictor.predict(request(0));
    const abort = new AbortController();
    let parts = 0;
    await assert.rejects(
      predictor.predict(request(0), {
        signal: abort.signal,
        onProgress() {
          parts++;
          abort.abort(new Error("enough"));
        },
      }),
      { message: "enough" },
    );
    assert.equal(parts, 1);
    assert.deepEqual(await predictor.predict(request(0)), expected);
  },
});

Deno.test("recall() restores the cache, and counts nothing", async () => {
  const cache = new StepCache({ steps: 9, threshold: 100 });
  await using first = open({ cache });
  await first.predict(request(0));
  const state = cache.state();
  const expected = await first.predict(request(1, { timestep: 800 }));
  const second = new StepCache({ steps: 9, threshold: 100 });
  await using later = open({ cache: second });
  await later.recall(request(0));
  assert.equal(second.computed + second.reused, 0);
  second.restore(state);
  const found = await later.predict(request(1, { timestep: 800 }));
  assert.deepEqual(found, expected);
});

Deno.test("the negative pass is refused without a negative prompt", async () => {
  await using predictor = open();
  const { condition, promptEmbeds: text, imageEmbeds: image } = conditions;
  await assert.rejects(
    predictor.predict(request(0, {
      conditions: {
        condition,
        promptEmbeds: text,
        imageEmbeds: image,
        negativeEmbeds: undefined,
      },
    })),
    /negative prompt: it was not encoded/,
  );
});

Deno.test("two devices predict the same as one", async () => {
  await using one = open();
  await using two = open({ placements: [placement, placement] });
  assert.deepEqual(
    await two.predict(request(0)),
    await one.predict(request(0)),
  );
  const alone = request(0, { branches: ["conditional"] });
  assert.equal((await two.predict(alone)).unconditional, undefined);
});
