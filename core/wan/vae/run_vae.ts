/**
 * Runs the VAE: encodes videos to latents and decodes latents to videos.
 *
 * @module
 */

import {
  framesPerLatent,
  pixelsPerCell,
  type VaeComponent,
  type VaeOptions,
  type VaePart,
} from "./vae_chunks.ts";
import { buildVaeDecoder, decoderReach } from "./vae_decoder.ts";
import { buildVaeEncoder, encoderReach } from "./vae_encoder.ts";
import type { Runtime } from "../../onnx/runtime/runtime_interface.ts";
import type { Tensor } from "../../base/tensor.ts";
import type { FrameSource } from "../frames/frame_source.ts";
import { type ChunkNetwork, runChunks } from "../causal/chunk_runner.ts";
import { cutFrames, joinFrames, latentShape } from "../causal/frames.ts";
import {
  cutTile,
  scaleTile,
  type Tile,
  TileBlender,
  tileGrid,
  type TileOptions,
} from "./_tiles.ts";
import {
  inRuntime,
  type NetworkOptions,
  openNetworkRuntime,
} from "../network_run.ts";

export type { TileOptions } from "./_tiles.ts";

/** Options for running the VAE. */
export interface VaeRunOptions extends NetworkOptions {
  /**
   * The number of latent frames per run. 1 needs the least memory and is the
   * default on the CPU. `all` runs the video at once, in a loop on the device,
   * so that only the video itself is transferred: the default on a GPU.
   */
  readonly latentFramesPerRun?: number | "all";
  /**
   * Splits frames into tiles, for a device with little memory. Only the layers
   * at larger sizes than the latent's are tiled; the attention is computed for
   * the whole frame. With an overlap of 14 latent cells or more the result is
   * the same as without tiles; with less, neighbors are blended where they
   * differ.
   */
  readonly tiles?: TileOptions;
}

/**
 * A video in memory, `[3, frames, height, width]`, as a source.
 *
 * @throws {RangeError} When it has the wrong shape.
 */
export function tensorFrames(video: Tensor): FrameSource {
  const [channels, frames = 0, height = 0, width = 0] = video.dims;
  if (video.dims.length !== 4 || channels !== 3) {
    throw new RangeError(
      `Cannot read frames of [${
        video.dims.join(", ")
      }], expected [3, frames, height, width]`,
    );
  }
  return {
    dims: [frames, height, width],
    read: (from, to) => cutFrames(video, { from, to }),
  };
}

/**
 * Encodes a video to a latent, `[16, latents, height / 8, width / 8]`,
 * normalized as the transformer's input. The first frame becomes one latent
 * frame, every four that follow another one; a rest of fewer than four is left
 * out, as in the reference.
 *
 * @throws {RangeError} When height or width are not multiples of 8, or there is
 * no frame.
 *
 * @example
 * ```ts
 * import {
 *   CPU,
 *   encodeVideo,
 *   openComponent,
 *   type Tensor,
 *   tensorFrames,
 * } from "@ati/ati";
 *
 * // `frames`: [3, frames, height, width] in [-1, 1].
 * export async function encode(file: string, frames: Tensor): Promise<Tensor> {
 *   const vae = await openComponent("vae", file);
 *   return await encodeVideo(vae, tensorFrames(frames), { device: CPU });
 * }
 * ```
 */
