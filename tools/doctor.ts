#!/usr/bin/env -S deno run --allow-read --allow-write --allow-ffi --allow-sys=systemMemoryInfo,statfs --allow-env=npm_package_config_libvips,MALLOC_ARENA_MAX,AV_FROM_SOURCE
/**
 * Looks at everything that a video needs and says what to do about what is
 * missing.
 *
 * @module
 */

import { examine } from "./_doctor/doctor.ts";
import { conclude, type Finding } from "./_doctor/finding.ts";
import { parseDevice } from "../core/onnx/runtime/device.ts";
import {
  namedParts,
  PART_OPTIONS,
  PARTS_TITLE,
} from "./shared/checkpoint_options.ts";
import { createDoctorReport } from "./_doctor/doctor_report.ts";
import {
  createCommand,
  InvalidArgumentError,
  Option,
  printLine,
  runTool,
  type ToolContext,
  type ToolOptions,
} from "./shared/tool.ts";

const TOOL: ToolOptions = {
  script: "tools/doctor.ts",
  permissions:
    "--allow-read --allow-write --allow-ffi --allow-sys=systemMemoryInfo,statfs --allow-env=npm_package_config_libvips,MALLOC_ARENA_MAX,AV_FROM_SOURCE",
};

/** The size that ATI was trained at, and its length. */
const TRAINED = { width: 832, height: 480, frames: 81 };

function createProgram() {
  return createCommand("doctor.ts")
    .description(
      "Looks at everything that a video needs: Deno, the native packages, memory and\n" +
        "disk, the devices, the checkpoint. Then it makes a tiny video of noise, with\n" +
        "weights that it invents, on every device that works.\n\n" +
        "A line begins with ✓ where all is well, with ! where something is worth\n" +
        "knowing, with ✗ where something stands in the way. Lines between them come\n" +
        'from graphics drivers. At the end stands "ready", or what to do, in order.',
    )
    .option(
      "-c, --ckpt_dir <folder>",
      "the checkpoint to look at; without it only motion previews are asked for",
    )
    .addOption(new Option("--ckpt <folder>", "the same").hideHelp())
    .option(
      "-o, --output <folder>",
      "where the videos are going to be written",
      "samples",
    )
    .option(
      "--device <name...>",
      "devices that have to work: cpu, webgpu, cuda, cuda:1 (default: whatever does)",
      (name: string, before: string[] | undefined) => [
        ...before ?? [],
        deviceOf(name),
      ],
    )
    .option(
      "--size <W*H>",
      "the size of the videos, for the estimate of memory (default: 832*480)",
      sizeOf,
    )
    .option("--no-smoke", "make no tiny video")
    .option("--json", "print one JSON document and nothing else")
    .option("--verbose", "print the stack of an error")
    .optionsGroup(PARTS_TITLE)
    .addOption(PART_OPTIONS.transformer)
    .addOption(PART_OPTIONS.vae)
    .addOption(PART_OPTIONS.t5)
    .addOption(PART_OPTIONS.clip)
    .addOption(PART_OPTIONS.tokenizer)
    .addHelpText(
      "after",
      "\nExit codes: 0 ready, 1 not ready, 2 wrong usage.\n\n" +
        "Examples:\n" +
        "  deno task doctor\n" +
        "  deno task doctor -c Wan2.1-ATI-14B-480P --device cuda\n" +
        "  deno task doctor -c Wan2.1-ATI-14B-480P --json",
    );
}

function deviceOf(name: string): string {
  try {
    parseDevice(name);
  } catch (error) {
    throw new InvalidArgumentError((error as Error).message);
  }
  return name;
}

function sizeOf(text: string): { width: number; height: number } {
  const [, width, height] = /^(\d{2,4})[*x](\d{2,4})$/.exec(text) ?? [];
  if (width === undefined || height === undefined) {
    throw new InvalidArgumentError("expected a size in px like 832*480.");
  }
  return { width: Number(width), height: Number(height) };
}

if (import.meta.main) await runTool(TOOL, main);

async function main({ args, signal }: ToolContext): Promise<number> {
  const program = createProgram().parse([...args], { from: "user" });
  const flags = program.opts();
  const { ckpt_dir, ckpt, output, device, size, smoke, json } = flags;
  const checkpoint = ckpt_dir ?? ckpt;
  const report = createDoctorReport({
    checkpoint,
    print: json ? () => {} : printLine,
    colors: Deno.stdout.isTerminal() && !Deno.noColor,
  });
  const findings: Finding[] = [];
  const examination = examine({
    out: output,
    video: { ...TRAINED, ...size },
    smoke,
    files: namedParts(flags),
    permissions:
      `Allow what it needs: deno run ${TOOL.permissions} ${TOOL.script}`,
    signal,
    ...(device && { devices: device }),
    ...(checkpoint !== undefined && { checkpoint }),
  });
  for await (const finding of examination) {
    findings.push(finding);
    report.finding(finding);
  }
  const verdict = conclude(findings);
  report.verdict(verdict, findings);
  if (json) printLine(JSON.stringify({ ...verdict, findings }, undefined, 2));
  return verdict.ready ? 0 : 1;
}
