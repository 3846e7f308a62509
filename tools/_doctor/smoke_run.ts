/**
 * A whole run from an image to a video in a second, with a tiny checkpoint of
 * random weights in the official layout, written on the spot. The video is
 * noise, but the same noise on every device.
 *
 * @module
 */

import { join } from "node:path";
import { tinyCheckpoint } from "../../core/checkpoint/tiny_checkpoint.ts";
import { writeFileAtomic } from "../../core/files/files.ts";
import { createVideo } from "../../core/media/video_writer.ts";
import { AtiPipeline } from "../../core/pipeline/ati_pipeline.ts";
import { VIDEO_FPS } from "../../core/tracks/resample.ts";
import { tensorToFrames } from "../../core/wan/frames/tensor_to_frames.ts";
import type { ProbedDevice } from "../../core/onnx/runtime/devices.ts";
import { TrackSet } from "../../core/tracks/track_set.ts";
import type { Finding } from "./finding.ts";
import { testImage } from "./media_checks.ts";

/** The result of a run on a device. */
export interface SmokeRun {
  /** The device and dtype of the transformer: `cuda, bf16`. */
  readonly placement: string;
  /** From opening to the last frame, including loading. */
  readonly seconds: number;
  /** The video, `[3, frames, height, width]` in [-1, 1], part by part. */
  readonly video: Float32Array;
}

const SIZE = { width: 64, height: 48 };
const SETTINGS = {
  maxArea: SIZE.width * SIZE.height,
  frameCount: 5,
  steps: 2,
  // Amplifies the difference between the two passes; 2 needs both.
  guidanceScale: 2,
};

/**
 * Writes the tiny checkpoint into a folder.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { differenceOf, smokeRun, writeSmokeCheckpoint } from "./smoke_run.ts";
 * import { CPU } from "../../core/onnx/runtime/device.ts";
 *
 * const folder = await Deno.makeTempDir();
 * await writeSmokeCheckpoint(folder);
 * const device = { device: CPU, attention: "fused", compute: ["float32"] } as const;
 * const { video } = await smokeRun(folder, device);
 * assert.equal(video.length, 3 * 5 * 48 * 64);
 * assert.ok(differenceOf(video, new Float32Array(video.length)) === Infinity);
 * await Deno.remove(folder, { recursive: true });
 * ```
 */
export async function writeSmokeCheckpoint(folder: string): Promise<void> {
  const files = await tinyCheckpoint({ folder, seed: 1 });
  for (const [path, bytes] of Object.entries(files)) {
    await writeFileAtomic(path, bytes, { overwrite: true });
  }
}

/**
 * Generates the tiny video on a device: every network, both passes of the
 * guidance, the MP4.
 *
 * @param folder the folder of the tiny checkpoint, where the video is written too
 * @throws {Error} When any stage fails, or the video is not a valid image.
 */
export async function smokeRun(
  folder: string,
  device: ProbedDevice,
  options: { signal?: AbortSignal | undefined } = {},
): Promise<SmokeRun> {
  const { signal } = options;
  const start = performance.now();
  await using pipeline = await AtiPipeline.open({
    checkpoint: folder,
    devices: [device],
    ...(signal && { signal }),
  });
  const { placement } = pipeline;
  await using video = await createVideo(join(folder, "smoke.mp4"), {
    ...SIZE,
    fps: VIDEO_FPS,
    overwrite: true,
  });
  const samples: number[] = [];
  const parts = pipeline.generate({
    image: testImage(SIZE),
    tracks: TrackSet.fromPoints([
      Array.from({ length: 121 }, (_, frame) => ({
        x: 16 + frame / 4,
        y: 24,
        visible: true,
      })),
    ]),
    prompt: "a test",
    seed: 1,
  }, { settings: SETTINGS, signal });
  for await (const part of parts) {
    samples.push(...part.data);
    for (const frame of tensorToFrames(part)) await video.write(frame);
  }
  await video.finish();
  checkValues(samples);
  const seconds = (performance.now() - start) / 1000;
  return { placement, seconds, video: Float32Array.from(samples) };
}

/** Noise has many values; a broken network gives NaN or a single value. */
function checkValues(samples: readonly number[]): void {
  const expected = 3 * SETTINGS.frameCount * SIZE.width * SIZE.height;
  if (samples.length !== expected) {
    throw new Error(
      `the video has ${samples.length} samples, expected ${expected}`,
    );
  }
  const broken = samples.filter((value) => !Number.isFinite(value)).length;
  if (broken > 0) {
    throw new Error(
      `${broken} of the video's ${samples.length} samples are NaN`,
    );
  }
  const mean = samples.reduce((sum, x) => sum + x, 0) / samples.length;
  const spread = Math.sqrt(
    samples.reduce((sum, x) => sum + (x - mean) ** 2, 0) / samples.length,
  );
  if (spread < 0.01) throw new Error("the video has a single color");
}

/** Root mean square of the differences over that of the expected values. */
export function differenceOf(
  actual: Float32Array,
  expected: Float32Array,
): number {
  const square = (values: Float32Array) =>
    values.reduce((sum, x) => sum + x * x, 0);
  return Math.sqrt(
    square(actual.map((x, i) => x - expected[i]!)) / square(expected),
  );
}

/**
 * The largest accepted difference between a tiny video and the CPU's. Unrelated
 * noise differs by about 1.4; a GPU's float32 may be TF32 (11 bits), and guidance
 * and steps amplify the rounding to 16 bits.
 */
const TOLERANCE = { exact: 0.03, rounded: 0.3 };

/**
 * A run as a finding: whether the video is that of the first device.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { describeSmokeRun } from "./smoke_run.ts";
 * const first = {
 *   placement: "cpu, fp32",
 *   seconds: 1,
 *   video: new Float32Array([0.5, -0.5]),
 * };
 * const other = { ...first, placement: "webgpu, fp16", video: new Float32Array(2) };
 * const { state } = describeSmokeRun(other, { device: "webgpu", first });
 * assert.equal(state, "bad");
 * ```
 */
export function describeSmokeRun(
  run: SmokeRun,
  about: { device: string; first: SmokeRun | undefined },
): Finding {
  const { device, first } = about;
  const check = `smoke run ${device}`;
  const { placement, video } = run;
  const seconds = Math.round(run.seconds * 100) / 100;
  const facts = { kind: "smoke", device, placement, seconds } as const;
  const took = `a tiny video in ${seconds} s (${placement})`;
  if (!first) {
    return { check, state: "good", message: took, facts };
  }
  const difference = differenceOf(video, first.video);
  const tolerance = placement.endsWith("fp32")
    ? TOLERANCE.exact
    : TOLERANCE.rounded;
  const compared = {
    check,
    message: `${took}, ${
      (100 * difference).toPrecision(2)
    } % from the first device's`,
    facts: { ...facts, difference },
  };
  if (difference <= tolerance) return { ...compared, state: "good" };
  return {
    ...compared,
    state: "bad",
    message: `${compared.message}: wrong results`,
    todo:
      `Update the driver of ${device}, or omit it: use --device with another one.`,
  };
}
