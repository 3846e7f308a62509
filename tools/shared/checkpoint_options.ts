/**
 * The flags that name components of a checkpoint, for every tool that opens one.
 *
 * @module
 */

import type { ComponentPaths } from "../../core/checkpoint/checkpoint.ts";
import { Option } from "./tool.ts";

/** The heading over these flags in `--help`. */
export const PARTS_TITLE = "Model:";

/** The flags, by the parts that they name. */
export const PART_OPTIONS = {
  transformer: new Option("--transformer <file>", "the video transformer"),
  vae: new Option("--vae <file>", "the VAE"),
  t5: new Option("--t5 <file>", "the text encoder"),
  clip: new Option("--clip <file>", "the image encoder"),
  tokenizer: new Option("--tokenizer <file>", "umt5's tokenizer.json"),
} as const satisfies Record<Exclude<keyof ComponentPaths, "tinyVae">, Option>;

/** The names of the parts that a run cannot do without. */
export const PART_FLAGS = Object.keys(PART_OPTIONS) as readonly (
  keyof typeof PART_OPTIONS
)[];

/** The parts that a command line names. */
export function namedParts(
  flags: { readonly [Part in keyof ComponentPaths]?: string | undefined },
): ComponentPaths {
  return Object.fromEntries(
    PART_FLAGS.flatMap((part) =>
      flags[part] === undefined ? [] : [[part, flags[part]]]
    ),
  );
}
