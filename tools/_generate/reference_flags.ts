/**
 * Flags of the reference's `generate.py` that are accepted or refused for
 * compatibility and do nothing here.
 *
 * @module
 */

import { type createCommand, numberBetween, Option } from "../shared/tool.ts";

/** Flags of generate.py that have no meaning here, and what to do instead. */
export const REFUSED = {
  src_video:
    "It belongs to VACE, another model. ATI takes --image and --track.",
  src_mask: "It belongs to VACE, another model. ATI takes --image and --track.",
  src_ref_images:
    "It belongs to VACE, another model. ATI takes --image and --track.",
  first_frame:
    "It belongs to the first-last-frame model. ATI's first frame is --image.",
  last_frame:
    "It belongs to the first-last-frame model. ATI's tracks say where things end.",
} as const;

/** Adds flags that are accepted, so that the reference's command lines work. */
export function addReferenceFlags(program: ReturnType<typeof createCommand>) {
  for (const name of Object.keys(REFUSED)) {
    program.addOption(new Option(`--${name} [value]`).hideHelp());
  }
  return program
    .addOption(
      new Option("--ulysses_size <number>").argParser(
        numberBetween(1, 1024, "integer"),
      ).hideHelp(),
    )
    .addOption(
      new Option("--ring_size <number>").argParser(
        numberBetween(1, 1024, "integer"),
      ).hideHelp(),
    )
    .addOption(new Option("--t5_fsdp").hideHelp())
    .addOption(new Option("--dit_fsdp").hideHelp());
}
