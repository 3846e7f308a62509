/**
 * Checks everything that a video needs, from Deno to a whole run on every
 * device.
 *
 * @module
 */

import type { CheckpointOptions } from "../../core/checkpoint/checkpoint.ts";
import type { TrainingFacts } from "../../core/checkpoint/training.ts";
import type { VideoShape } from "../../core/wan/activation_memory.ts";
import {
  CPU,
  type Device,
  deviceName,
  parseDevice,
} from "../../core/onnx/runtime/device.ts";
import {
  type ProbedDevice,
  probeDevice,
  type ProbeResult,
} from "../../core/onnx/runtime/devices.ts";
import type { LoraChoice } from "../../core/pipeline/pipeline_options.ts";
import { checkCheckpoint, downloadCommand } from "./checkpoint_check.ts";
import { hasCudaProvider } from "../../core/onnx/runtime/cuda_provider.ts";
import { type CudaParts, findCudaParts, type NvidiaGpu } from "./cuda_parts.ts";
import { describeDevice } from "./device_checks.ts";
import { failure, type Finding, isDenied } from "./finding.ts";
import { checkJobs } from "./jobs_check.ts";
import { checkLeftovers } from "./leftovers_check.ts";
import { checkImages, checkVideo } from "./media_checks.ts";
import { checkMemoryPlan } from "./memory_plan_check.ts";
import {
  describeSmokeRun,
  type SmokeRun,
  smokeRun,
  writeSmokeCheckpoint,
} from "./smoke_run.ts";
import {
  checkDeno,
  checkDisk,
  checkMemory,
  checkPlatform,
} from "./system_checks.ts";

