/**
 * How each network is run within a budget of device memory.
 *
 * @module
 */

import { withHint } from "../base/errors.ts";
import { gigabytes } from "../base/gigabytes.ts";
import { type NetworkKind, NETWORKS } from "../wan/networks.ts";
import type { MemoryPlan, NetworkPlan, PlanOptions } from "./network_plan.ts";
import {
  encoderChoices,
  type NetworkSizes,
  runtimeBytes,
  transformerChoices,
  vaeChoices,
} from "./_plan_choices.ts";

export {
  measureNetworks,
  type NetworkSizes,
  runtimeBytes,
} from "./_plan_choices.ts";
export type { MemoryPlan, NetworkPlan, PlanOptions } from "./network_plan.ts";

/** A budget in which no plan fits. */
export class BudgetError extends RangeError {
  /** The class name, as printed. */
  override readonly name: string = "BudgetError";
  /** The smallest budget in which one fits, in bytes. */
  readonly smallest: number;

  /** An error with the smallest budget that can work. */
  constructor(message: string, smallest: number) {
    super(message);
    this.smallest = smallest;
  }
}

/**
 * Plans each network: as one graph where it fits, else with as many blocks on
 * the device as fit and the others streamed, the VAE in as few tiles as fit.
 *
 * @throws {BudgetError} When some network fits in no way; the HINT has the
 * smallest budget that can work, and how.
 */
export function planMemory(
  sizes: NetworkSizes,
  options: PlanOptions,
): MemoryPlan {
  const { budget, keepTransformer = false } = options;
  // The less of it stays on the device, the more is there for the others.
  const shares = keepTransformer ? [1, 0.85, 0.7, 0.5, 0.3] : [1];
  for (const share of shares) {
    const transformer = choose("transformer", sizes, {
      ...options,
      budget: share * budget,
    });
    const kept = keepTransformer && transformer
      ? transformer.peak - runtimeBytes(sizes.placements.transformer)
      : 0;
    const plans = NETWORKS.map((kind) =>
      kind === "transformer"
        ? transformer
        : choose(kind, sizes, { ...options, budget: budget - kept })
    );
    if (plans.includes(undefined)) continue;
    const networks = plans as NetworkPlan[];
    return {
      budget,
      peak: Math.max(
        ...networks.map(({ kind, peak }) =>
          kind === "transformer" ? peak : peak + kept
        ),
      ),
      networks: Object.fromEntries(
        networks.map((plan) => [plan.kind, plan]),
      ) as Record<NetworkKind, NetworkPlan>,
    };
  }
  throw refusal(sizes, options);
}

/** The first way to run a network that fits. */
function choose(
  kind: NetworkKind,
  sizes: NetworkSizes,
  options: PlanOptions,
): NetworkPlan | undefined {
  return choicesOf(kind, sizes, options)
    .find(({ peak }) => peak <= options.budget);
}

function refusal(sizes: NetworkSizes, options: PlanOptions): BudgetError {
  const { budget, keepTransformer, video } = options;
  const least = NETWORKS.map((kind) =>
    choicesOf(kind, sizes, { ...options, budget: 0 })
      .reduce((a, b) => b.peak < a.peak ? b : a)
  );
  const widest = least.reduce((a, b) => b.peak > a.peak ? b : a);
  const { width, height, frames } = video;
  const action =
    `Cannot generate ${width}x${height} px and ${frames} frames in ${
      gigabytes(budget)
    } of device memory`;
  const smallest = roundUp(widest.peak);
  if (keepTransformer && smallest <= budget) {
    return new BudgetError(
      withHint(
        `${action}: the transformer and ${
          TITLES[widest.kind]
        } do not fit together, expected a larger budget`,
        "Omit --offload_model no (offloadModel: false in the API).",
      ),
      smallest,
    );
  }
  return new BudgetError(
    withHint(
      `${action}: ${TITLES[widest.kind]} needs ${
        gigabytes(smallest)
      }, expected a budget of at least that`,
      `The smallest plan is --vram ${
        sizeFlag(smallest)
      }: ${widest.text}. Weights with fewer bits, a smaller --size, or a smaller --frame_num need less.`,
    ),
    smallest,
  );
}

/**
 * The next smaller plan, for when the device had less than was planned with;
 * undefined when there is none.
 */
export function nextSmallerPlan(
  plan: MemoryPlan,
  sizes: NetworkSizes,
  options: PlanOptions,
): MemoryPlan | undefined {
  for (const share of [0.85, 0.7, 0.5, 0]) {
    try {
      const smaller = planMemory(sizes, {
        ...options,
        budget: share * plan.peak,
      });
      return smaller;
    } catch (error) {
      if (!(error instanceof BudgetError)) throw error;
      if (error.smallest < plan.peak) {
        return planMemory(sizes, { ...options, budget: error.smallest });
      }
    }
  }
  return undefined;
}

/** What people call the networks. */
export const TITLES: Readonly<Record<NetworkKind, string>> = {
  t5: "the text encoder",
  clip: "the image encoder",
  vae: "the VAE",
  transformer: "the transformer",
};

/** A plan in lines for people. */
export function describePlan(plan: MemoryPlan): string[] {
  return NETWORKS.map((kind) => {
    const { text, peak, where } = plan.networks[kind];
    const size = where === "cpu" ? "" : `, ${gigabytes(peak)}`;
    return `${TITLES[kind].replace("the ", "")}: ${text}${size}`;
  });
}

function choicesOf(
  kind: NetworkKind,
  sizes: NetworkSizes,
  options: PlanOptions,
): NetworkPlan[] {
  switch (kind) {
    case "transformer":
      return transformerChoices(sizes, options);
    case "vae":
      return vaeChoices(sizes, options);
    default:
      return encoderChoices(kind, sizes);
  }
}

/** To 0.1 GB or 1 MB, so that the number can be given as a budget. */
function roundUp(bytes: number): number {
  const unit = bytes >= 1e9 ? 1e8 : 1e6;
  return Math.ceil(bytes / unit) * unit;
}

/** A size as `--vram` takes it, rounded up. */
export function sizeFlag(bytes: number): string {
  const size = roundUp(bytes);
  return size >= 1e9 ? `${(size / 1e9).toFixed(1)}GB` : `${size / 1e6}MB`;
}
