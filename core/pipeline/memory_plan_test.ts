import assert from "node:assert/strict";
import { fullSizes, STORED } from "../../tests/fixtures/full_size_networks.ts";
import { memoryTables } from "../../tests/make_memory_table.ts";
import { TAEW_2_1 } from "../wan/tiny_vae/layout.ts";
import { explainMemory, memoryBudget } from "./_memory_budget.ts";
import {
  BudgetError,
  type MemoryPlan,
  nextSmallerPlan,
  planMemory,
} from "./memory_plan.ts";

const SIZES = Object.fromEntries(
  STORED.map((stored) => [stored, fullSizes(stored)]),
) as Record<typeof STORED[number], ReturnType<typeof fullSizes>>;
const AT_480P = { width: 832, height: 480, frames: 81 };
const AT_720P = { width: 1280, height: 720, frames: 81 };

function plan(
  stored: typeof STORED[number],
  gigabytes: number,
  changed: Partial<Parameters<typeof planMemory>[1]> = {},
): MemoryPlan {
  return planMemory(SIZES[stored], {
    budget: gigabytes * 1e9,
    video: AT_480P,
    passes: 2,
    ...changed,
  });
}

Deno.test("a plan never needs more than the budget, and moves less in a larger one", () => {
  for (const stored of STORED) {
    for (const video of [AT_480P, AT_720P]) {
      let moved = Infinity, fitted = 0;
      for (let gb = 1; gb <= 64; gb += 0.5) {
        try {
          const { networks, peak } = plan(stored, gb, { video });
          fitted++;
          assert.ok(peak <= gb * 1e9, `${stored}, ${gb} GB: ${peak}`);
          for (const network of Object.values(networks)) {
            assert.ok(network.peak <= peak);
          }
          assert.ok(networks.transformer.moved <= moved, `${stored}, ${gb} GB`);
          moved = networks.transformer.moved;
        } catch (error) {
          assert.ok(error instanceof BudgetError);
          assert.equal(fitted, 0, "a smaller budget was enough");
          assert.ok(error.smallest > gb * 1e9);
          assert.ok(
            plan(stored, error.smallest / 1e9, { video }).peak <=
              error.smallest,
          );
        }
      }
      assert.equal(moved, 0, "with 64 GB everything is one graph");
    }
  }
});

Deno.test("the table in README.md is what is planned", async () => {
  const text = await Deno.readTextFile(new URL("README.md", import.meta.url));
  const words = (table: string) =>
    table.replace(/ {2,}/g, " ").replace(/-{3,}/g, "---");
  assert.ok(
    words(text).includes(words(memoryTables(SIZES))),
    "run tests/make_memory_table.ts and deno fmt",
  );
});

Deno.test("480p fits 6 GB with every kind of weights, 720p 8 GB with 8 bits", () => {
  for (const stored of STORED) {
    const { networks } = plan(stored, 6);
    console.log(
      `${stored}: ${(networks.transformer.peak / 1e9).toFixed(2)} GB`,
    );
    assert.equal(networks.t5.where, "device");
    if (stored !== "BF16") plan(stored, 8, { video: AT_720P });
  }
});

Deno.test("both passes go together where memory allows it", () => {
  const passes = (gigabytes: number) => {
    const { execution } = plan("BF16", gigabytes).networks.transformer;
    return typeof execution === "object" ? execution.passes : execution;
  };
  assert.deepEqual([6, 8, 48].map(passes), [1, 2, "monolithic"]);
  const { execution } = plan("BF16", 8, { passes: 1 }).networks.transformer;
  assert.deepEqual(execution, { resident: 3, passes: 1 });
});

Deno.test("a budget that cannot work is refused with the smallest that can", () => {
  assert.throws(() => plan("BF16", 4), {
    name: "BudgetError",
    message:
      "Cannot generate 832x480 px and 81 frames in 4.0 GB of device memory: the transformer needs 5.5 GB, expected a budget of at least that\n" +
      "HINT: The smallest plan is --vram 5.5GB: 0 of 40 blocks on the device, the others streamed, one pass after the other. Weights with fewer bits, a smaller --size, or a smaller --frame_num need less.",
  });
});

Deno.test("tiles that were asked for are kept, and a network that stays leaves less for the others", () => {
  const vae = { tiles: { size: 32, overlap: 14 } };
  assert.deepEqual(plan("BF16", 48, { vae }).networks.vae.vae, vae);
  const alone = plan("q4", 16),
    kept = plan("q4", 16, { keepTransformer: true });
  assert.equal(alone.networks.t5.execution, "monolithic");
  assert.notEqual(kept.networks.t5.execution, "monolithic");
  const { transformer, ...others } = kept.networks;
  for (const { peak } of Object.values(others)) {
    assert.ok(peak + transformer.peak - 0.5e9 <= 16e9);
  }
});