/** What to check. */
export interface ExamineOptions {
  /** The output folder of the videos; it need not exist. */
  readonly out: string;
  /** The checkpoint folder; without it weights are not checked. */
  readonly checkpoint?: string;
  /** Files to use instead of those in the checkpoint folder. */
  readonly files?: CheckpointOptions;
  /** LoRAs to check with the checkpoint. */
  readonly loras?: readonly LoraChoice[];
  /** `tiny` where the small decoder is to decode; the VAE by default. */
  readonly decoder?: "vae" | "tiny" | undefined;
  /** A job file whose images and tracks are to be checked. */
  readonly jobs?: string;
  /** Devices that must work, by name; by default all are probed. */
  readonly devices?: readonly string[];
  /** The size for the memory estimates; 832 x 480 x 81 by default. */
  readonly video?: VideoShape;
  /** The memory of the GPU to plan for, in bytes; by default what is free. */
  readonly vram?: number;
  /** Whether to generate a tiny video on every device that works; default true. */
  readonly smoke?: boolean;
  /** The folder for temporary files; the system's by default. */
  readonly workDir?: string;
  /** The fix for missing permissions. */
  readonly permissions?: string;
  /** Aborts the checks. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Runs the checks one after the other and yields their findings. Whatever is
 * missing or broken is a finding, not an error, and the next check follows.
 *
 * @throws {TypeError} Before any check, if a device name is unknown.
 * @throws {DOMException} `AbortError`, if `signal` is aborted.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { examine } from "./doctor.ts";
 *
 * const findings = [];
 * for await (const finding of examine({ out: ".", devices: ["cpu"], smoke: false })) {
 *   findings.push(finding);
 * }
 * const cpu = findings.find(({ check }) => check === "device cpu");
 * assert.equal(cpu?.message, "works in fp32");
 * ```
 */
export async function* examine(
  options: ExamineOptions,
): AsyncGenerator<Finding, void, void> {
  const { signal, smoke = true, checkpoint } = options;
  const permissions = options.permissions ??
    "Run it with the permissions that it needs.";
  const requested = options.devices?.map(parseDevice) ?? [];
  const video = options.video ?? { width: 832, height: 480, frames: 81 };

  yield checkDeno();
  yield checkPlatform();
  yield checkMemory();
  yield await checkDisk(options.out);
  const leftovers = await checkLeftovers({ out: options.out, checkpoint });
  if (leftovers) yield leftovers;
  yield await checkImages({ permissions });
  await using workDir = await makeWorkDir(options.workDir);
  yield "folder" in workDir
    ? await checkVideo(workDir.folder, { permissions })
    : { check: "video", ...workDir.failed, todo: permissions };

  const working: ProbedDevice[] = [];
  const gpus: { device: string; gpu: NvidiaGpu }[] = [];
  for await (
    const { report, finding } of probeDevices(requested, {
      permissions,
      signal,
    })
  ) {
    if (report.state === "works") working.push(report.found);
    const { facts } = finding;
    if (facts?.kind === "device" && facts.gpu) {
      gpus.push({ device: facts.device, gpu: facts.gpu });
    }
    yield finding;
  }

  let training: TrainingFacts | undefined;
  if (checkpoint === undefined) {
    yield {
      check: "checkpoint",
      state: "note",
      message: "no checkpoint (-c): motion previews only",
      todo: `Download the weights: ${downloadCommand("Wan2.1-ATI-14B-480P")}`,
    };
  } else {
    signal?.throwIfAborted();
    const finding = await guarded(
      "checkpoint",
      () =>
        checkCheckpoint(checkpoint, {
          video,
          permissions,
          decoder: options.decoder,
          ...(options.files && { files: options.files }),
          ...(options.loras && { loras: options.loras }),
        }),
    );
    yield finding;
    const { facts } = finding;
    training = facts?.kind === "checkpoint" ? facts.training : undefined;
    if (facts?.kind === "checkpoint" && facts.missing.length === 0) {
      const memory = await checkMemoryPlan(checkpoint, {
        files: options.files ?? {},
        loras: options.loras,
        decoder: options.decoder,
        video,
        vram: options.vram,
        working,
        gpus,
      });
      if (memory) yield memory;
    }
    const onlyCpu = working.every(({ device }) => device.kind === "cpu");
    if (onlyCpu && working.length > 0) {
      yield WITHOUT_GPU;
    }
  }

  const { jobs } = options;
  if (jobs !== undefined) {
    const { out } = options;
    const used = checkpoint === undefined ? undefined : { training };
    yield await guarded(
      "jobs",
      () => checkJobs(jobs, { out, checkpoint: used, signal }),
    );
  }

  if (!smoke) return;
  if ("failed" in workDir) {
    yield { check: "smoke run", ...workDir.failed, todo: permissions };
    return;
  }
  yield* smokeRuns(workDir.folder, working, { permissions, signal });
}

/** The model runs without a GPU, but too slowly to be useful. */
const WITHOUT_GPU: Finding = {
  check: "speed",
  state: "note",
  message: "no GPU works: the 14B model needs a day or more per video on a CPU",
  todo: "Use a machine with a GPU, or make motion previews (without -c).",
};

/** Runs a check; an error becomes a finding. */
async function guarded(
  check: string,
  run: () => Promise<Finding>,
): Promise<Finding> {
  try {
    return await run();
  } catch (error) {
    const { message, hint } = failure(error);
    return {
      check,
      state: "bad",
      message: `not checked: ${message}`,
      ...(hint !== undefined && { todo: hint }),
    };
  }
}

/** A temporary folder that is removed on disposal, or why it cannot be created. */
async function makeWorkDir(dir: string | undefined): Promise<
  AsyncDisposable & ({ folder: string } | { failed: Failed })
> {
  try {
    const folder = await Deno.makeTempDir({
      prefix: "ati-doctor-",
      ...(dir !== undefined && { dir }),
    });
    return {
      folder,
      async [Symbol.asyncDispose]() {
        await Deno.remove(folder, { recursive: true });
      },
    };
  } catch (error) {
    return {
      failed: {
        state: "bad",
        message: `not tested: cannot create a temporary folder (${
          failure(error).message
        })`,
      },
      async [Symbol.asyncDispose]() {},
    };
  }
}

type Failed = Pick<Finding, "state" | "message">;

/** Probes the requested devices, or all. */
async function* probeDevices(
  requested: readonly Device[],
  options: { permissions: string; signal: AbortSignal | undefined },
): AsyncGenerator<{ report: ProbeResult; finding: Finding }> {
  const { permissions, signal } = options;
  const isRequested = (device: Device) =>
    requested.some((other) => deviceName(other) === deviceName(device));
  // The CPU is always probed: the others are compared with it.
  const devices: Device[] = requested.length > 0
    ? [CPU, ...requested.filter(({ kind }) => kind !== "cpu")]
    : [CPU, { kind: "webgpu", index: 0 }, { kind: "cuda", index: 0 }];
  for (const device of devices) {
    const report = await probeDevice(device, { signal }).catch(
      (reason): ProbeResult => {
        signal?.throwIfAborted();
        return { state: "unusable", device, reason };
      },
    );
    const cuda = device.kind === "cuda"
      ? await inspectCuda({ libraries: report.state !== "works" })
      : undefined;
    const required = device.kind === "cpu" || isRequested(device);
    yield {
      report,
      finding: describeDevice(report, { required, permissions, cuda }),
    };
    // Further GPUs besides the first, if no device was requested.
    if (requested.length > 0 || device.index > 0 || report.state !== "works") {
      continue;
    }
    const count = typeof cuda?.driver === "object"
      ? cuda.driver.gpus.length
      : 0;
    for (let index = 1; index < count; index++) {
      devices.push({ kind: "cuda", index });
    }
  }
}

/** CUDA's components; undefined if not available on this platform or not permitted. */
async function inspectCuda(
  options: { libraries: boolean },
): Promise<CudaParts | undefined> {
  if (!hasCudaProvider()) return undefined;
  try {
    return await findCudaParts(options);
  } catch (error) {
    if (isDenied(error)) return undefined; // reported by the device's own finding
    throw error;
  }
}

/** Generates the tiny video on every device and compares it with the first one's. */
async function* smokeRuns(
  folder: string,
  devices: readonly ProbedDevice[],
  options: { permissions: string; signal: AbortSignal | undefined },
): AsyncGenerator<Finding> {
  const { permissions, signal } = options;
  if (devices.length === 0) {
    yield {
      check: "smoke run",
      state: "bad",
      message: "not tested: no device works",
    };
    return;
  }
  let first: SmokeRun | undefined;
  await writeSmokeCheckpoint(folder);
  for (const found of devices) {
    const device = deviceName(found.device);
    const check = `smoke run ${device}`;
    try {
      const run = await smokeRun(folder, found, { signal });
      yield describeSmokeRun(run, { device, first });
      first ??= run;
    } catch (error) {
      signal?.throwIfAborted();
      const { message, hint } = failure(error);
      yield {
        check,
        state: "bad",
        message,
        todo: isDenied(error)
          ? permissions
          : hint ?? `Omit ${device}: use --device with another one.`,
      };
    }
  }
}
