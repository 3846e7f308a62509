#!/usr/bin/env -S deno run --allow-read --allow-write --allow-sys=statfs
/**
 * Makes an 8- or 4-bit copy of a checkpoint's transformer or text encoder, and
 * converts GGUF files.
 *
 * @module
 */

import { findTraining } from "../core/checkpoint/training.ts";
import { isBlockType } from "../core/formats/gguf_blocks.ts";
import { readWeights } from "../core/formats/read_weights.ts";
import { type Component, recognizeNetwork } from "../core/wan/networks.ts";
import {
  diskFiles,
  openAtiCheckpoint,
  openComponent,
} from "../core/checkpoint/open_checkpoint.ts";
import { unwrittenError } from "../core/checkpoint/unwritten.ts";
import { surveyCheckpoint } from "../core/checkpoint/survey_checkpoint.ts";
import { quote, withHint } from "../core/base/errors.ts";
import { gigabytes } from "../core/base/gigabytes.ts";
import { checkOutput } from "../core/files/check_output.ts";
import { fileError } from "../core/files/file_error.ts";
import { freeSpace, openAtomicFile } from "../core/files/files.ts";
import { SPACE_MARGIN } from "../core/files/space_margin.ts";
import { protectInputs } from "../core/files/inputs.ts";
import {
  type QuantizationError,
  quantizedSize,
  quantizeTransformer,
} from "../core/wan/quantize/quantize_transformer.ts";
import { OVERWRITE, VERBOSE } from "./shared/common_flags.ts";
import { createProgress } from "./shared/progress.ts";
import {
  Argument,
  createCommand,
  Option,
  printLine,
  runTool,
  type ToolContext,
  type ToolOptions,
  UsageError,
} from "./shared/tool.ts";

/** This tool. */
export const TOOL: ToolOptions = {
  script: "tools/quantize.ts",
  permissions: "--allow-read --allow-write --allow-sys=statfs",
};

function command() {
  return createCommand("quantize.ts")
    .description(
      "Makes an 8- or 4-bit copy of a checkpoint's transformer or text encoder, or converts one from a GGUF file. The matrices of its blocks are quantized; embeddings, time, head, norms and modulation keep at least 16 bits.",
    )
    .addArgument(
      new Argument(
        "<checkpoint>",
        "a checkpoint folder, or the network's file (.safetensors, the .index.json of its shards, .pth or .gguf)",
      ),
    )
    .addArgument(new Argument("<out>", "the .safetensors file to write"))
    .addOption(
      new Option(
        "--bits <number>",
        "bits per weight (default: 4; of GGUF files those they have, Q8_0 and Q4_0 exactly, the others as 8)",
      ).choices(["4", "8"] as const),
    )
    .addOption(
      new Option(
        "--block-size <number>",
        "how many weights share a scale; smaller is more exact and larger",
      ).choices(["16", "32", "64", "128", "256"] as const)
        .default("32" as const),
    )
    .addOption(
      new Option(
        "--network <name>",
        "which network of a folder (default: transformer; that of a file is recognized)",
      ).choices(["transformer", "t5"] as const),
    )
    .option(
      "--config <file>",
      "the transformer's config.json; without one num_heads is dim / 128",
    )
    .option(...OVERWRITE)
    .option(...VERBOSE)
    .addHelpText(
      "after",
      `
generate.ts uses the copy with -c CHECKPOINT --transformer OUT (or --t5 OUT). Of
the 14B model it has 9.6 GB with 4 bits and 17.7 GB with 8 (blocks of 32), where 16 bits take
32.8 GB; making it takes some minutes and little memory.

Examples:
  deno run ${TOOL.permissions} \\
    ${TOOL.script} Wan2.1-ATI-14B ati-14b-q4.safetensors
  deno run ${TOOL.permissions} \\
    ${TOOL.script} Wan2.1-ATI-14B ati-14b-q8.safetensors --bits 8
  deno run ${TOOL.permissions} \\
    ${TOOL.script} wan2.1-ati-14b-Q4_K_M.gguf ati-14b.safetensors`,
    );
}

if (import.meta.main) await runTool(TOOL, main);

/** The network; a copy of the transformer says what it was trained to follow. */
function withTraining<Opened extends Component>(
  component: Opened,
  checkpoint: string,
): Opened {
  if (component.kind !== "transformer") return component;
  const found = findTraining({
    folder: checkpoint,
    named: {},
    transformer: component,
  });
  if (!found) return component;
  const own = [["ati.training", found.training]] as const;
  return { ...component, metadata: new Map([...component.metadata, ...own]) };
}

