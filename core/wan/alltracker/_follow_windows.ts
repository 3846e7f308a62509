/** The windows of a video, refined one after the other. */

import type { Point, RgbImage } from "../../base/image.ts";
import { openNetworkRuntime } from "../network_run.ts";
import type { AllTrackerComponent } from "./alltracker_graphs.ts";
import { ITERATIONS } from "./layout.ts";
import type { WindowPixels } from "./_point_results.ts";
import { queryCells } from "./_query_cells.ts";
import type { AllTrackerOptions } from "./alltracker_tracks.ts";
import { WindowRunner } from "./_window_runner.ts";
import { allTrackerSize, planFrames, WORKING_AREA } from "./working_size.ts";

/** What each window says of the cells of the points; nothing without frames. */
export async function* followWindows(
  component: AllTrackerComponent,
  frames: AsyncIterable<RgbImage> | Iterable<RgbImage>,
  options: AllTrackerOptions & { readonly points: readonly Point[] },
): AsyncGenerator<WindowPixels, void> {
  const { points, signal, device, threads, arenaLimit } = options;
  const source = readAhead(frames);
  try {
    const first = await source.peek();
    if (!first) return;
    const area = options.area ??
      WORKING_AREA[device.kind === "cpu" ? "cpu" : "gpu"];
    const plan = planFrames(
      { width: first.width, height: first.height },
      options.size ?? allTrackerSize(first, area),
    );
    const cells = queryCells(points, plan);
    await using runtime = openNetworkRuntime({
      device,
      signal,
      arenaLimit,
      ...(threads !== undefined && { threads }),
    });
    const windows = await WindowRunner.open(runtime, component, {
      plan,
      cells,
      signal,
    });
    const { window: length } = component.config;
    for (let start = 0, window = 0;; start += length / 2, window++) {
      while (windows.frames < length) {
        signal?.throwIfAborted();
        const frame = await source.next();
        if (!frame) break;
        await windows.add(frame);
      }
      const pixels = await windows.refine((iteration) =>
        options.onProgress?.({
          frames: start,
          window,
          iteration,
          iterations: ITERATIONS,
        })
      );
      yield { plan, cells, pixels, start, count: windows.frames };
      if (!await source.peek()) return;
      windows.shift();
    }
  } finally {
    await source.end();
  }
}

/** Frames one after the other, with a look at the next one. */
function readAhead(frames: AsyncIterable<RgbImage> | Iterable<RgbImage>) {
  const iterator = Symbol.asyncIterator in frames
    ? frames[Symbol.asyncIterator]()
    : frames[Symbol.iterator]();
  let ahead: RgbImage | undefined, isDone = false;
  const peek = async (): Promise<RgbImage | undefined> => {
    if (ahead || isDone) return ahead;
    const result = await iterator.next();
    if (result.done) isDone = true;
    else ahead = result.value;
    return ahead;
  };
  return {
    peek,
    async next(): Promise<RgbImage | undefined> {
      const frame = await peek();
      ahead = undefined;
      return frame;
    },
    async end(): Promise<void> {
      if (!isDone) await iterator.return?.();
      isDone = true;
    },
  };
}
