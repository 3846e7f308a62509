/**
 * The whole way from a picture to a video in a second: a tiny checkpoint of
 * random weights in the official layout, made on the spot. The video is noise,
 * but the same noise on every device.
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
import { testPicture } from "./media_checks.ts";

/** What a run on a device came to. */
export interface SmokeRun {
  /** Where the transformer ran: `cuda, bf16`. */
  readonly placement: string;
  /** From opening to the last frame, loading included. */
  readonly seconds: number;
  /** The video, `[3, frames, height, width]` in [-1, 1], part by part. */
  readonly film: Float32Array;
}

const SIZE = { width: 64, height: 48 };
const SETTINGS = {
  maxArea: SIZE.width * SIZE.height,
  frameCount: 5,
  steps: 2,
  // The difference between two passes grows by this; 2 needs both.
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
 * const { film } = await smokeRun(folder, device);
 * assert.equal(film.length, 3 * 5 * 48 * 64);
 * assert.ok(differenceOf(film, new Float32Array(film.length)) === Infinity);
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
 * @param folder the tiny checkpoint's; the video is written there as well
 * @throws {Error} When any part fails, or the video is no picture at all.
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
  const film: number[] = [];
  const parts = pipeline.generate({
    image: testPicture(SIZE),
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
    film.push(...part.data);
    for (const frame of tensorToFrames(part)) await video.write(frame);
  }
  await video.finish();
  checkFilm(film);
  const seconds = (performance.now() - start) / 1000;
  return { placement, seconds, film: Float32Array.from(film) };
}

/** Noise has every value; a broken network gives NaN or one value. */
function checkFilm(film: readonly number[]): void {
  const expected = 3 * SETTINGS.frameCount * SIZE.width * SIZE.height;
  if (film.length !== expected) {
    throw new Error(
      `the video has ${film.length} samples, expected ${expected}`,
    );
  }
  const broken = film.filter((value) => !Number.isFinite(value)).length;
  if (broken > 0) {
    throw new Error(`${broken} of the video's ${film.length} samples are NaN`);
  }
  const mean = film.reduce((sum, x) => sum + x, 0) / film.length;
  const spread = Math.sqrt(
    film.reduce((sum, x) => sum + (x - mean) ** 2, 0) / film.length,
  );
  if (spread < 0.01) throw new Error("the video has one colour only");
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
 * How far a tiny video may be from the CPU's. Noise that has nothing to do
 * with it is off by about 1.4; a GPU's float32 may be TF32 (11 bits), and
 * guidance and steps magnify what 16 bits round.
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
 *   film: new Float32Array([0.5, -0.5]),
 * };
 * const other = { ...first, placement: "webgpu, fp16", film: new Float32Array(2) };
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
  const { placement, film } = run;
  const seconds = Math.round(run.seconds * 100) / 100;
  const facts = { kind: "smoke", device, placement, seconds } as const;
  const took = `a tiny video in ${seconds} s (${placement})`;
  if (!first) {
    return { check, state: "good", message: took, facts };
  }
  const difference = differenceOf(film, first.film);
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
    message: `${compared.message}: it computes wrongly`,
    todo:
      `Update the driver of ${device}, or leave it out: --device with another one.`,
  };
}
