/**
 * A look at everything that a video needs, from Deno to a whole run on every
 * device: what works, what does not and why.
 *
 * @module
 */

import type { CheckpointOptions } from "../../core/checkpoint/checkpoint.ts";
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
import {
  checkCheckpoint,
  checkFit,
  downloadCommand,
} from "./checkpoint_check.ts";
import {
  type CudaParts,
  findCudaParts,
  hasCudaProvider,
  type NvidiaGpu,
} from "./cuda_parts.ts";
import { describeDevice } from "./device_checks.ts";
import { failure, type Finding, isDenied } from "./finding.ts";
import { checkLeftovers } from "./leftovers_check.ts";
import { checkFilms, checkPictures } from "./media_checks.ts";
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

/** What is examined, and for what. */
export interface ExamineOptions {
  /** The folder that videos will be written to; it need not exist. */
  readonly out: string;
  /** The checkpoint's folder; without one nothing is said about weights. */
  readonly checkpoint?: string;
  /** Files that are taken instead of those in the checkpoint's folder. */
  readonly files?: CheckpointOptions;
  /** Devices that must work, by name; without any, all are tried. */
  readonly devices?: readonly string[];
  /** The size that memory is estimated for; 832 x 480 x 81 by default. */
  readonly video?: VideoShape;
  /** Whether a tiny video is generated on every device that works; true. */
  readonly smoke?: boolean;
  /** Where temporary files go; the system's own place by default. */
  readonly scratch?: string;
  /** What a person shall do who ran this with too few permissions. */
  readonly permissions?: string;
  /** Ends the examination. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Looks at one thing after the other and tells what it found. Nothing that is
 * missing or broken is an error: it is a finding, and the next thing is looked
 * at.
 *
 * @throws {TypeError} Before anything is looked at, when there is no device of
 * a name.
 * @throws {DOMException} `AbortError`, when `signal` is aborted.
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
  const asked = options.devices?.map(parseDevice) ?? [];
  const video = options.video ?? { width: 832, height: 480, frames: 81 };

  yield checkDeno();
  yield checkPlatform();
  yield checkMemory();
  yield await checkDisk(options.out);
  const leftovers = await checkLeftovers({ out: options.out, checkpoint });
  if (leftovers) yield leftovers;
  yield await checkPictures({ permissions });
  await using scratch = await makeScratch(options.scratch);
  yield "folder" in scratch
    ? await checkFilms(scratch.folder, { permissions })
    : { check: "video", ...scratch.failed, todo: permissions };

  const working: ProbedDevice[] = [];
  const gpus: { device: string; gpu: NvidiaGpu }[] = [];
  for await (
    const { report, finding } of tryDevices(asked, { permissions, signal })
  ) {
    if (report.state === "works") working.push(report.found);
    const { facts } = finding;
    if (facts?.kind === "device" && facts.gpu) {
      gpus.push({ device: facts.device, gpu: facts.gpu });
    }
    yield finding;
  }

  if (checkpoint === undefined) {
    yield {
      check: "checkpoint",
      state: "note",
      message:
        "none was named (-c): motion previews can be made, videos with the model cannot",
      todo: `Fetch the weights: ${downloadCommand("Wan2.1-ATI-14B-480P")}`,
    };
  } else {
    signal?.throwIfAborted();
    const finding = await guarded(
      "checkpoint",
      () =>
        checkCheckpoint(checkpoint, {
          video,
          permissions,
          ...(options.files && { files: options.files }),
        }),
    );
    yield finding;
    const { facts } = finding;
    if (facts?.kind === "checkpoint") {
      const fit = checkFit(facts.runs, gpus);
      if (fit) yield fit;
    }
    const onlyCpu = working.every(({ device }) => device.kind === "cpu");
    if (onlyCpu && working.length > 0) {
      yield WITHOUT_GPU;
    }
  }

  if (!smoke) return;
  if ("failed" in scratch) {
    yield { check: "smoke run", ...scratch.failed, todo: permissions };
    return;
  }
  yield* smokeRuns(scratch.folder, working, { permissions, signal });
}

/** The model without a GPU runs, but not in a time that people have. */
const WITHOUT_GPU: Finding = {
  check: "speed",
  state: "note",
  message:
    "no GPU works: the 14B model takes a day or more for a video on a CPU",
  todo: "Take a machine with a GPU, or make motion previews (without -c).",
};

/** A finding, whatever happens. */
async function guarded(
  check: string,
  look: () => Promise<Finding>,
): Promise<Finding> {
  try {
    return await look();
  } catch (error) {
    const { message, hint } = failure(error);
    return {
      check,
      state: "bad",
      message: `could not be looked at: ${message}`,
      ...(hint !== undefined && { todo: hint }),
    };
  }
}

/** A folder that is gone afterwards, or why there can be none. */
async function makeScratch(dir: string | undefined): Promise<
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
        message: `could not be tried: no temporary folder can be made (${
          failure(error).message
        })`,
      },
      async [Symbol.asyncDispose]() {},
    };
  }
}

type Failed = Pick<Finding, "state" | "message">;

/** Tries the devices: those that were asked for, or all. */
async function* tryDevices(
  asked: readonly Device[],
  options: { permissions: string; signal: AbortSignal | undefined },
): AsyncGenerator<{ report: ProbeResult; finding: Finding }> {
  const { permissions, signal } = options;
  const wanted = (device: Device) =>
    asked.some((other) => deviceName(other) === deviceName(device));
  // The CPU is always tried: the others are compared with it.
  const devices: Device[] = asked.length > 0
    ? [CPU, ...asked.filter(({ kind }) => kind !== "cpu")]
    : [CPU, { kind: "webgpu", index: 0 }, { kind: "cuda", index: 0 }];
  for (const device of devices) {
    const report = await probeDevice(device, { signal }).catch(
      (reason): ProbeResult => {
        signal?.throwIfAborted();
        return { state: "unusable", device, reason };
      },
    );
    const cuda = device.kind === "cuda"
      ? await lookAtCuda({ libraries: report.state !== "works" })
      : undefined;
    const required = device.kind === "cpu" || wanted(device);
    yield {
      report,
      finding: describeDevice(report, { required, permissions, cuda }),
    };
    // More GPUs than the first, where nobody chose.
    if (asked.length > 0 || device.index > 0 || report.state !== "works") {
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

/** CUDA's parts, where there are any for this platform and they may be seen. */
async function lookAtCuda(
  options: { libraries: boolean },
): Promise<CudaParts | undefined> {
  if (!hasCudaProvider()) return undefined;
  try {
    return await findCudaParts(options);
  } catch (error) {
    if (isDenied(error)) return undefined; // told by the device's own finding
    throw error;
  }
}

/** The tiny video on every device, compared with the first one's. */
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
      message: "could not be tried: no device works",
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
          : hint ?? `Leave ${device} out: --device with another one.`,
      };
    }
  }
}
