#!/usr/bin/env -S deno run --allow-read --allow-write --allow-ffi --allow-run --allow-sys=systemMemoryInfo,osRelease --allow-env=npm_package_config_libvips,MALLOC_ARENA_MAX,AV_FROM_SOURCE
/**
 * `deno task gpu-check [-c CHECKPOINT]`: whether a GPU computes rightly, and how
 * fast, in less than 12 minutes. It writes `gpu_check.json` and `gpu_check.md`.
 *
 * Every section runs in a process of its own: one that fails, crashes, or hangs
 * is reported, and the others follow. That needs `--allow-run` without a name,
 * because Deno hands LD_LIBRARY_PATH, where CUDA's libraries are found, to no
 * other process otherwise.
 *
 * @module
 */

import { join } from "node:path";
import { fileURLToPath } from "node:url";
import {
  type Device,
  DEVICE_KINDS,
  deviceName,
  parseDevice,
} from "../core/onnx/runtime/device.ts";
import {
  type ProbedDevice,
  probeDevice,
} from "../core/onnx/runtime/devices.ts";
import { useCudaProvider } from "../core/onnx/runtime/cuda_provider.ts";
import { CUDA_PROVIDER } from "../tools/shared/common_flags.ts";
import { ORT_VERSION } from "../core/onnx/runtime/ort/api_table.ts";
import { VERSION } from "../core/pipeline/fingerprint.ts";
import {
  createCommand,
  InvalidArgumentError,
  numberBetween,
  Option,
  printLine,
  runTool,
  type ToolContext,
  type ToolOptions,
} from "../tools/shared/tool.ts";
import {
  CannotRun,
  type CheckContext,
  type Section,
  type SectionResult,
} from "./gpu_check/check.ts";
import { renderPage, type Report } from "./gpu_check/page.ts";
import {
  FAST,
  GOLDENS,
  INTERFACES,
  SELF_TEST,
  STREAMED,
} from "./gpu_check/right_numbers.ts";
import { runSection, send } from "./gpu_check/run_section.ts";
import { softwareDriver, vulkanDevices } from "./gpu_check/software_driver.ts";
import { BLOCK, MEMORY, OVERLAP, STEP } from "./gpu_check/speed.ts";

const TOOL: ToolOptions = {
  script: "tests/gpu_check.ts",
  permissions:
    "--allow-read --allow-write --allow-ffi --allow-run --allow-sys=systemMemoryInfo,osRelease --allow-env=npm_package_config_libvips,MALLOC_ARENA_MAX,AV_FROM_SOURCE",
};

/** In the order in which they run on a device. */
const SECTIONS: readonly Section[] = [
  SELF_TEST,
  GOLDENS,
  INTERFACES,
  STREAMED,
  MEMORY,
  BLOCK,
  STEP,
  OVERLAP,
];

/** A device that is slower than a GPU, next to one, is compared only. */
const NEXT_TO_A_GPU: readonly Section[] = [SELF_TEST, GOLDENS, INTERFACES];

const SIZES = ["auto", "full", "small"] as const;

function createProgram() {
  const section = (name: string, before: string[] = []) => {
    if (!SECTIONS.some((section) => section.name === name)) {
      throw new InvalidArgumentError(
        `expected one of ${SECTIONS.map(({ name }) => name).join(", ")}.`,
      );
    }
    return [...before, name];
  };
  const device = (name: string, before: string[] = []) => {
    try {
      parseDevice(name);
    } catch (error) {
      throw new InvalidArgumentError((error as Error).message);
    }
    return [...before, name];
  };
  return createCommand("gpu_check.ts")
    .description(
      "Checks what a GPU computes against the reference's outputs, and measures its\n" +
        "speed and memory. Without a GPU the same runs on the CPU at a small size.",
    )
    .option(
      "-c, --ckpt_dir <folder>",
      "checkpoint folder; without it the step of the transformer has random weights",
    )
    .option("-o, --output <folder>", "folder of the results", "gpu-check")
    .option(
      "--device <name...>",
      "devices: cuda, cuda:1, webgpu, cpu (default: all that work)",
      device,
    )
    .option(...CUDA_PROVIDER)
    .addOption(
      new Option(
        "--size <size>",
        "full, small, or what fits the device's speed",
      )
        .choices(SIZES).default("auto" as const),
    )
    .option(
      "--minutes <n>",
      "time for everything",
      numberBetween(0.1, 120),
      11,
    )
    .option(
      "--section <name...>",
      `only these: ${SECTIONS.map(({ name }) => name).join(", ")}`,
      section,
    )
    .addOption(
      new Option(
        "--run <seconds>",
        "used by the program itself: runs one section",
      )
        .argParser(numberBetween(0, 7200)).hideHelp(),
    )
    .option("--verbose", "print stack traces")
    .addHelpText(
      "after",
      "\nExit codes: 0 no section failed (skipped ones are no failures), 1 at least one\n" +
        "failed, 2 wrong usage, 130 interrupted.",
    );
}

if (import.meta.main) await runTool(TOOL, main);

