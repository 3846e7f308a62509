/** AllTracker's sessions, at one window of a video after the other. */

import type { RgbImage } from "../../base/image.ts";
import type { Tensor } from "../../base/tensor.ts";
import type {
  Feeds,
  GraphSession,
  KeptTensor,
  Runtime,
} from "../../onnx/runtime/runtime_interface.ts";
import {
  type AllTrackerComponent,
  buildAllTrackerEncoder,
  buildAllTrackerLookUp,
  buildAllTrackerPixels,
  buildAllTrackerUpdate,
  motionInput,
} from "./alltracker_graphs.ts";
import { CELL, ITERATIONS } from "./layout.ts";
import type { QueryCells } from "./_query_cells.ts";
import { type FramePlan, frameTensor } from "./working_size.ts";

/** The sessions, and the window that they are at. */
export class WindowRunner {
  readonly cells: QueryCells;
  readonly #runtime: Runtime;
  readonly #component: AllTrackerComponent;
  readonly #plan: FramePlan;
  readonly #signal: AbortSignal | undefined;
  readonly #encoder: GraphSession;
  readonly #lookUp: GraphSession;
  readonly #update: GraphSession;
  readonly #pixels: GraphSession;
  /** The features of the window's frames, without copies of the last one. */
  #features: KeptTensor[] = [];
  #anchor: { kept: KeptTensor; tensor: Tensor } | undefined;
  #flow: Tensor<Float32Array<ArrayBuffer>>;
  #visconf: Tensor<Float32Array<ArrayBuffer>>;
  #added = 0;

  private constructor(
    runtime: Runtime,
    component: AllTrackerComponent,
    options: {
      plan: FramePlan;
      cells: QueryCells;
      signal: AbortSignal | undefined;
      sessions: readonly [
        GraphSession,
        GraphSession,
        GraphSession,
        GraphSession,
      ];
    },
  ) {
    this.#runtime = runtime;
    this.#component = component;
    this.#plan = options.plan;
    this.cells = options.cells;
    this.#signal = options.signal;
    [this.#encoder, this.#lookUp, this.#update, this.#pixels] =
      options.sessions;
    const { rows, columns } = cellsOf(options.plan);
    const dims = [component.config.window, 2, rows, columns];
    const size = 2 * component.config.window * rows * columns;
    this.#flow = { dims, data: new Float32Array(size) };
    this.#visconf = { dims, data: new Float32Array(size) };
  }

  /** Opens the four sessions. */
  static async open(
    runtime: Runtime,
    component: AllTrackerComponent,
    options: {
      plan: FramePlan;
      cells: QueryCells;
      signal: AbortSignal | undefined;
    },
  ): Promise<WindowRunner> {
    const size = cellsOf(options.plan), { signal } = options;
    const open = (build: typeof buildAllTrackerEncoder, name: string) =>
      runtime.open(build(component, size), { name, signal });
    const pixels = (network: AllTrackerComponent) =>
      buildAllTrackerPixels(network, { ...size, count: options.cells.count });
    return new WindowRunner(runtime, component, {
      ...options,
      sessions: [
        await open(buildAllTrackerEncoder, "AllTracker's encoder"),
        await open(buildAllTrackerLookUp, "AllTracker's look-up"),
        await open(buildAllTrackerUpdate, "AllTracker's update"),
        await open(pixels, "AllTracker's motion at full size"),
      ],
    });
  }

  /** Frames that the window has. */
  get frames(): number {
    return this.#features.length;
  }

  /** Adds a frame to the window. */
  async add(frame: RgbImage): Promise<void> {
    const { width, height } = this.#plan.frame;
    if (frame.width !== width || frame.height !== height) {
      throw new RangeError(
        `Cannot track in frame ${this.#added} of ${frame.width}x${frame.height}, expected ${width}x${height} as before`,
      );
    }
    this.#added++;
    const feeds = { frame: frameTensor(frame, this.#plan) };
    const options = { signal: this.#signal, transfer: true };
    if (this.#anchor) {
      const { kept } = await this.#encoder
        .runKeeping(feeds, ["features"], options);
      this.#features.push(kept.features!);
      return;
    }
    const tensor = (await this.#encoder.run(feeds, options)).features!;
    this.#anchor = { kept: this.#runtime.keep(tensor), tensor };
    this.#features.push(this.#anchor.kept);
  }

  /**
   * Refines the window, which its last frame fills up, and makes the pixels of
   * the points' cells.
   */
  async refine(onIteration: (done: number) => void): Promise<Tensor[]> {
    const anchor = this.#anchor!.kept, signal = this.#signal;
    let state: Feeds[string] = this.#firstState();
    for (let i = 0; i < ITERATIONS; i++) {
      const motions = await this.#lookUpAll(anchor);
      const { kept, outputs } = await this.#update.runKeeping(
        {
          anchor,
          state,
          flow: this.#flow,
          visconf: this.#visconf,
          ...motions,
        },
        ["next_state"],
        { signal },
      );
      for (const motion of Object.values(motions)) motion.drop();
      if ("drop" in state) state.drop();
      state = kept.next_state!;
      this.#flow = outputs.next_flow!;
      this.#visconf = outputs.next_visconf!;
      onIteration(i + 1);
    }
    const pixels: Tensor[] = [];
    for (const neighbors of this.cells.runs) {
      const { pixels: made } = await this.#pixels.run({
        state,
        flow: this.#flow,
        visconf: this.#visconf,
        neighbors,
      } as Feeds, { signal });
      pixels.push(made!);
    }
    if ("drop" in state) state.drop();
    return pixels;
  }

  async #lookUpAll(anchor: KeptTensor): Promise<Record<string, KeptTensor>> {
    const { window } = this.#component.config;
    const motions: Record<string, KeptTensor> = {};
    const [, , rows, columns] = this.#flow.dims;
    const size = 2 * rows! * columns!;
    for (let t = 0; t < window; t++) {
      const flow = {
        dims: [1, 2, rows!, columns!],
        data: this.#flow.data.slice(t * size, (t + 1) * size),
      };
      const features = this.#features[t] ?? this.#features.at(-1)!;
      const { kept } = await this.#lookUp.runKeeping(
        { anchor, features, flow },
        ["motion"],
        { signal: this.#signal, transfer: true },
      );
      motions[motionInput(t)] = kept.motion!;
    }
    return motions;
  }

  /** Moves on by half a window; the last frame's motion is the guess for new ones. */
  shift(): void {
    const half = this.#component.config.window / 2;
    const gone = this.#features.splice(0, half);
    for (const features of gone) {
      if (features !== this.#anchor!.kept) features.drop();
    }
    for (const { dims, data } of [this.#flow, this.#visconf]) {
      const size = data.length / dims[0]!;
      data.copyWithin(0, half * size);
      for (let t = half; t < dims[0]!; t++) {
        data.copyWithin(t * size, (half - 1) * size, half * size);
      }
    }
  }

  /** The features of the first frame, for each frame of the window. */
  #firstState(): Tensor {
    const { window, dim } = this.#component.config;
    const { dims: [, , rows, columns], data } = this.#anchor!.tensor;
    const size = dim * rows! * columns!;
    const all = new Float32Array(window * size);
    for (let t = 0; t < window; t++) all.set(data.subarray(0, size), t * size);
    return { dims: [window, dim, rows!, columns!], data: all };
  }
}

function cellsOf({ padded }: FramePlan) {
  return { rows: padded.height / CELL, columns: padded.width / CELL };
}
