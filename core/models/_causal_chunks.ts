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

import { type BuiltGraph, GraphBuilder } from "../graph/graph_builder.ts";
import type { GraphBuilderOptions } from "../graph/graph_builder.ts";
import type { ComputeType } from "../graph/graph_target.ts";
import { concat, type Signature, type Value } from "../graph/value.ts";

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
    readonly kind: "whole";
    readonly latents: number;
    readonly perRound?: number;
  };

/** What the convolutions of one chunk remember, in the order in which they run. */
export class FrameMemory {
  /** What they remember for the next chunk. */
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
   * `x` with the remembered frames in front, if there are any; its last
   * `length` frames are remembered.
   */
  extend(x: Value, length: number): Value {
    const before = this.#entering?.[this.leaving.length];
    const extended = before ? concat([before, x], TIME) : x;
    const frames = extended.shape[TIME]!;
    this.leaving.push(
      frames < length
        ? extended.pad([[TIME, length - frames, 0]])
        : extended.slice(TIME, frames - length),
    );
    return extended;
  }

  /** Remembers `length` frames of zeros of the size of `x`. */
  remainSilent(x: Value, length: number): void {
    const zero = x.graph.constant(x.type, [1, 1, 1, 1, 1], [0]);
    this.leaving.push(zero.expand(x.shape.with(TIME, length)));
  }
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
  /** The network: float32 `[1, channels, frames, height, width]` in and out. */
  apply(x: Value, memory: FrameMemory): Value;
}

/** What a chunk remembers of convolution `i`: an output. */
export function cacheName(i: number): string {
  return `cache.${i}`;
}

/** What a chunk is told that the one before remembered: an input. */
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
      g.output(network.output, network.apply(input(g, network, 1), memory));
      remember(g, memory);
      return g.build();
    }
    case "next": {
      checkCount(network, chunk.latents);
      const frames = chunk.latents * network.inputFramesPerLatent;
      const x = input(g, network, frames);
      const memory = new FrameMemory(
        cacheShapes(network).map(({ type, shape }, i) =>
          g.input(pastName(i), "float32", shape).cast(type)
        ),
      );
      g.output(network.output, network.apply(x, memory));
      remember(g, memory);
      return g.build();
    }
    case "whole":
      checkCount(network, chunk.latents);
      g.output(network.output, wholeFilm(g, network, chunk));
      return g.build();
  }
}

function wholeFilm(
  g: GraphBuilder,
  network: CausalNetwork,
  chunk: VaeChunk & { kind: "whole" },
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
  const film = input(g, network, 1 + rounds * frames);
  const memory = new FrameMemory();
  const first = network.apply(film.slice(TIME, 0, 1), memory);
  if (rounds === 0) return first;
  const { size: [height, width], channels } = network.input;
  const chunks = film.slice(TIME, 1)
    .reshape([1, channels, rounds, frames, height, width]);
  const { collected } = g.loop(rounds, memory.leaving, (round, ...past) => {
    const memory = new FrameMemory(past);
    const x = chunks.gather(round, TIME);
    const y = network.apply(x, memory);
    return { carried: memory.leaving, collected: [y] };
  });
  // [rounds, 1, channels, frames, height, width]
  const [rest] = collected as [Value];
  const [, , out, length, ...area] = rest.shape as [
    number,
    number,
    number,
    number,
    ...number[],
  ];
  return concat([
    first,
    rest.transpose([1, 2, 0, 3, 4, 5])
      .reshape([1, out, rounds * length, ...area]),
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

function remember(g: GraphBuilder, memory: FrameMemory): void {
  memory.leaving.forEach((value, i) =>
    g.output(cacheName(i), value.cast("float32"))
  );
}

/** Which caches the network has: found by writing its first chunk down. */
function cacheShapes(
  network: CausalNetwork,
): (Signature & { type: ComputeType })[] {
  const g = new GraphBuilder(network.name, network);
  const memory = new FrameMemory();
  network.apply(input(g, network, 1), memory);
  return memory.leaving as (Value & { type: ComputeType })[];
}

function checkCount(network: CausalNetwork, latents: number): void {
  if (Number.isInteger(latents) && latents >= 1) return;
  throw new RangeError(
    `Cannot build ${network.name}: ${latents} latent frames are asked for, expected a whole number from 1`,
  );
}
