/**
 * Films become latents and latents become films: the video autoencoder, run.
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
import { sizeOf, type Tensor } from "../../base/tensor.ts";
import type { FrameSource } from "../frames/frame_source.ts";
import { type ChunkNetwork, runChunks } from "./_chunk_runner.ts";
import { cutFrames, joinFrames } from "./_frames.ts";
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

/** How the autoencoder is run. */
export interface VaeRunOptions extends NetworkOptions {
  /**
   * How many latent frames go through at a time. 1 needs the least memory and
   * is the default on the CPU. `whole` runs the film in one go, in a loop on
   * the device, so that nothing but the film itself crosses over: the default
   * on a GPU.
   */
  readonly latentFramesPerRun?: number | "all";
  /**
   * Cuts pictures into tiles, for a device whose memory is small. Only what
   * runs at larger sizes than the latent's is cut; the attention sees the
   * whole picture. With an overlap of 14 latent cells or more the result is
   * that without tiles; with less, neighbours are blended where they differ.
   */
  readonly tiles?: TileOptions;
}

/**
 * A film in memory, `[3, frames, height, width]`, as a source.
 *
 * @throws {RangeError} When it has another shape.
 */
export function tensorFrames(film: Tensor): FrameSource {
  const [channels, frames = 0, height = 0, width = 0] = film.dims;
  if (film.dims.length !== 4 || channels !== 3) {
    throw new RangeError(
      `Cannot read frames of [${
        film.dims.join(", ")
      }], expected [3, frames, height, width]`,
    );
  }
  return {
    dims: [frames, height, width],
    read: (from, to) => cutFrames(film, { from, to }),
  };
}

/**
 * The latent of a film, `[16, latents, height / 8, width / 8]`, normalised as
 * the transformer has it. The first frame makes one latent frame, every four
 * that follow another one; a rest of fewer than four is left out, as the
 * reference does.
 *
 * @throws {RangeError} When height or width are no multiples of 8, or there is
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
  film: FrameSource,
  options: VaeRunOptions,
): Promise<Tensor<Float32Array<ArrayBuffer>>> {
  const [frames, height, width] = film.dims;
  const scale = pixelsPerCell(component);
  const perLatent = framesPerLatent(component);
  if (!(frames >= 1) || height % scale !== 0 || width % scale !== 0) {
    throw new RangeError(
      `Cannot encode a film of ${frames} frames of ${width}x${height} px, expected a frame at least and multiples of ${scale} px`,
    );
  }
  const latents = 1 + Math.floor((frames - 1) / perLatent);
  const size = [height / scale, width / scale] as const;
  const grid = tileGrid(size, options.tiles);
  const run = new FilmRun(options, { latents, tiles: grid.length });
  const readFilm = (from: number, to: number) =>
    film.read(
      from === 0 ? 0 : 1 + perLatent * (from - 1),
      1 + perLatent * (to - 1),
    );
  return await inRuntime(options, async (runtime) => {
    const network = (part: VaePart | undefined, tile: Tile): ChunkNetwork => ({
      name: "the film encoder",
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
        readFilm,
      );
    }
    let blender: TileBlender | undefined;
    for (const tile of grid) {
      const features = await encode(
        "fine",
        tile,
        (from, to) => cutTile(readFilm(from, to), scaleTile(tile, scale)),
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
      wholePicture(size),
      (from, to) => cutFrames(features, { from, to }),
    );
  });
}

/**
 * The film of a latent `[16, latents, h, w]`, normalised: parts of
 * `[3, frames, 8 h, 8 w]` in [-1, 1] in the order of time, the first one with
 * one frame. Each part comes as soon as it is done, so that encoding a video
 * goes on beside it; with tiles, or on a GPU in one go, only at the end.
 *
 * Memory does not grow with the number of frames when `latentFramesPerRun` is a
 * number and there are no tiles; with tiles the film itself is held.
 *
 * @throws {RangeError} When the latent has another shape.
 *
 * @example
 * ```ts
 * import {
 *   CPU,
 *   decodeVideo,
 *   openComponent,
 *   type RgbImage,
 *   type Tensor,
 *   tensorToFrames,
 * } from "@ati/ati";
 *
 * export async function* decode(
 *   file: string,
 *   latent: Tensor,
 * ): AsyncGenerator<RgbImage> {
 *   const vae = await openComponent("vae", file);
 *   for await (const part of decodeVideo(vae, latent, { device: CPU })) {
 *     yield* tensorToFrames(part);
 *   }
 * }
 * ```
 */
