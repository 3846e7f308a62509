/** The results of the windows, put together. */

import type { Point } from "../../base/image.ts";
import type { Tensor } from "../../base/tensor.ts";
import type { AllTrackerTracks } from "./alltracker_tracks.ts";
import type { QueryCells } from "./_query_cells.ts";
import type { FramePlan } from "./working_size.ts";

/** The benchmark's limit of visibility times confidence. */
const SEEN = 0.6;

/** What a window says of the cells of the points. */
export interface WindowPixels {
  readonly plan: FramePlan;
  readonly cells: QueryCells;
  readonly pixels: readonly Tensor[];
  /** Its first frame. */
  readonly start: number;
  /** How many frames it has, without copies of the last one. */
  readonly count: number;
}

/** What the windows say of the points. */
export class PointResults {
  readonly #points: readonly Point[];
  readonly #plan: FramePlan;
  /** Of each frame: x, y, visibility, confidence of each point. */
  readonly #frames: Float32Array[] = [];

  constructor(points: readonly Point[], plan: FramePlan) {
    this.#points = points;
    this.#plan = plan;
  }

  /** Takes a window; of frames that another one had, this is the result. */
  take({ pixels, cells, start, count }: WindowPixels): void {
    const { frame, working } = this.#plan;
    for (let t = 0; t < count; t++) {
      const values = new Float32Array(4 * this.#points.length);
      this.#points.forEach((point, n) => {
        const [dx, dy, visible, confident] = cells.read(pixels, n, t);
        values.set([
          point.x + dx * frame.width / working.width,
          point.y + dy * frame.height / working.height,
          visible,
          confident,
        ], 4 * n);
      });
      this.#frames[start + t] = values;
    }
  }

  tracks(): AllTrackerTracks {
    const count = this.#points.length, frames = this.#frames.length;
    const { width, height } = this.#plan.frame;
    const positions = new Float32Array(2 * count * frames);
    const visible = new Uint8Array(count * frames);
    const visibility = new Float32Array(count * frames);
    const confidence = new Float32Array(count * frames);
    this.#points.forEach((point, n) => {
      this.#frames.forEach((values, t) => {
        const at = n * frames + t;
        const [x, y, seen, sure] = t === 0
          ? [point.x, point.y, values[4 * n + 2]!, values[4 * n + 3]!]
          : values.subarray(4 * n, 4 * n + 4) as unknown as [
            number,
            number,
            number,
            number,
          ];
        positions.set([x, y], 2 * at);
        visibility[at] = seen;
        confidence[at] = sure;
        const isInside = x >= 0 && y >= 0 && x <= width - 1 && y <= height - 1;
        visible[at] = t === 0 || (isInside && seen * sure >= SEEN) ? 1 : 0;
      });
    });
    return {
      count,
      frames,
      positions,
      visible,
      visibility,
      confidence,
      size: this.#plan.working,
    };
  }
}
