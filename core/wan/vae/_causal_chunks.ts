/**
 * Networks of causal convolutions, cut in time: a film goes through in chunks,
 * and each convolution remembers the last frames that it saw. The result is
 * that of the whole film at once, the memory that of one chunk.
 *
 * Mirrors the feature cache of `wan/modules/vae.py`. That one runs one latent
 * frame at a time and has caches of one or two frames; here a chunk may have
 * any number of them, and a cache has always as many frames as its convolution
 * looks back, zeros where nothing was.
 */

import {
  type BuiltGraph,
  GraphBuilder,
} from "../../onnx/graph/graph_builder.ts";
import type { GraphBuilderOptions } from "../../onnx/graph/graph_builder.ts";
import { concat, type Signature, type Value } from "../../onnx/graph/value.ts";

/** The axis of time in `[1, channels, frames, height, width]`. */
const TIME = 2;

/** Which part of a film a graph is for. */
export type VaeChunk =
  /** The first latent frame, which stands for one frame of the film. */
  | { readonly kind: "first" }
  /** Later latent frames, each of which stands for four. */
  | { readonly kind: "next"; readonly latents: number }
  /**
   * A whole film of `latents` latent frames: the first one, then a loop over
   * `perRound` (1 by default) at a time. What is remembered stays on the
   * device.
   */
  | {
    readonly kind: "all";
    readonly latents: number;
    readonly perRound?: number;
  };

/**
 * Frames in the order of time, each `[1, channels, height, width]`. A film is
 * taken apart so that a frame's convolution over time is a convolution over
 * the channels of three pictures: up to 2.5 times as fast on a CPU as one
 * over three axes, and the memory is that of a few frames.
 */
export type Film = readonly Value[];

/** The frames that are remembered from chunk to chunk, in the order of use. */
export class FrameMemory {
  /** What is remembered for the next chunk. */
  readonly leaving: Value[] = [];
  readonly #entering: readonly Value[] | undefined;

  /** `entering` is what the chunk before left; nothing for the first chunk. */
  constructor(entering?: readonly Value[]) {
    this.#entering = entering;
  }

  /** Whether nothing was before. */
  get isFirst(): boolean {
    return this.#entering === undefined;
  }

  /**
   * `film` with the `length` frames before it in front, zeros where nothing
   * was; as many of its last frames are remembered.
   */
  extend(film: Film, length: number): Film {
    const from = this.leaving.length;
    const before = this.#entering?.slice(from, from + length) ??
      Array.from({ length }, () => zerosLike(film[0]!));
    const extended = [...before, ...film];
    this.leaving.push(...extended.slice(-length));
    return extended;
  }

  /**
   * Whether frame `i` of what is left is frame `i + 1` of what was entered: it
   * has only moved on by one place, and need not be written again.
   */
  hasMoved(i: number): boolean {
    return this.#entering !== undefined &&
      this.leaving[i] === this.#entering[i + 1];
  }

  /** Remembers `length` frames of zeros of the size of those of `film`. */
  remainSilent(film: Film, length: number): void {
    this.leaving.push(
      ...Array.from({ length }, () => zerosLike(film[0]!)),
    );
  }
}

function zerosLike(x: Value): Value {
  return x.graph.constant(x.type, [1, 1, 1, 1], [0]).expand(x.shape);
}

/** A causal network, as far as cutting it into chunks needs to know. */
export interface CausalNetwork extends GraphBuilderOptions {
  /** What the graph is called. */
  readonly name: string;
  /** The name of its input and the length of its axes but time. */
  readonly input: {
    readonly name: string;
    readonly channels: number;
    readonly size: readonly [height: number, width: number];
  };
  /** How many frames of the input belong to one latent frame but the first. */
  readonly inputFramesPerLatent: number;
  /** The name of its output. */
  readonly output: string;
  /** The network: float32 in and out. */
  apply(film: Film, memory: FrameMemory): Film;
}

/**
 * Frame `i` of what a chunk remembers: an output. One that is not among the
 * outputs is the frame that was entered as `pastName(i + 1)`.
 */
export function cacheName(i: number): string {
  return `cache.${i}`;
}

/** Frame `i` of what the chunk before remembered: an input. */
export function pastName(i: number): string {
  return `past.${i}`;
}