export async function* decodeVideo(
  component: VaeComponent,
  latent: Tensor,
  options: VaeRunOptions,
): AsyncGenerator<Tensor<Float32Array<ArrayBuffer>>, void, void> {
  const { zDim } = component.config;
  const [channels, latents = 0, height = 0, width = 0] = latent.dims;
  if (
    latent.dims.length !== 4 || channels !== zDim || sizeOf(latent.dims) === 0
  ) {
    throw new RangeError(
      `Cannot decode a latent of [${
        latent.dims.join(", ")
      }], expected [${zDim}, frames, height, width]`,
    );
  }
  const scale = pixelsPerCell(component);
  const grid = tileGrid([height, width], options.tiles);
  const run = new FilmRun(options, { latents, tiles: grid.length });
  await using runtime = openNetworkRuntime(options);
  const network = (part: VaePart | undefined, tile: Tile): ChunkNetwork => ({
    name: "the film decoder",
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
  const whole = network("coarse", wholePicture([height, width]));
  const features = await run.all(runtime, [whole], readLatent);
  const frames = 1 + framesPerLatent(component) * (latents - 1);
  const blender = new TileBlender([3, frames, height * scale, width * scale], {
    grid: grid.map((tile) => scaleTile(tile, scale)),
    overlap: options.tiles!.overlap * scale,
    reach: decoderReach(component) * scale,
  });
  for (const tile of grid) {
    const film = await run.all(
      runtime,
      [network("fine", tile)],
      (from, to) => cutTile(cutFrames(features, { from, to }), tile),
    );
    blender.add(scaleTile(tile, scale), film);
  }
  yield blender.result;
}

/** The parts that take the least memory, in the order of the encoder. */
const PARTS = ["outer", "inner"] as const satisfies VaePart[];

/** Gives a part of a film or latent, in an array of its own. */
type ReadPart = (from: number, to: number) => Tensor;

function wholePicture(
  [height, width]: readonly [height: number, width: number],
): Tile {
  return tileGrid([height, width])[0]!;
}

/** One way through the autoencoder: how the film is cut, and how far it is. */
class FilmRun {
  readonly #options: VaeRunOptions;
  readonly #latents: number;
  readonly #perRun: number | "all";
  readonly #total: number;
  #done = 0;

  constructor(
    options: VaeRunOptions,
    film: { latents: number; tiles: number },
  ) {
    const {
      latentFramesPerRun = options.device.kind === "cpu" ? 1 : "all",
    } = options;
    if (
      latentFramesPerRun !== "all" &&
      !(Number.isInteger(latentFramesPerRun) && latentFramesPerRun >= 1)
    ) {
      throw new RangeError(
        `Cannot run ${latentFramesPerRun} latent frames at a time, expected a whole number from 1 or "all"`,
      );
    }
    this.#options = options;
    this.#latents = film.latents;
    this.#perRun = latentFramesPerRun;
    // With tiles there is one more way through the film, for the coarse part.
    const ways = film.tiles === 1 ? 1 : film.tiles + 1;
    this.#total = ways *
      (latentFramesPerRun === "all"
        ? 1
        : 1 + Math.ceil((film.latents - 1) / latentFramesPerRun));
  }

  /** Writes the graphs of a half of the autoencoder for one tile. */
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
   * Whether the level of full size runs by itself, frame by frame: where
   * memory counts, and where that level leaves time alone.
   */
  inParts({ config }: VaeComponent): boolean {
    return this.#perRun !== "all" && !config.temporalDownsample[0];
  }

  /** What networks, one behind the other, make of the whole film. */
  async all(
    runtime: Runtime,
    networks: readonly ChunkNetwork[],
    read: ReadPart,
  ): Promise<Tensor<Float32Array<ArrayBuffer>>> {
    return joinFrames(
      await Array.fromAsync(this.chunks(runtime, networks, read)),
    );
  }

  /** What they make, as `[channels, frames, height, width]`. */
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
