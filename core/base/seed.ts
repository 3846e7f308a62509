/**
 * Seeds of noise: whole numbers of 64 bits, of which a number holds 53.
 *
 * @module
 */

/**
 * A seed, 0 to 2^64 - 1: a bigint where a number cannot hold it. The noise
 * knows its low 32 bits only, as PyTorch's generator on the CPU does.
 */
export type Seed = number | bigint;

/** The largest seed. */
export const MAX_SEED = 2n ** 64n - 1n;

/** Whether a value is a seed. */
export function isSeed(value: unknown): value is Seed {
  if (typeof value === "bigint") return value >= 0n && value <= MAX_SEED;
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

/**
 * A whole number that is written in decimal digits, with or without a sign and
 * underscores; undefined for anything else.
 */
export function parseWhole(text: string): number | bigint | undefined {
  if (!/^[-+]?\d+(?:_\d+)*$/.test(text)) return undefined;
  const value = BigInt(text.replace(/^\+/, "").replaceAll("_", ""));
  return Number.isSafeInteger(Number(value)) ? Number(value) : value;
}

/** A seed as JSON holds it without loss: digits in a string above 2^53 - 1. */
export function storedSeed(seed: Seed): number | string {
  return typeof seed === "bigint" ? String(seed) : seed;
}

/** The opposite of {@linkcode storedSeed}; undefined for what is no seed. */
export function restoredSeed(value: unknown): Seed | undefined {
  const seed = typeof value === "string" ? parseWhole(value) : value;
  return isSeed(seed) ? seed : undefined;
}
