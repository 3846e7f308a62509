/**
 * The values of `generate.ts`'s flags, read from text.
 *
 * @module
 */

import type {
  ComputeDtype,
  NetworkDtypes,
} from "../../core/pipeline/placement.ts";
import { networkDtypes } from "../../core/pipeline/placement.ts";
import {
  isSeed,
  MAX_SEED,
  parseWhole,
  type Seed,
} from "../../core/base/seed.ts";
import { InvalidArgumentError, numberBetween } from "../shared/tool.ts";

/** Sizes to choose from, the one that ATI was trained at first. */
export const SIZES = ["832*480", "480*832", "1280*720", "720*1280"] as const;
const LARGEST_AREA = 1280 * 720;

/** An area as `width*height`. */
export function parseSize(text: string): { text: string; area: number } {
  const [, width, height] = /^(\d{1,4})[*x](\d{1,4})$/.exec(text) ?? [];
  const area = Number(width) * Number(height);
  if (!(area >= 16 * 16 && area <= LARGEST_AREA)) {
    throw new InvalidArgumentError(
      `expected width*height up to 1280*720, for example ${SIZES.join(", ")}.`,
    );
  }
  return { text: `${width}*${height}`, area };
}

const TRANSFORMER_TYPES = ["auto", "bf16", "fp16", "fp32"] as const;

/** A precision, or those of single networks as `dit=fp8,t5=bf16`. */
export function parseDtype(text: string): ComputeDtype | NetworkDtypes {
  if (!text.includes("=")) {
    const type = TRANSFORMER_TYPES.find((name) => name === text);
    if (type !== undefined) return type;
    throw new InvalidArgumentError(
      `expected ${
        TRANSFORMER_TYPES.join(", ")
      }, or a list for single networks, for example dit=fp8,t5=bf16.`,
    );
  }
  const parts: Record<string, string> = {};
  for (const item of text.split(",")) {
    const [, part, type] = /^(\w+)=(\w+)$/.exec(item.trim()) ?? [];
    if (part === undefined || type === undefined) {
      throw new InvalidArgumentError(
        `expected network=precision, separated by commas, found "${item}".`,
      );
    }
    if (Object.hasOwn(parts, part)) {
      throw new InvalidArgumentError(`${part} is given twice.`);
    }
    parts[part] = type;
  }
  try {
    return networkDtypes(parts);
  } catch (error) {
    throw new InvalidArgumentError((error as Error).message);
  }
}

/** A seed, or -1. */
export function parseSeed(text: string): Seed {
  const seed = parseWhole(text.trim());
  if (seed === -1 || isSeed(seed)) return seed;
  throw new InvalidArgumentError(
    `expected a whole number from -1 to ${MAX_SEED}.`,
  );
}

/** A tile's side in px. */
export function parseTile(text: string): number {
  const tile = numberBetween(256, 2048, "integer")(text);
  if (tile % 8 !== 0) {
    throw new InvalidArgumentError("expected a multiple of 8.");
  }
  return tile;
}

/** A part of a whole as `2/8`. */
export function parseShard(text: string): [number, number] {
  const [, part, of] = /^(\d{1,6})\/(\d{1,6})$/.exec(text) ?? [];
  const shard: [number, number] = [Number(part), Number(of)];
  if (!(shard[0] >= 1 && shard[0] <= shard[1])) {
    throw new InvalidArgumentError(
      "expected part/of, counted from 1, for example 2/8.",
    );
  }
  return shard;
}

/** Noise levels, separated by commas. */
export function parseSigmas(text: string): number[] {
  return text.split(",").map(numberBetween(0, 1));
}

/** Two steps as `28-40`. */
export function parseRange(text: string): [number, number] {
  const [, from, to] = /^(\d{1,3})-(\d{1,3})$/.exec(text) ?? [];
  if (from === undefined || Number(from) > Number(to)) {
    throw new InvalidArgumentError(
      "expected two steps, counted from 0, for example 28-40.",
    );
  }
  return [Number(from), Number(to)];
}

/** A number of frames, 4n + 1. */
export function parseFrames(text: string): number {
  const frames = numberBetween(5, 81, "integer")(text);
  if (frames % 4 !== 1) {
    throw new InvalidArgumentError(
      `expected 4n + 1, for example ${frames - ((frames + 3) % 4)}.`,
    );
  }
  return frames;
}

/** Yes or no, in several spellings. */
export function parseBoolean(text: string): boolean {
  const value = text.toLowerCase();
  if (["yes", "true", "t", "y", "1", "on"].includes(value)) return true;
  if (["no", "false", "f", "n", "0", "off"].includes(value)) return false;
  throw new InvalidArgumentError("expected yes or no.");
}