async function main({ args, signal }: ToolContext): Promise<number> {
  const flags = createProgram().parse([...args], { from: "user" }).opts();
  const { ckpt_dir: checkpoint, output, minutes, size, run } = flags;
  const wanted = SECTIONS.filter(({ name }) =>
    flags.section?.includes(name) ?? true
  );
  const provider = flags.cuda_provider;
  if (run !== undefined) {
    if (provider !== undefined) await useCudaProvider(provider);
    const device = parseDevice(flags.device![0]!);
    const full = size === "full";
    return await runOne(wanted[0]!, device, { full, checkpoint, seconds: run });
  }
  await Deno.mkdir(output, { recursive: true });
  const started = performance.now();
  const left = () => 60 * minutes - (performance.now() - started) / 1000;
  const devices = flags.device?.map(parseDevice) ??
    DEVICE_KINDS.map((kind) => ({ kind, index: 0 }));
  const sections: SectionResult[] = [];
  let fast = false;
  for (const device of devices) {
    const name = deviceName(device);
    let full = size === "full";
    for (const section of wanted) {
      if (!section.kinds.includes(device.kind)) continue;
      if (fast && !full && section !== SELF_TEST) {
        if (!NEXT_TO_A_GPU.includes(section)) continue;
      }
      const seconds = Math.min(section.seconds, left());
      const about = {
        section: section.name,
        title: section.title,
        device: name,
      };
      printLine(`${name}: ${section.title}`);
      const result: SectionResult = seconds < 5 && minutes > 0.5
        ? {
          ...about,
          state: "skipped",
          reason: "no time was left",
          seconds: 0,
          rows: [],
        }
        : await runSection({
          ...about,
          args: sectionArguments(section, name, {
            full,
            seconds,
            ...(checkpoint !== undefined && { checkpoint }),
            ...(provider !== undefined && { provider }),
          }),
          seconds: seconds + 5, // it ends by itself before
          signal,
          onRow: (row) =>
            printLine(
              `  ${row.state === "bad" ? "✗" : " "} ${row.name}: ${row.text}`,
            ),
        });
      sections.push(result);
      if (result.reason !== undefined) {
        printLine(`    ${result.state}: ${result.reason}`);
      }
      await writeReport(output, { started, sections });
      if (section !== SELF_TEST) continue;
      if (result.state === "skipped") break; // there is no such device
      const rate = Math.max(
        ...result.rows.map(({ facts }) => Number(facts?.["rate"] ?? 0)),
      );
      full ||= size === "auto" && rate > FAST && device.kind !== "cpu";
      fast ||= full;
    }
  }
  const failed = sections.filter(({ state }) => state === "failed").length;
  printLine(
    `${failed} of ${sections.length} sections failed; see ${
      join(output, "gpu_check.md")
    }`,
  );
  return failed > 0 ? 1 : 0;
}

/** The arguments of `deno` for the process of a section. */
function sectionArguments(
  section: Section,
  device: string,
  options: {
    full: boolean;
    seconds: number;
    checkpoint?: string;
    provider?: string;
  },
): string[] {
  const { full, seconds, checkpoint, provider } = options;
  return [
    "run",
    "--quiet",
    "--no-prompt",
    ...TOOL.permissions.split(" ").filter((flag) => flag !== "--allow-run"),
    fileURLToPath(import.meta.url),
    "--run",
    String(seconds),
    "--section",
    section.name,
    "--device",
    device,
    "--size",
    full ? "full" : "small",
    ...(checkpoint === undefined ? [] : ["-c", checkpoint]),
    ...(provider === undefined ? [] : ["--cuda_provider", provider]),
  ];
}

/** A section, in a process of its own; its rows go to standard output. */
async function runOne(
  section: Section,
  device: Device,
  options: Pick<CheckContext, "full" | "checkpoint" | "seconds">,
): Promise<number> {
  const started = performance.now();
  const folder = await Deno.makeTempDir({ prefix: "ati-gpu-check-" });
  try {
    const found = await probed(device);
    for await (
      const row of section.run({
        ...options,
        device: found,
        software: device.kind === "webgpu"
          ? softwareDriver(vulkanDevices())
          : undefined,
        folder,
        left: () => options.seconds - (performance.now() - started) / 1000,
      })
    ) send({ row });
    send({ done: true });
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    send(error instanceof CannotRun ? { skipped: text } : { error: text });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
  return 0;
}

async function probed(device: Device): Promise<ProbedDevice> {
  const report = await probeDevice(device);
  if (report.state === "works") return report.found;
  throw new CannotRun(report.reason.message);
}

async function writeReport(
  folder: string,
  { started, sections }: {
    started: number;
    sections: readonly SectionResult[];
  },
): Promise<void> {
  const report: Report = {
    date: new Date().toISOString(),
    versions: {
      ati: VERSION,
      deno: Deno.version.deno,
      "onnxruntime-node": ORT_VERSION,
    },
    machine: {
      system: `${Deno.build.os} ${Deno.build.arch}, ${Deno.osRelease()}`,
      cores: navigator.hardwareConcurrency,
      memory: `${(Deno.systemMemoryInfo().total / 1e9).toFixed(1)} GB`,
    },
    seconds: (performance.now() - started) / 1000,
    sections,
  };
  // After every section, so that nothing is lost.
  await Deno.writeTextFile(
    join(folder, "gpu_check.json"),
    `${JSON.stringify(report, undefined, 2)}\n`,
  );
  await Deno.writeTextFile(join(folder, "gpu_check.md"), renderPage(report));
}
