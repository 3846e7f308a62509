#!/usr/bin/env -S deno run --allow-read --allow-write --allow-ffi --allow-sys=systemMemoryInfo,statfs --allow-env=npm_package_config_libvips,MALLOC_ARENA_MAX,AV_FROM_SOURCE
/**
 * Checks everything that a video needs and prints how to fix what is missing.
 *
 * @module
 */

import { examine } from "./_doctor/doctor.ts";
import { conclude, type Finding } from "./_doctor/finding.ts";
import { useCudaProvider } from "../core/onnx/runtime/cuda_provider.ts";
import type { LoraChoice } from "../core/pipeline/pipeline_options.ts";
import { parseLora } from "./shared/parse_lora.ts";
import { parseDevice } from "../core/onnx/runtime/device.ts";
import { CUDA_PROVIDER } from "./shared/common_flags.ts";
import {
  DRAFT,
  namedParts,
  PART_OPTIONS,
  PARTS_TITLE,
  TINY_VAE_OPTION,
} from "./shared/checkpoint_options.ts";
import { createDoctorReport } from "./_doctor/doctor_report.ts";
import { parseBytes } from "./shared/parse_bytes.ts";
import {
  createCommand,
  InvalidArgumentError,
  Option,
  printLine,
  runTool,
  type ToolContext,
  type ToolOptions,
} from "./shared/tool.ts";

/** This tool. */
export const TOOL: ToolOptions = {
  script: "tools/doctor.ts",
  permissions:
    "--allow-read --allow-write --allow-ffi --allow-sys=systemMemoryInfo,statfs --allow-env=npm_package_config_libvips,MALLOC_ARENA_MAX,AV_FROM_SOURCE",
};

/** The size that ATI was trained at, and its length. */
const TRAINED = { width: 832, height: 480, frames: 81 };

function createProgram() {
  return createCommand("doctor.ts")
    .description(
      "Checks everything needed: Deno, the native packages, memory and disk, the\n" +
        "devices, the checkpoint. Then it generates a tiny video with a tiny random\n" +
        "model on every device that works.\n\n" +
        "✓ marks a passed check, ! a remark, ✗ a problem to fix. Unmarked lines come\n" +
        'from graphics drivers. The last lines are "ready", or what to fix, in order.',
    )
    .option(
      "-c, --ckpt_dir <folder>",
      "checkpoint folder; without it only motion previews are checked",
    )
    .addOption(new Option("--ckpt <folder>", "the same").hideHelp())
    .option(
      "-o, --output <folder>",
      "output folder of the videos",
      "samples",
    )
    .option(
      "--device <name...>",
      "devices that must work: cpu, webgpu, cuda, cuda:1 (default: any)",
      (name: string, before: string[] | undefined) => [
        ...before ?? [],
        deviceOf(name),
      ],
    )
    .option(
      "--size <W*H>",
      "size of the videos, for the memory estimate (default: 832*480)",
      sizeOf,
    )
    .option(...CUDA_PROVIDER)
    .option("-p, --jobs <file>", "job file whose images and tracks to check")
    .addOption(
      new Option(
        "--lora <file[=strength]>",
        "LoRA to check with the checkpoint; may be given several times",
      ).argParser(parseLora).default([] as LoraChoice[], "none"),
    )
    .option(
      "--vram <size>",
      "plan for a GPU with that much memory, for example 8GB (default: what is free)",
      parseBytes,
    )
    .option("--no-smoke", "skip the tiny video")
    .option("--json", "print one JSON document and nothing else")
    .option("--verbose", "print file locations and stack traces")
    .optionsGroup(PARTS_TITLE)
    .addOption(PART_OPTIONS.transformer)
    .addOption(PART_OPTIONS.vae)
    .addOption(PART_OPTIONS.t5)
    .addOption(PART_OPTIONS.clip)
    .addOption(PART_OPTIONS.tokenizer)
    .addOption(TINY_VAE_OPTION)
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

/** What it does; returns its exit code. */
export async function main({ args, signal }: ToolContext): Promise<number> {
  const program = createProgram().parse([...args], { from: "user" });
  const flags = program.opts();
  const {
    ckpt_dir,
    ckpt,
    output,
    device,
    size,
    vram,
    smoke,
    json,
    jobs,
    lora,
  } = flags;
  if (flags.cuda_provider !== undefined) {
    await useCudaProvider(flags.cuda_provider);
  }
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
    loras: lora,
    ...(flags.vae === DRAFT && { decoder: "tiny" }),
    ...(jobs !== undefined && { jobs }),
    permissions:
      `Run it with its permissions: deno run ${TOOL.permissions} ${TOOL.script}`,
    signal,
    ...(device && { devices: device }),
    ...(vram !== undefined && { vram }),
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
