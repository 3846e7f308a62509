/**
 * TeaCache: when the time embedding has hardly changed since the model was
 * last asked, its answer would hardly differ, and the last one is used again.
 *
 * The relative change of the time embedding from step to step is put through
 * a polynomial that was fitted to the change of the model's output, and summed
 * up; the model is asked again once the sum reaches the threshold. The first
 * and the last step are never skipped.
 *
 * The project's `use_ret_steps` compares the time projection (what modulates
 * the blocks) with another polynomial, computes the first five steps, and may
 * reuse the last one.
 *
 * Source: Liu et al., "Timestep Embedding Tells: It's Time to Cache for Video
 * Diffusion Model", arXiv 2411.19108; coefficients of the TeaCache project for
 * Wan2.1 I2V 14B.
 *
 * @module
 */

/** One of the two passes of a guided step; each has its own cache. */
export type Branch = "conditional" | "unconditional";

/**
 * The model's view of a step's time: `e`, the time embedding, or `e0`, the time
 * projection.
 */
export type TimeTensor = "e" | "e0";

/** Decides for every pass whether an earlier result is reused. */
export interface PassCache {
  /** Passes that ran the blocks so far. */
  readonly computed: number;
  /** Passes saved so far. */
  readonly reused: number;
  /** What {@linkcode PassCache.mayReuse} is given. */
  readonly compares: TimeTensor;
  /**
   * Whether this pass may reuse the last result; called once per pass, in the
   * order of the steps.
   *
   * @param step the step, 0 first
   * @param embedding the time of this step as the model sees it: `(dim)`, or
   * `(6 dim)` where `compares` is `e0`
   */
  mayReuse(step: number, branch: Branch, embedding: Float32Array): boolean;
  /** All it knows, as copies. */
  state(): StepCacheState;
  /** Continues where {@linkcode PassCache.state} was taken. */
  restore(state: StepCacheState): void;
}

/** How TeaCache decides. */
export interface StepCacheOptions {
  /** The number of steps of the run. */
  readonly steps: number;
  /**
   * How much change is let pass. On Wan2.1 I2V at 480p 0.13 is faithful,
   * 0.19 the usual choice, 0.26 shows; they save about 37, 49 and 59 percent.
   */
  readonly threshold: number;
  /**
   * The project's `use_ret_steps`: compares the time projection, computes the
   * first five steps, and may reuse the last one. False by default.
   */
  readonly useRetSteps?: boolean;
  /**
   * The fitted polynomial, highest power first; {@linkcode TEACACHE_I2V_480P},
   * or {@linkcode TEACACHE_RET_I2V_480P} with `useRetSteps`.
   */
  readonly coefficients?: readonly number[];
}

/** Output change over embedding change of Wan2.1 I2V 14B at 480p, x^4 first. */
export const TEACACHE_I2V_480P: readonly number[] = [
  -3.0233167e2,
  2.23948934e2,
  -5.2546397e1,
  5.8734844,
  -2.01973289e-1,
];

/** The same at 720p. */
export const TEACACHE_I2V_720P: readonly number[] = [
  -114.36346466,
  65.26524496,
  -18.82220707,
  4.91518089,
  -0.23412683,
];

/** The polynomial of `useRetSteps` for Wan2.1 I2V 14B at 480p, x^4 first. */
export const TEACACHE_RET_I2V_480P: readonly number[] = [
  2.57151496e5,
  -3.54229917e4,
  1.40286849e3,
  -1.35890334e1,
  1.32517977e-1,
];

/** The same at 720p. */
export const TEACACHE_RET_I2V_720P: readonly number[] = [
  8.10705460e3,
  2.13393892e3,
  -3.72934672e2,
  1.66203073e1,
  -4.17769401e-2,
];

/** Steps that `useRetSteps` always computes at the start. */
const RET_STEPS = 5;

/** What a step cache knows between two steps, in plain values. */
export interface StepCacheState {
  /** By branch: the change since the model was last asked, and the embedding before. */
  readonly branches: Readonly<
    Partial<Record<Branch, { change: number; embedding: Float32Array }>>
  >;
  /** Passes that asked the model. */
  readonly computed: number;
  /** Passes that were saved. */
  readonly reused: number;
}

