/**
 * The noise levels a sampler walks through, from pure noise to a clean latent,
 * with every float accident of the reference: the time a level is told to the
 * model by is truncated from float64, so that 249.99999999999997 becomes 249.
 *
 * A latent of level sigma is `(1 - sigma) * clean + sigma * noise`.
 *
 * Mirrors the schedules of fm_solvers_unipc.py:109-213, fm_solvers.py:24-28
 * and of flow-matching Euler as diffusers has it.
 *
 * @module
 */

/** How the sampler steps from one noise level to the next. */
export type SolverName = "unipc" | "dpm++" | "euler";

/** Every solver there is, the reference's default first. */
export const SOLVER_NAMES: readonly SolverName[] = ["unipc", "dpm++", "euler"];

/** The noise levels of a run and the time the model is told at each of them. */
export interface FlowSchedule {
  /** `(steps + 1)`: the noise level before each step, and 0 after the last. */
  readonly sigmas: Float32Array;
  /** `(steps)`: the time of each step, 0 to 1000; whole numbers but for Euler. */
  readonly timesteps: readonly number[];
}

/** What a schedule is made from. */
export interface ScheduleOptions {
  /**
   * How many times the model is asked, 1 to 100. The reference takes 40; a
   * distilled LoRA needs 4 to 8. Not needed with `sigmas`.
   */
  readonly steps?: number;
  /**
   * How much of the run is spent at high noise, where movement is decided:
   * 1 is even, 5 the default (also at 480p), 3 what Wan advises for 480p.
   */
  readonly flowShift?: number;
  /**
   * Noise levels of one's own instead of `steps` and `shift`: falling, each
   * above 0 and at most 1, as many as there are steps. A last 0 may be there.
   */
  readonly sigmas?: readonly number[];
}

const TRAINED_TIMES = 1000;
const MAX_STEPS = 100;
/** UniPC starts at 1 - 1/1000, which the reference has rounded to float32. */
const UNIPC_START = Math.fround(1 - 1 / TRAINED_TIMES);

/**
 * The schedule of a solver.
 *
 * UniPC starts at 0.999, the others at exactly 1; that is how the reference
 * has them, and it is why their first times are 999 and 1000.
 *
 * @throws {RangeError} When `steps` is not from 1 to 100, `shift` not above 0,
 * or `sigmas` do not fall from at most 1 to above 0.
 */
export function createSchedule(
  solver: SolverName,
  options: ScheduleOptions = {},
): FlowSchedule {
  if (!SOLVER_NAMES.includes(solver)) {
    throw new TypeError(
      `Cannot sample with ${JSON.stringify(solver)}: expected one of ${
        SOLVER_NAMES.join(", ")
      }`,
    );
  }
  const levels = options.sigmas === undefined
    ? shiftedLevels(solver, options)
    : checkedLevels(options.sigmas);
  return {
    sigmas: Float32Array.from([...levels, 0]),
    timesteps: levels.map((sigma) =>
      solver === "euler"
        ? Math.fround(Math.fround(sigma) * TRAINED_TIMES)
        : Math.trunc(sigma * TRAINED_TIMES)
    ),
  };
}

/** numpy's `linspace(start, 0, steps + 1)[:-1]` in float64, then the shift. */
function shiftedLevels(
  solver: SolverName,
  { steps = 40, flowShift: shift = 5 }: ScheduleOptions,
): number[] {
  if (!Number.isInteger(steps) || steps < 1 || steps > MAX_STEPS) {
    throw new RangeError(
      `Cannot sample in ${steps} steps: expected a whole number from 1 to ${MAX_STEPS}`,
    );
  }
  if (!(shift > 0 && Number.isFinite(shift))) {
    throw new RangeError(
      `Cannot shift the noise levels by ${shift}: expected a number above 0`,
    );
  }
  const start = solver === "unipc" ? UNIPC_START : 1;
  const stride = (0 - start) / steps;
  return Array.from({ length: steps }, (_, i) => {
    const sigma = i * stride + start;
    return shift * sigma / (1 + (shift - 1) * sigma);
  });
}

function checkedLevels(sigmas: readonly number[]): number[] {
  const levels = sigmas.at(-1) === 0 ? sigmas.slice(0, -1) : [...sigmas];
  if (levels.length < 1 || levels.length > MAX_STEPS) {
    throw new RangeError(
      `Cannot sample along ${levels.length} sigmas: expected 1 to ${MAX_STEPS}`,
    );
  }
  levels.forEach((sigma, i) => {
    const above = i === 0 ? 1 : levels[i - 1]!;
    const fits = i === 0 ? sigma <= above : sigma < above;
    if (!(sigma > 0 && fits)) {
      throw new RangeError(
        `Cannot sample along these sigmas: number ${i + 1} is ${sigma}, ` +
          `expected one above 0 and ${
            i === 0 ? "at most 1" : `below the ${above} before it`
          }`,
      );
    }
  });
  return levels;
}
