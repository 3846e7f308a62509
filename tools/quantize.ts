#!/usr/bin/env -S deno run --allow-read --allow-write --allow-sys=statfs
/**
 * Makes an 8- or 4-bit copy of a checkpoint's transformer.
 *
 * @module
 */

import type { Component } from "../core/wan/networks.ts";
import {
  diskFiles,
  openAtiCheckpoint,
  openComponent,
} from "../core/checkpoint/open_checkpoint.ts";
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

const TOOL: ToolOptions = {
  script: "tools/quantize.ts",
  permissions: "--allow-read --allow-write --allow-sys=statfs",
};

function command() {
  return createCommand("quantize.ts")
    .description(
      "Makes an 8- or 4-bit copy of a checkpoint's transformer. The matrices of its blocks are quantized; embeddings, time, head, norms and modulation keep at least 16 bits.",
    )
    .addArgument(
      new Argument(
        "<checkpoint>",
        "a checkpoint folder, or the transformer's file (.safetensors, or the .index.json of its shards)",
      ),
    )
    .addArgument(new Argument("<out>", "the .safetensors file to write"))
    .addOption(
      new Option("--bits <number>", "bits per weight")
        .choices(["4", "8"] as const).default("4" as const),
    )
    .addOption(
      new Option(
        "--block-size <number>",
        "how many weights share a scale; smaller is more exact and larger",
      ).choices(["16", "32", "64", "128", "256"] as const)
        .default("32" as const),
    )
    .option("--config <file>", "the transformer's config.json")
    .option(...OVERWRITE)
    .option(...VERBOSE)
    .addHelpText(
      "after",
      `
generate.ts uses the copy with -c CHECKPOINT --transformer OUT. Of the 14B model
it has 9.6 GB with 4 bits and 17.7 GB with 8 (blocks of 32), where 16 bits take
32.8 GB; making it takes some minutes and little memory.

Examples:
  deno run ${TOOL.permissions} \\
    ${TOOL.script} Wan2.1-ATI-14B ati-14b-q4.safetensors
  deno run ${TOOL.permissions} \\
    ${TOOL.script} Wan2.1-ATI-14B ati-14b-q8.safetensors --bits 8`,
    );
}

if (import.meta.main) await runTool(TOOL, main);

async function main({ args, signal }: ToolContext): Promise<number> {
  const program = command().parse([...args], { from: "user" });
  const [checkpoint, out] = program.processedArgs as [string, string];
  const { config, overwrite = false, ...options } = program.opts();
  if (!out.endsWith(".safetensors")) {
    throw new UsageError(
      `Cannot write ${quote(out)}: expected a name that ends in .safetensors`,
    );
  }
  const component = await openTransformer(checkpoint, config);
  using _inputs = await protectInputs([
    ...component.files,
    ...(config === undefined ? [] : [config]),
  ]);
  await checkOutput(out);
  const how = {
    bits: Number(options.bits) as 4 | 8,
    blockSize: Number(options.blockSize),
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

async function openTransformer(
  path: string,
  config: string | undefined,
): Promise<Component<"transformer">> {
  const options = config === undefined ? {} : { config };
  if (diskFiles.stat(path)?.kind !== "folder") {
    return await openComponent("transformer", path, options);
  }
  const checkpoint = await openAtiCheckpoint(path, {
    ...options,
    tokenizer: false,
  });
  return checkpoint.transformer;
}

/** How far the copy is from the original, per kind of layer. */
function printTable(errors: readonly QuantizationError[]): void {
  const rows = errors.map(({ group, weights, relative, largest }) => [
    group,
    `${(weights / 1e6).toFixed(weights < 1e8 ? 2 : 0)} M`,
    `${(100 * relative).toFixed(2)} %`,
    largest.toExponential(1),
  ]);
  const table = [["layer", "weights", "error (rms)", "largest"], ...rows];
  const widths = [0, 1, 2, 3].map((i) =>
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
