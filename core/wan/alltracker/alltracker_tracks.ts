/**
 * How AllTracker is asked for tracks, and what it makes.
 *
 * @module
 */

import type { NetworkOptions } from "../network_run.ts";
import type { WorkingSize } from "./working_size.ts";

/** How far tracking has come. */
export interface AllTrackerProgress {
  /** Frames whose result no later window changes. */
  readonly frames: number;
  /** The window in work, from 0. */
  readonly window: number;
  /** Its refinements that are done. */
  readonly iteration: number;
  /** Its refinements in all. */
  readonly iterations: number;
}

/** Options of `trackWithAllTracker`. */
export interface AllTrackerOptions
  extends Pick<NetworkOptions, "device" | "threads" | "arenaLimit" | "signal"> {
  /**
   * The size at which frames are looked at; by default multiples of 64 that have
   * about the frames' aspect and at most `area` px.
   */
  readonly size?: WorkingSize | undefined;
  /** Px of that size; by default 768x448 on a GPU, 448x256 on the CPU. */
  readonly area?: number | undefined;
  /** Called after each refinement of a window. */
  readonly onProgress?: ((progress: AllTrackerProgress) => void) | undefined;
}

/** Tracks of N points over T frames, with what AllTracker thinks of them. */
export interface AllTrackerTracks {
  /** N. */
  readonly count: number;
  /** T. */
  readonly frames: number;
  /** `(N, T, 2)`: x, y in px of the frames; in the first one as given. */
  readonly positions: Float32Array;
  /**
   * `(N, T)`: 1 where visibility times confidence is at least 0.6 and the point
   * is in the frame (and in the first frame), otherwise 0.
   */
  readonly visible: Uint8Array;
  /** `(N, T)`, from 0 to 1: whether the point can be seen. */
  readonly visibility: Float32Array;
  /** `(N, T)`, from 0 to 1: whether the position is right. */
  readonly confidence: Float32Array;
  /** The size at which the frames were looked at. */
  readonly size: WorkingSize;
}
