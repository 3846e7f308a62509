/** Some browsers keep nothing, and throw when they are asked to. @module */

/** The outcome of some work, or undefined when it throws. */
export function attempt<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch {
    return undefined;
  }
}