/** The graph of a chunk. What is remembered crosses its border in float32. */
export function buildChunk(
  network: CausalNetwork,
  chunk: VaeChunk,
): BuiltGraph {
  const g = new GraphBuilder(`${network.name} ${chunk.kind}`, network);
  switch (chunk.kind) {
    case "first": {
      const memory = new FrameMemory();
      const film = toFilm(input(g, network, 1));
      g.output(network.output, fromFilm(network.apply(film, memory)));
      remember(g, memory);
      return g.build();
    }
    case "next": {
      checkCount(network, chunk.latents);
      const frames = chunk.latents * network.inputFramesPerLatent;
      const film = toFilm(input(g, network, frames));
      const memory = new FrameMemory(
        remembered(network).map(({ type, shape }, i) =>
          g.input(pastName(i), "float32", shape).cast(type)
        ),
      );
      g.output(network.output, fromFilm(network.apply(film, memory)));
      remember(g, memory);
      return g.build();
    }
    case "all":
      checkCount(network, chunk.latents);
      g.output(network.output, wholeFilm(g, network, chunk));
      return g.build();
  }
}

function wholeFilm(
  g: GraphBuilder,
  network: CausalNetwork,
  chunk: VaeChunk & { kind: "all" },
): Value {
  const { latents, perRound = 1 } = chunk;
  const rounds = (latents - 1) / perRound;
  if (!Number.isInteger(rounds)) {
    throw new RangeError(
      `Cannot build ${network.name}: ${
        latents - 1
      } latent frames behind the first one are no multiple of ${perRound}`,
    );
  }
  const frames = perRound * network.inputFramesPerLatent;
  const whole = input(g, network, 1 + rounds * frames);
  const memory = new FrameMemory();
  const first = fromFilm(
    network.apply(toFilm(whole.slice(TIME, 0, 1)), memory),
  );
  if (rounds === 0) return first;
  const { size, channels } = network.input;
  const chunks = whole.slice(TIME, 1)
    .reshape([1, channels, rounds, frames, ...size]);
  const { collected } = g.loop(rounds, memory.leaving, (round, ...past) => {
    const memory = new FrameMemory(past);
    const film = network.apply(toFilm(chunks.gather(round, TIME)), memory);
    return { carried: memory.leaving, collected: [fromFilm(film)] };
  });
  const [rest] = collected as [Value]; // [rounds, 1, channels, n, h, w]
  const length = rounds * rest.shape[3]!;
  return concat([
    first,
    rest.transpose([1, 2, 0, 3, 4, 5])
      .reshape([...first.shape.with(TIME, length)]),
  ], TIME);
}

function input(
  g: GraphBuilder,
  network: CausalNetwork,
  frames: number,
): Value {
  const { name, channels, size } = network.input;
  return g.input(name, "float32", [1, channels, frames, ...size]);
}

/** `[1, channels, frames, h, w]` taken apart. */
function toFilm(x: Value): Film {
  const image = [...x.shape.slice(0, TIME), ...x.shape.slice(TIME + 1)];
  return x.chunk(TIME, x.shape[TIME]!).map((frame) => frame.reshape(image));
}

/** Frames as `[1, channels, frames, h, w]`. */
function fromFilm(film: Film): Value {
  return concat(
    film.map((frame) =>
      frame.reshape([
        ...frame.shape.slice(0, TIME),
        1,
        ...frame.shape.slice(TIME),
      ])
    ),
    TIME,
  );
}

function remember(g: GraphBuilder, memory: FrameMemory): void {
  memory.leaving.forEach((value, i) => {
    if (!memory.hasMoved(i)) g.output(cacheName(i), value.cast("float32"));
  });
}

/** What the network remembers: found by writing its first chunk down. */
function remembered(network: CausalNetwork): readonly Signature[] {
  const g = new GraphBuilder(network.name, network);
  const memory = new FrameMemory();
  network.apply(toFilm(input(g, network, 1)), memory);
  return memory.leaving;
}

function checkCount(network: CausalNetwork, latents: number): void {
  if (Number.isInteger(latents) && latents >= 1) return;
  throw new RangeError(
    `Cannot build ${network.name}: ${latents} latent frames are asked for, expected a whole number from 1`,
  );
}