export async function encodeVideo(
  component: VaeComponent,
  video: FrameSource,
  options: VaeRunOptions,
): Promise<Tensor<Float32Array<ArrayBuffer>>> {
  const [frames, height, width] = video.dims;
  const scale = pixelsPerCell(component);
  const perLatent = framesPerLatent(component);
  if (!(frames >= 1) || height % scale !== 0 || width % scale !== 0) {
    throw new RangeError(
      `Cannot encode a video of ${frames} frames of ${width}x${height} px, expected at least one frame and multiples of ${scale} px`,
    );
  }
  const latents = 1 + Math.floor((frames - 1) / perLatent);
  const size = [height / scale, width / scale] as const;
  const grid = tileGrid(size, options.tiles);
  const run = new VaeRun(options, { latents, tiles: grid.length });
  const readVideo = (from: number, to: number) =>
    video.read(
      from === 0 ? 0 : 1 + perLatent * (from - 1),
      1 + perLatent * (to - 1),
    );
  return await inRuntime(options, async (runtime) => {
    const network = (part: VaePart | undefined, tile: Tile): ChunkNetwork => ({
      name: "the VAE encoder",
      input: part === "coarse" || part === "inner" ? "features" : "frames",
      output: part === "fine" || part === "outer" ? "features" : "latent",
      frameByFrame: part === "outer",
      build: run.builder(buildVaeEncoder, component, { part, tile }),
    });
    const encode = (part: VaePart | undefined, tile: Tile, read: ReadPart) =>
      run.all(runtime, [network(part, tile)], read);
    if (grid.length === 1) {
      const parts = run.inParts(component) ? PARTS : [undefined];
      return await run.all(
        runtime,
        parts.map((part) => network(part, grid[0]!)),
        readVideo,
      );
    }
    let blender: TileBlender | undefined;
    for (const tile of grid) {
      const features = await encode(
        "fine",
        tile,
        (from, to) => cutTile(readVideo(from, to), scaleTile(tile, scale)),
      );
      blender ??= new TileBlender([...features.dims.slice(0, 2), ...size], {
        grid,
        overlap: options.tiles!.overlap,
        reach: encoderReach(component),
      });
      blender.add(tile, features);
    }
    const features = blender!.result;
    return await encode(
      "coarse",
      wholeFrame(size),
      (from, to) => cutFrames(features, { from, to }),
    );
  });
}

/**
 * Decodes a normalized latent `[16, latents, h, w]` to a video: parts of
 * `[3, frames, 8 h, 8 w]` in [-1, 1] in the order of time, the first one with
 * one frame. Each part is yielded as soon as it is done, so that the video can
 * be encoded meanwhile; with tiles, or with `all` at once, only at the end.
 *
 * Memory does not grow with the number of frames if `latentFramesPerRun` is a
 * number and there are no tiles; with tiles the whole video is in memory.
 *
 * @throws {RangeError} When the latent has the wrong shape.
 */
export async function* decodeVideo(
  component: VaeComponent,
  latent: Tensor,
  options: VaeRunOptions,
): AsyncGenerator<Tensor<Float32Array<ArrayBuffer>>, void, void> {
  const { zDim } = component.config;
  const [latents, height, width] = latentShape(latent, zDim);
  const scale = pixelsPerCell(component);
  const grid = tileGrid([height, width], options.tiles);
  const run = new VaeRun(options, { latents, tiles: grid.length });
  await using runtime = openNetworkRuntime(options);
  const network = (part: VaePart | undefined, tile: Tile): ChunkNetwork => ({
    name: "the VAE decoder",
    input: part === "fine" || part === "outer" ? "features" : "latent",
    output: part === "coarse" || part === "inner" ? "features" : "frames",
    frameByFrame: part === "outer",
    build: run.builder(buildVaeDecoder, component, { part, tile }),
  });
  const readLatent = (from: number, to: number) =>
    cutFrames(latent, { from, to });
  if (grid.length === 1) {
    const parts = run.inParts(component) ? PARTS.toReversed() : [undefined];
    yield* run.chunks(
      runtime,
      parts.map((part) => network(part, grid[0]!)),
      readLatent,
    );
    return;
  }
  const whole = network("coarse", wholeFrame([height, width]));
  const features = await run.all(runtime, [whole], readLatent);
  const frames = 1 + framesPerLatent(component) * (latents - 1);
  const blender = new TileBlender([3, frames, height * scale, width * scale], {
    grid: grid.map((tile) => scaleTile(tile, scale)),
    overlap: options.tiles!.overlap * scale,
    reach: decoderReach(component) * scale,
  });
  for (const tile of grid) {
    const video = await run.all(
      runtime,
      [network("fine", tile)],
      (from, to) => cutTile(cutFrames(features, { from, to }), tile),
    );
    blender.add(scaleTile(tile, scale), video);
  }
  yield blender.result;
}