/**
 * Decides for every pass whether the model is asked or its last answer used
 * again. It holds no answers itself: the caller keeps them.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { StepCache } from "@ati/ati";
 * const cache = new StepCache({ steps: 3, threshold: 10 });
 * const embedding = new Float32Array([1, 2]);
 * const reuse = [0, 1, 2].map((step) =>
 *   cache.mayReuse(step, "conditional", embedding)
 * );
 * assert.deepEqual(reuse, [false, true, false]); // not the first, not the last
 * assert.equal(cache.reused, 1);
 * ```
 */
export class StepCache implements PassCache {
  /** The time embedding; the time projection with `useRetSteps`. */
  readonly compares: TimeTensor;
  readonly #coefficients: readonly number[];
  readonly #threshold: number;
  /** The steps from `from` (included) to `to` (excluded) may be reused. */
  readonly #inner: { readonly from: number; readonly to: number };
  #branches: Map<Branch, { change: number; embedding: Float32Array }> =
    new Map();
  #computed = 0;
  #reused = 0;

  /**
   * A cache that has seen nothing.
   *
   * @throws {RangeError} When the threshold is not above 0.
   */
  constructor(options: StepCacheOptions) {
    if (!(options.threshold > 0 && Number.isFinite(options.threshold))) {
      throw new RangeError(
        `Cannot cache steps with threshold ${options.threshold}: expected a number above 0, 0.1 to 0.3 being usual`,
      );
    }
    const { useRetSteps = false, steps, threshold } = options;
    this.compares = useRetSteps ? "e0" : "e";
    this.#threshold = threshold;
    this.#coefficients = options.coefficients ??
      (useRetSteps ? TEACACHE_RET_I2V_480P : TEACACHE_I2V_480P);
    this.#inner = useRetSteps
      ? { from: RET_STEPS, to: steps }
      : { from: 1, to: steps - 1 };
  }

  /** Passes that asked the model so far. */
  get computed(): number {
    return this.#computed;
  }

  /** Passes saved so far. */
  get reused(): number {
    return this.#reused;
  }

  /**
   * Whether this pass may do with the last answer; to be called once per pass,
   * in the order of the steps.
   *
   * @param step The step, 0 first.
   * @param embedding The model's time embedding of this step, `(dim)`, or its
   * time projection, `(6 dim)`: see {@linkcode StepCache.compares}.
   */
  mayReuse(step: number, branch: Branch, embedding: Float32Array): boolean {
    const before = this.#branches.get(branch);
    const inner = step >= this.#inner.from && step < this.#inner.to;
    let change = 0;
    if (inner && before !== undefined) {
      change = before.change +
        evaluate(
          this.#coefficients,
          relativeChange(before.embedding, embedding),
        );
    }
    const reuse = inner && before !== undefined &&
      change < this.#threshold;
    if (reuse) this.#reused++;
    else {
      this.#computed++;
      change = 0;
    }
    this.#branches.set(branch, { change, embedding: embedding.slice() });
    return reuse;
  }

  /** All it knows, as copies. */
  state(): StepCacheState {
    return {
      branches: Object.fromEntries(structuredClone(this.#branches)),
      computed: this.#computed,
      reused: this.#reused,
    };
  }

  /** Continues where {@linkcode StepCache.state} was taken. */
  restore(state: StepCacheState): void {
    const entries = Object.entries(structuredClone(state.branches));
    this.#branches = new Map(entries as [Branch, typeof entries[0][1]][]);
    this.#computed = state.computed;
    this.#reused = state.reused;
  }
}

/** mean |after - before| / mean |before| */
function relativeChange(before: Float32Array, after: Float32Array): number {
  let difference = 0, magnitude = 0;
  for (let i = 0; i < before.length; i++) {
    difference += Math.abs(after[i]! - before[i]!);
    magnitude += Math.abs(before[i]!);
  }
  return difference / magnitude;
}

/** A polynomial, highest power first. */
function evaluate(coefficients: readonly number[], x: number): number {
  return coefficients.reduce((sum, coefficient) => sum * x + coefficient, 0);
}
