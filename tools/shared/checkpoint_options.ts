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
  vae: new Option(
    "--vae <file>",
    "the VAE; tiny: decode a draft with the small decoder",
  ),
  t5: new Option("--t5 <file>", "the text encoder"),
  clip: new Option("--clip <file>", "the image encoder"),
  tokenizer: new Option("--tokenizer <file>", "umt5's tokenizer.json"),
} as const satisfies Record<Exclude<keyof ComponentPaths, "tinyVae">, Option>;

/** The flag of the small decoder, which a run can do without. */
export const TINY_VAE_OPTION = new Option(
  "--tiny_vae <file>",
  "the small decoder, taew2_1 or lighttaew2_1: previews in real pixels, and --vae tiny (default: the folder's)",
);

/** The value of --vae that asks for a draft. */
export const DRAFT = "tiny";

/** The names of the parts that a run cannot do without. */
export const PART_FLAGS = Object.keys(PART_OPTIONS) as readonly (
  keyof typeof PART_OPTIONS
)[];

/** The parts that a command line names. */
export function namedParts(
  flags:
    & { readonly [Part in keyof typeof PART_OPTIONS]?: string | undefined }
    & { readonly tiny_vae?: string | undefined },
): ComponentPaths {
  const { tiny_vae: tinyVae, ...rest } = flags;
  const given = Object.fromEntries(
    PART_FLAGS.flatMap((part) =>
      rest[part] === undefined ? [] : [[part, rest[part]]]
    ),
  );
  if (given.vae === DRAFT) delete given.vae;
  return { ...given, ...(tinyVae !== undefined && { tinyVae }) };
}