/** What it does; returns its exit code. */
export async function main({ args, signal }: ToolContext): Promise<number> {
  const program = command().parse([...args], { from: "user" });
  const [checkpoint, out] = program.processedArgs as [string, string];
  const { config, network, overwrite = false, ...options } = program.opts();
  if (!out.endsWith(".safetensors")) {
    throw new UsageError(
      `Cannot write ${quote(out)}: expected a name that ends in .safetensors`,
    );
  }
  const component = withTraining(
    await openNetwork(checkpoint, { config, network }),
    checkpoint,
  );
  const unwritten = unwrittenError(diskFiles, component);
  if (unwritten) throw unwritten;
  using _inputs = await protectInputs([
    ...component.files,
    ...(config === undefined ? [] : [config]),
  ]);
  await checkOutput(out);
  const bits = chooseBits(component, options.bits);
  const how = {
    ...(bits === undefined ? {} : { bits }),
    blockSize: Number(options.blockSize),
    network: component.kind,
  };
  const size = quantizedSize(component, how);
  await requireSpace(out, size);
  await using pending = await openAtomicFile(out, { overwrite });
  const { file } = pending;
  const progress = createProgress({
    terminal: Deno.stderr.isTerminal(),
    print: printLine,
  });
  const work = quantizeTransformer(component, {
    ...how,
    open: (path) => diskFiles.open(path),
    sink: {
      write(offset, bytes) {
        try {
          file.seekSync(offset, Deno.SeekMode.Start);
          for (let at = 0; at < bytes.length;) {
            at += file.writeSync(bytes.subarray(at));
          }
        } catch (error) {
          throw withSize(fileError("write", out, error), size);
        }
      },
    },
  });
  let errors: QuantizationError[];
  try {
    for (;;) {
      const { done, value } = work.next();
      if (done) {
        errors = value;
        break;
      }
      progress.step("weights", {
        stage: "MB",
        done: Math.round(value.done / 1e6),
        total: Math.round(value.total / 1e6),
      });
      // Lets a Ctrl-C in.
      await new Promise((resolve) => setTimeout(resolve));
      signal.throwIfAborted();
    }
  } finally {
    progress.stop();
  }
  await pending.commit();
  printTable(errors);
  printLine(`${out}: ${(size / 1e6).toFixed(size < 1e9 ? 2 : 0)} MB`);
  return 0;
}

/** Refuses a disk that is too small before anything is read. */
async function requireSpace(out: string, size: number): Promise<void> {
  let free: number;
  try {
    free = await freeSpace(out);
  } catch (error) {
    // Without the permission, or on some file systems, nobody knows.
    if (error instanceof Deno.errors.NotCapable) return;
    throw fileError("write", out, error);
  }
  if (free >= size + SPACE_MARGIN) return;
  throw new UsageError(withHint(
    `Cannot write ${quote(out)}: it takes ${gigabytes(size)} and ${
      gigabytes(SPACE_MARGIN)
    } are kept free, the disk has room for ${gigabytes(free)}`,
    "Choose another disk, or --bits 4.",
  ));
}

/** What was needed, added to what the system says. */
function withSize(error: unknown, size: number): unknown {
  if (error instanceof Error) {
    error.message = `${error.message}; the file takes ${gigabytes(size)}`;
  }
  return error;
}

type Quantizable = Component<"transformer"> | Component<"t5">;

/** The network of a folder, or the one that a file holds. */
async function openNetwork(
  path: string,
  options: {
    config: string | undefined;
    network: "transformer" | "t5" | undefined;
  },
): Promise<Quantizable> {
  const { network } = options;
  const config = options.config === undefined ? {} : { config: options.config };
  if (diskFiles.stat(path)?.kind === "folder") {
    return await networkOf(path, network ?? "transformer", config);
  }
  const { tensors } = await readWeights(diskFiles, path);
  const found = recognizeNetwork(tensors.keys()) ?? "transformer";
  if (found !== "transformer" && found !== "t5") {
    throw new UsageError(
      `Cannot quantize ${
        quote(path)
      }: it is the ${found}, expected the transformer or the text encoder`,
    );
  }
  if (network !== undefined && network !== found) {
    throw new UsageError(
      `Cannot quantize ${quote(path)} as ${network}: it is the ${found}`,
    );
  }
  return found === "t5"
    ? await openComponent("t5", path, { convert: true })
    : await openComponent("transformer", path, { ...config, convert: true });
}

/** A network of a checkpoint folder; the others may be missing or damaged. */
async function networkOf(
  folder: string,
  kind: "transformer" | "t5",
  config: { config?: string },
): Promise<Quantizable> {
  const options = { ...config, tokenizer: false as const };
  const survey = await surveyCheckpoint(diskFiles, { ...options, folder });
  return survey.found[kind] ??
    // This says why it is not there.
    (await openAtiCheckpoint(folder, options))[kind];
}

/** What was asked for; else a GGUF file's own bits, else 4. */
function chooseBits(
  { dtypes }: Quantizable,
  given: "4" | "8" | undefined,
): 4 | 8 | undefined {
  if (given !== undefined) return given === "8" ? 8 : 4;
  return [...dtypes.keys()].some(isBlockType) ? undefined : 4;
}

/** How far the copy is from the original, per kind of layer. */
function printTable(errors: readonly QuantizationError[]): void {
  const rows = errors.map((
    { group, weights, from, to, relative, largest },
  ) => [
    group,
    `${(weights / 1e6).toFixed(weights < 1e8 ? 2 : 0)} M`,
    `${from} to ${to}`,
    ...(largest === 0
      ? ["exact", "0"]
      : [`${(100 * relative).toFixed(2)} %`, largest.toExponential(1)]),
  ]);
  const header = ["layer", "weights", "stored", "error (rms)", "largest"];
  const table = [header, ...rows];
  const widths = header.map((_, i) =>
    Math.max(...table.map((row) => row[i]!.length))
  );
  for (const row of table) {
    printLine(
      row.map((cell, i) =>
        i === 0 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!)
      ).join("  "),
    );
  }
}
