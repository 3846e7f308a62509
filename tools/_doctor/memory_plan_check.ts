/**
 * Checks how a run fits into the memory of the GPU, and says what other budgets
 * would give.
 *
 * @module
 */

import type { CheckpointOptions } from "../../core/checkpoint/checkpoint.ts";
import type { VideoShape } from "../../core/wan/activation_memory.ts";
import { gigabytes } from "../../core/base/gigabytes.ts";
import { deviceName } from "../../core/onnx/runtime/device.ts";
import {
  canStream,
  deviceMemory,
} from "../../core/onnx/runtime/device_memory.ts";
import type { ProbedDevice } from "../../core/onnx/runtime/devices.ts";
import {
  BudgetError,
  describePlan,
  measureNetworks,
  type MemoryPlan,
  type NetworkSizes,
  planMemory,
  type PlanOptions,
} from "../../core/pipeline/memory_plan.ts";
import { openLoras } from "../../core/pipeline/lora_files.ts";
import type { LoraChoice } from "../../core/pipeline/pipeline_options.ts";
import { planModel } from "../../core/pipeline/plan_model.ts";
import { placeNetwork } from "../../core/pipeline/placement.ts";
import type { NvidiaGpu } from "./cuda_parts.ts";
import { failure, type Finding } from "./finding.ts";

/** The budgets that are shown besides the device's own, in GB. */
const BUDGETS = [6, 8, 10, 12, 16, 24, 48];

/** The sizes that they are shown for. */
const SIZES = [
  { title: "480p", width: 832, height: 480 },
  { title: "720p", width: 1280, height: 720 },
];

/** The share of a GPU's memory that is free where nobody tells. */
const USUALLY_FREE = 0.9;

/** A GPU to plan for where there is none. */
const SOME_GPU: ProbedDevice = {
  device: { kind: "cuda", index: 0 },
  attention: "fused",
  compute: ["float32", "bfloat16", "float16"],
};

/**
 * Plans a run of a checkpoint on the first CUDA device that works. Reads headers
 * only; undefined when the checkpoint is not complete.
 */
export async function checkMemoryPlan(
  folder: string,
  options: {
    readonly files: CheckpointOptions;
    readonly video: VideoShape;
    /** The budget that is asked about, in bytes; by default what is free. */
    readonly vram: number | undefined;
    /** LoRAs that are used with it. */
    readonly loras?: readonly LoraChoice[] | undefined;
    /** What decodes; the VAE by default. */
    readonly decoder?: PlanOptions["decoder"];
    readonly working: readonly ProbedDevice[];
    readonly gpus: readonly {
      readonly device: string;
      readonly gpu: NvidiaGpu;
    }[];
  },
): Promise<Finding | undefined> {
  const { files, vram, working, gpus, video, decoder, loras = [] } = options;
  const { checkpoint, otherErrors } = await planModel(folder, { files, loras });
  if (!checkpoint || otherErrors.length > 0) return undefined;
  const { adapters } = await openLoras(loras, checkpoint.transformer.tensors);
  const found = working.find(({ device }) => device.kind === "cuda");
  const gpu = found ?? SOME_GPU;
  const sizes = measureNetworks({
    checkpoint,
    adapters,
    placements: {
      t5: placeNetwork("t5", gpu),
      clip: placeNetwork("clip", gpu),
      vae: placeNetwork("vae", gpu),
      transformer: placeNetwork("transformer", gpu),
    },
    streams: found === undefined || canStream(found.device),
  });
  const free = found && (deviceMemory(found.device)?.free ??
    USUALLY_FREE * (gpus[0]?.gpu.memory ?? NaN));
  const budget = vram ?? free;
  return describeMemory(sizes, {
    video,
    decoder,
    device: found ? deviceName(found.device) : "a CUDA GPU",
    budget: budget !== undefined && budget > 0 ? budget : undefined,
  });
}

/** What a budget gives, and what others would give. */
export function describeMemory(
  sizes: NetworkSizes,
  { video, device, budget, decoder }: {
    readonly video: VideoShape;
    readonly decoder?: PlanOptions["decoder"];
    readonly device: string;
    readonly budget: number | undefined;
  },
): Finding {
  const others = [
    "counted, not measured: GB on the GPU; GB of weights moved per step",
    ["budget", ...BUDGETS.map((gb) => `${gb} GB`)],
    ...SIZES.map(({ title, ...size }) => [
      title,
      ...BUDGETS.map((gb) => {
        const plan = tryPlan(sizes, {
          budget: gb * 1e9,
          video: { ...video, ...size },
          decoder,
        });
        return plan instanceof BudgetError
          ? `needs ${(plan.smallest / 1e9).toFixed(1)}`
          : `${(plan.peak / 1e9).toFixed(1)}; ${
            (plan.networks.transformer.moved / 1e9).toFixed(1)
          }`;
      }),
    ]),
  ].map((line) =>
    typeof line === "string"
      ? line
      : line.map((cell, i) => cell.padEnd(i === 0 ? 8 : 12)).join("").trim()
  );
  const about = { check: "memory plan" } as const;
  if (budget === undefined) {
    return {
      ...about,
      state: "good",
      message: [`what ${device} would do by its memory`, ...others].join("\n"),
    };
  }
  const plan = tryPlan(sizes, { budget, video, decoder });
  if (plan instanceof BudgetError) {
    const { message, hint } = failure(plan);
    return {
      ...about,
      state: "bad",
      message: [message, ...others].join("\n"),
      ...(hint !== undefined && { todo: hint }),
    };
  }
  return {
    ...about,
    state: "good",
    message: [
      `${device}, ${
        gigabytes(budget)
      }, ${video.width}x${video.height}, ${video.frames} frames`,
      ...describePlan(plan),
      ...others,
    ].join("\n"),
    facts: { kind: "memory-plan", device, plan },
  };
}

function tryPlan(
  sizes: NetworkSizes,
  options: Pick<PlanOptions, "budget" | "video" | "decoder">,
): MemoryPlan | BudgetError {
  try {
    return planMemory(sizes, { ...options, passes: 2 });
  } catch (error) {
    if (error instanceof BudgetError) return error;
    throw error;
  }
}
