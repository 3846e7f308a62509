/**
 * Long computations in steps, between which signals and timers are heard.
 *
 * @module
 */

/** A computation that pauses wherever it may be left. */
export type Steps<T> = Generator<void, T, void>;

/** So long nothing else is heard, ms. */
const PATIENCE = 100;

/** The result of a computation, without a pause. */
export function atOnce<T>(steps: Steps<T>): T {
  for (;;) {
    const { done, value } = steps.next();
    if (done) return value;
  }
}

/**
 * The result of a computation that is left every tenth of a second, so that
 * signals, timers, and other work have their turn.
 *
 * @throws {unknown} The signal's reason, once it is aborted.
 */
export async function inSteps<T>(
  steps: Steps<T>,
  signal?: AbortSignal,
): Promise<T> {
  await letOthersRun(signal);
  for (let since = performance.now();;) {
    const { done, value } = steps.next();
    if (done) return value;
    if (performance.now() - since < PATIENCE) continue;
    await letOthersRun(signal);
    since = performance.now();
  }
}

/**
 * Lets signals, timers, and other work have their turn.
 *
 * @throws {unknown} The signal's reason, when it is aborted.
 */
export async function letOthersRun(signal?: AbortSignal): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, 0));
  signal?.throwIfAborted();
}