Deno.test("guidance of the attention is planned for where blocks are streamed", () => {
  const execution = { resident: 0, passes: 1 };
  const peak = (stored: typeof STORED[number], isGuided: boolean) =>
    plan(stored, 24, { isGuided, passes: 1, execution })
      .networks.transformer.peak / 1e9;
  for (
    const [stored, least, most] of [
      // With bf16 the graph before the blocks needs more than a block.
      ["BF16", 0.005, 0.02],
      ["F8_E4M3", 0.2, 0.4],
    ] as const
  ) {
    const more = peak(stored, true) - peak(stored, false);
    console.log(`${stored}: ${more.toFixed(3)} GB more`);
    assert.ok(more > least && more < most);
  }
});

Deno.test("for a draft the VAE encodes only, and the small decoder decodes", () => {
  const { checkpoint, ...rest } = SIZES.BF16;
  const tinyVae = { config: TAEW_2_1, bytes: 11e6 };
  const sizes = { ...rest, checkpoint: { ...checkpoint, tinyVae } };
  const planned = (gb: number, decoder?: "tiny") =>
    planMemory(sizes, {
      budget: gb * 1e9,
      video: AT_480P,
      passes: 2,
      decoder,
    }).networks.vae;
  const [usual, draft] = [planned(48), planned(48, "tiny")];
  console.log(
    `decoding ${(usual.peak / 1e9).toFixed(1)} GB, encoding ${
      (draft.peak / 1e9).toFixed(1)
    } GB`,
  );
  assert.ok(draft.peak < 0.7 * usual.peak);
  assert.equal(
    draft.text,
    "whole frames, for encoding; the small decoder decodes",
  );
  // In tiles the draft's own memory is all that is left at last.
  const least = planned(6, "tiny");
  assert.ok(least.peak < planned(6).peak);
  assert.match(least.text, /^\d tiles of \d+ px, for encoding/);
  // Without a small decoder there is nothing to plan it for.
  assert.deepEqual(plan("BF16", 48, { decoder: "tiny" }).networks.vae, usual);
});

Deno.test("blocks that differ, and devices that cannot stream, open each block in turn", () => {
  const { weights, ...sizes } = SIZES.BF16;
  const options = { budget: 12e9, video: AT_480P, passes: 2 } as const;
  for (
    const other of [
      { ...sizes, weights, streams: false },
      {
        ...sizes,
        weights: {
          ...weights,
          transformer: { ...weights.transformer, alike: false },
        },
      },
    ]
  ) {
    const { networks } = planMemory(other, options);
    assert.equal(networks.transformer.execution, "blockwise");
  }
});

Deno.test("out of memory names the next smaller plan", () => {
  const options = { budget: 8e9, video: AT_480P, passes: 2 } as const;
  const planned = {
    plan: plan("BF16", 8),
    sizes: SIZES.BF16,
    options,
  };
  const smaller = nextSmallerPlan(planned.plan, planned.sizes, options)!;
  assert.ok(smaller.peak < planned.plan.peak);
  const error = explainMemory(
    new Error(
      "Cannot run the blocks on cuda: Available memory of 1 is smaller than requested bytes of 2\nHINT: Take less.",
    ),
    planned,
  );
  assert.ok(error instanceof Error);
  assert.match(
    error.message,
    /^Cannot run the blocks on cuda: [^\n]+\nHINT: The next smaller plan needs 6\.\d GB: --vram 6\.\dGB \(vram in the API\), transformer: 0 of 40/,
  );
  const other = new Error("no such file");
  assert.equal(explainMemory(other, planned), other);
  // The smallest plan of all has none below it.
  const last = plan("BF16", 5.5);
  assert.equal(nextSmallerPlan(last, SIZES.BF16, options)?.peak ?? 0, 0);
});

Deno.test("a budget that is no size is refused; without a GPU there is none", () => {
  const cpu = [{ kind: "cpu", index: 0 }] as const;
  assert.equal(memoryBudget(cpu, undefined), undefined);
  assert.equal(memoryBudget(cpu, 5e9), 5e9);
  for (const vram of [0, -1, NaN, Infinity]) {
    assert.throws(() => memoryBudget(cpu, vram), {
      name: "RangeError",
      message:
        `Cannot use ${vram} bytes of device memory: expected a positive number`,
    });
  }
});