/** The split that needs the least memory, in the order of the encoder. */
const PARTS = ["outer", "inner"] as const satisfies VaePart[];

/** Reads a part of a video or latent into a new array. */
type ReadPart = (from: number, to: number) => Tensor;

function wholeFrame(
  [height, width]: readonly [height: number, width: number],
): Tile {
  return tileGrid([height, width])[0]!;
}

/** One run of the VAE: how the video is split, and its progress. */
class VaeRun {
  readonly #options: VaeRunOptions;
  readonly #latents: number;
  readonly #perRun: number | "all";
  readonly #total: number;
  #done = 0;

  constructor(
    options: VaeRunOptions,
    video: { latents: number; tiles: number },
  ) {
    const {
      latentFramesPerRun = options.device.kind === "cpu" ? 1 : "all",
    } = options;
    if (
      latentFramesPerRun !== "all" &&
      !(Number.isInteger(latentFramesPerRun) && latentFramesPerRun >= 1)
    ) {
      throw new RangeError(
        `Cannot run ${latentFramesPerRun} latent frames at a time, expected an integer >= 1 or "all"`,
      );
    }
    this.#options = options;
    this.#latents = video.latents;
    this.#perRun = latentFramesPerRun;
    // With tiles there is one more pass over the video, for the coarse part.
    const passes = video.tiles === 1 ? 1 : video.tiles + 1;
    this.#total = passes *
      (latentFramesPerRun === "all"
        ? 1
        : 1 + Math.ceil((video.latents - 1) / latentFramesPerRun));
  }

  /** Writes the graphs of a half of the VAE for one tile. */
  builder(
    build: typeof buildVaeEncoder,
    component: VaeComponent,
    { part, tile }: { part: VaePart | undefined; tile: Tile },
  ): ChunkNetwork["build"] {
    const { target } = this.#options;
    const common: Omit<VaeOptions, "chunk"> = {
      size: [tile.rows.length, tile.columns.length],
      ...(part ? { part } : {}),
      ...(target ? { target } : {}),
    };
    return (chunk) => build(component, { ...common, chunk });
  }

  /**
   * Whether the level of full size runs separately, frame by frame: when memory
   * matters, and that level has no layers over time.
   */
  inParts({ config }: VaeComponent): boolean {
    return this.#perRun !== "all" && !config.temporalDownsample[0];
  }

  /** The output of the networks, applied in sequence, for the whole video. */
  async all(
    runtime: Runtime,
    networks: readonly ChunkNetwork[],
    read: ReadPart,
  ): Promise<Tensor<Float32Array<ArrayBuffer>>> {
    return joinFrames(
      await Array.fromAsync(this.chunks(runtime, networks, read)),
    );
  }

  /** Their output in chunks, `[channels, frames, height, width]`. */
  async *chunks(
    runtime: Runtime,
    networks: readonly ChunkNetwork[],
    read: ReadPart,
  ): AsyncGenerator<Tensor<Float32Array<ArrayBuffer>>, void, void> {
    const { signal, onProgress } = this.#options;
    const chunks = runChunks(runtime, networks, {
      latents: this.#latents,
      perRun: this.#perRun,
      signal,
      read: (from, to) => {
        const part = read(from, to);
        return { dims: [1, ...part.dims], data: part.data };
      },
    });
    for await (const { dims, data } of chunks) {
      onProgress?.(++this.#done, this.#total);
      yield { dims: dims.slice(1), data };
    }
  }
}
