/**
 * A generation that can be interrupted: everything that the next step needs, on
 * disk.
 *
 * @module
 */

import type { Sampler } from "../sampling/flow_sampler.ts";
import type { Branch, PassCache } from "../sampling/step_cache.ts";
import type { Tensor } from "../base/tensor.ts";
import type { Conditions } from "../wan/transformer/prediction.ts";
import type { EncodedInputs } from "./encode.ts";
import { type StoredTensors, tryLoadTensors } from "./tensor_store.ts";

/** The question that a branch was last asked for real. */
export interface LastAsked {
  /** The step, 0 first. */
  readonly step: number;
  /** The schedule's time of it. */
  readonly timestep: number;
  /** The latent of it. */
  readonly latent: Tensor;
}

/** The state of a generation between two steps. */
export interface RunState {
  /** The latent that the next step starts from. */
  readonly latent: Tensor;
  /** The condition of the model; with it a run continues without the encoders. */
  readonly conditions: Conditions;
  /** The condition without motion, where some pass gets it. */
  readonly plainCondition: Tensor | undefined;
  /** Latent and mask of Time-to-Move's signal, where it is used. */
  readonly signal: EncodedInputs["signal"];
  /** With a step cache: what its answers were last taken from. */
  readonly lastAsked: ReadonlyMap<Branch, LastAsked>;
  /** Passes saved so far because the negative prompt was skipped. */
  readonly skippedPasses: number;
  /** Passes through the transformer so far. */
  readonly passes: number;
}

/** The parts that have a state of their own. */
export interface Resumable {
  /** The solver. */
  readonly sampler: Sampler;
  /** The step cache, if there is one. */
  readonly cache: PassCache | undefined;
}

/** What cannot be a tensor. */
interface Facts {
  readonly key: string;
  readonly solver: Sampler["solver"];
  readonly step: number;
  readonly sigmas: readonly number[];
  readonly cache?: {
    readonly changes: Partial<Record<Branch, number>>;
    readonly computed: number;
    readonly reused: number;
  };
  readonly lastAsked: Partial<
    Record<Branch, { step: number; timestep: number }>
  >;
  readonly skippedPasses: number;
  readonly passes: number;
}

/**
 * The state of a generation, as it is stored: nothing that happens to it later
 * changes what is captured.
 *
 * @param options.key a fingerprint of all that the result depends on
 */
export function captureRun(
  { sampler, cache }: Resumable,
  { key, state }: { key: string; state: RunState },
): StoredTensors {
  const { solver, step, sigmas, history: memory } = sampler.state();
  const cached = cache?.state();
  const {
    condition,
    promptEmbeds: text,
    negativeEmbeds: negative,
    imageEmbeds: image,
  } = state.conditions;
  const tensors: Record<string, Tensor> = {
    latent: state.latent,
    condition,
    text,
    ...(negative && { negative }),
    ...(state.plainCondition && { plain: state.plainCondition }),
    ...(state.signal && {
      signal: state.signal.latent,
      "signal.mask": state.signal.mask,
    }),
    image,
  };
  for (const [name, tensor] of Object.entries(memory)) {
    tensors[`sampler.${name}`] = tensor;
  }
  for (
    const [branch, { embedding }] of Object.entries(cached?.branches ?? {})
  ) {
    tensors[`cache.${branch}`] = {
      dims: [embedding.length],
      data: embedding,
    };
  }
  for (const [branch, { latent }] of state.lastAsked) {
    tensors[`asked.${branch}`] = latent;
  }
  const facts: Facts = {
    key,
    solver,
    step,
    sigmas,
    ...(cached && {
      cache: {
        changes: Object.fromEntries(
          Object.entries(cached.branches).map((
            [branch, { change }],
          ) => [branch, change]),
        ),
        computed: cached.computed,
        reused: cached.reused,
      },
    }),
    lastAsked: Object.fromEntries(
      [...state.lastAsked].map((
        [branch, { step, timestep }],
      ) => [branch, { step, timestep }]),
    ),
    skippedPasses: state.skippedPasses,
    passes: state.passes,
  };
  return { tensors, texts: { run: JSON.stringify(facts) } };
}

/**
 * Brings a generation back to where it was saved: sampler and cache are set,
 * the rest is returned. Undefined where there is no file, or it is damaged
 * (`onDamaged` is called) or of another run (`key`); it will be overwritten.
 */
export async function restoreRun(
  path: string,
  { sampler, cache }: Resumable,
  { key, onDamaged }: {
    key: string;
    /** Called with why a saved state cannot be used. */
    onDamaged: (reason: string) => void;
  },
): Promise<RunState | undefined> {
  const stored = await tryLoadTensors(path, onDamaged);
  const facts: Facts | undefined = stored &&
    JSON.parse(stored.texts["run"] ?? "null");
  if (!stored || facts?.key !== key) return undefined;
  const { tensors } = stored;
  const under = (prefix: string) =>
    Object.entries(tensors).filter(([name]) => name.startsWith(prefix)).map((
      [name, tensor],
    ) => [name.slice(prefix.length), tensor] as const);
  sampler.restore({
    solver: facts.solver,
    step: facts.step,
    sigmas: facts.sigmas,
    history: Object.fromEntries(under("sampler.")),
  });
  if (cache && facts.cache) {
    const { changes, computed, reused } = facts.cache;
    cache.restore({
      branches: Object.fromEntries(
        under("cache.").map(([branch, { data }]) => [
          branch,
          { change: changes[branch as Branch]!, embedding: data },
        ]),
      ),
      computed,
      reused,
    });
  }
  return {
    latent: tensors["latent"]!,
    conditions: {
      condition: tensors["condition"]!,
      promptEmbeds: tensors["text"]!,
      negativeEmbeds: tensors["negative"],
      imageEmbeds: tensors["image"]!,
    },
    plainCondition: tensors["plain"],
    signal: tensors["signal"] && {
      latent: tensors["signal"],
      mask: tensors["signal.mask"]!,
    },
    lastAsked: new Map(
      under("asked.").map(([branch, latent]) => [
        branch as Branch,
        { ...facts.lastAsked[branch as Branch]!, latent },
      ]),
    ),
    skippedPasses: facts.skippedPasses,
    passes: facts.passes,
  };
}
