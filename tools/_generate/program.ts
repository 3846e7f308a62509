/**
 * The command line of `generate.ts`: the flags of the reference's
 * `generate.py` and `run_example.sh` under their own names, and ours.
 *
 * @module
 */

import { createCommand } from "../shared/tool.ts";
import { addControlFlags } from "./control_flags.ts";
import { addInputFlags, addPrintFlags } from "./input_flags.ts";
import {
  addDeviceFlags,
  addPartFlags,
  addRunFlags,
  addWeightFlags,
} from "./model_flags.ts";
import { addReferenceFlags } from "./reference_flags.ts";
import { addCompareFlags, addSamplingFlags } from "./sampling_flags.ts";

const DESCRIPTION =
  "Generates videos in which objects and the camera follow the tracks.\n\n" +
  "Reads a job file (a YAML list of image, text and track) or a single image, and\n" +
  "writes three folders: outputs/ with the videos, images_tracks/ with the\n" +
  "images and their tracks, outputs_vis/ with the videos and their tracks.\n\n" +
  "Without a checkpoint (-c) it makes motion previews: the image itself, warped\n" +
  "along the tracks. That shows where things will go; nothing is generated.\n\n" +
  "An interrupted run resumes when started again: finished results are skipped, an\n" +
  "unfinished video continues after its last step.";

const AFTER = `
Examples:
  The six examples as previews:
    deno task generate -p examples/test.yaml -o output
  A single image:
    deno task generate --image cat.jpg --track cat.pth --prompt "A cat walks."
  With the model:
    deno task generate -p examples/test.yaml -c Wan2.1-ATI-14B-480P -o output
  On a small GPU:
    deno task generate -p jobs.yaml -c CKPT --t5_cpu --transformer q4.safetensors
  In four steps, with a distillation LoRA:
    deno task generate -p jobs.yaml -c CKPT --lora lightx2v.safetensors \\
      --sample_solver euler --sample_steps 4 --sample_guide_scale 1
  Unattended: run the job files of a folder, metrics as JSON lines:
    deno task generate --watch queue -c CKPT -o output --json
  Reproduce a video:
    deno task generate --from output/outputs/000.json -o again

Flags can be spelled with - as well: --sample-steps. Paths in a job file are
looked up next to it, then in the working directory.

Exit codes:
  0    all items are done, were done before, or are locked by another process
  1    some items failed
  2    wrong usage or input; nothing was started
  130  interrupted by Ctrl-C (SIGINT)
  143  terminated (SIGTERM)
A run that ends by 1, 130 or 143 resumes when started again.`;

/** The program, and what it was given as soon as it has parsed arguments. */
export function createProgram() {
  const program = createCommand("generate.ts")
    .usage(
      "-p JOBS.yaml [options]\n       generate.ts --image FILE --track FILE [options]",
    )
    .description(DESCRIPTION)
    // Refused with a better hint than the parser's own.
    .allowExcessArguments();
  // In the order of the help.
  const groups = [
    addInputFlags(program),
    addControlFlags(program),
    addSamplingFlags(program),
    addWeightFlags(program),
    addPartFlags(program),
    addDeviceFlags(program),
    addPrintFlags(program),
    addRunFlags(program),
    addCompareFlags(program),
    addReferenceFlags(program),
  ] as const;
  program.addHelpText("after", AFTER);
  const [
    inputs,
    control,
    sampling,
    weights,
    parts,
    devices,
    printing,
    runs,
    compare,
    idle,
  ] = groups;
  return {
    program,
    flags: () => ({
      ...inputs.opts(),
      ...weights.opts(),
      ...devices.opts(),
      ...control.opts(),
      ...sampling.opts(),
      ...printing.opts(),
      ...runs.opts(),
      ...parts.opts(),
      ...compare.opts(),
      ...idle.opts(),
    }),
  };
}

/** What a command line says, flag by flag. */
export type Flags = ReturnType<ReturnType<typeof createProgram>["flags"]>;
