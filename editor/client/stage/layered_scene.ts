/**
 * The image in layers, for the stage: tracks are grouped and meshes made here,
 * and the worker cuts the layers out, which takes a second. What was cut stays
 * in use while tracks are dragged.
 *
 * @module
 */

import {
  groupTracks,
  type TrackGroups,
} from "../../../core/preview/group_tracks.ts";
import { planScene, type ScenePlan } from "../../../core/preview/plan_scene.ts";
import type { MotionObject } from "../../../core/tracks/motion_objects.ts";
import type { TrackSet } from "../../../core/tracks/track_set.ts";
import type { Size } from "../../model/view.ts";
import { cutInWorker } from "../exchange_image.ts";
import type { CutAnswer } from "../exchange_worker.ts";
import type { ShownImage } from "../images.ts";
import type { LayerTexture } from "../../model/layer_texture.ts";

/** A scene that can be drawn. */
export interface LayeredScene {
  /** How everything moves. */
  readonly plan: ScenePlan;
  /** What is seen where things were. */
  readonly fill: LayerTexture;
  /** The cover of each layer of the plan. */
  readonly covers: readonly LayerTexture[];
}

/** What a scene is made of. */
export interface SceneInputs {
  /** The image. */
  readonly image: ShownImage;
  /** The tracks, px of the document. */
  readonly tracks: TrackSet;
  /** The marked objects. */
  readonly objects: readonly MotionObject[];
  /** The size of the document, px. */
  readonly size: Size;
}

/** Nothing has changed for so long before the image is cut, ms. */
const REST = 200;
/** The same in frame 0, where nothing has moved yet: cutting takes a second. */
const REST_AT_START = 2000;

interface Cut {
  readonly key: string;
  readonly image: ShownImage;
  readonly fill: LayerTexture;
  readonly layers: readonly {
    readonly group: number;
    readonly cover: LayerTexture;
  }[];
  /** How many groups there were. */
  readonly groups: number;
}

/** Keeps the layers of one image. */
export class SceneLoader {
  readonly #events: {
    readonly onReady: () => void;
    readonly onError: (error: unknown) => void;
  };
  #inputs: SceneInputs | undefined;
  #groups: TrackGroups | undefined;
  #key = "";
  #cut: Cut | undefined;
  #scene: LayeredScene | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #busy = false;
  #rest = REST;

  /** `onReady` is called when {@linkcode get} or `busy` has something new. */
  constructor(events: {
    readonly onReady: () => void;
    readonly onError: (error: unknown) => void;
  }) {
    this.#events = events;
  }

  /** Whether layers are being cut, or will be after a rest. */
  get busy(): boolean {
    return this.#busy || this.#timer !== undefined;
  }

  /**
   * The scene at a frame, or undefined while, or where, the image is one sheet.
   */
  get(inputs: SceneInputs, frame: number): LayeredScene | undefined {
    const before = this.#inputs;
    const changed = before?.image !== inputs.image ||
      before.tracks !== inputs.tracks ||
      (before.objects !== inputs.objects &&
        JSON.stringify(before.objects) !== JSON.stringify(inputs.objects));
    if (changed) {
      this.#inputs = inputs;
      this.#groups = groupTracks(inputs.tracks, {
        ...inputs.size,
        objects: inputs.objects,
      });
      const { groups, outside } = this.#groups;
      this.#key = JSON.stringify([
        groups.map(({ inside, outline }) => [inside, outline]),
        outside,
      ], (_, value) => typeof value === "number" ? Math.round(value) : value);
      this.#scene = undefined;
      if (before?.image !== inputs.image) this.#cut = undefined;
    }
    const rest = frame === 0 ? REST_AT_START : REST;
    if (changed || rest < this.#rest) {
      clearTimeout(this.#timer);
      this.#timer = undefined;
      if (this.#groups!.groups.length > 0 && this.#cut?.key !== this.#key) {
        this.#timer = setTimeout(() => void this.#work(), rest);
      }
    }
    this.#rest = rest;
    return this.#scene ??= this.#plan();
  }

  #plan(): LayeredScene | undefined {
    const cut = this.#cut, groups = this.#groups, inputs = this.#inputs;
    if (!cut || !groups || !inputs) return undefined;
    // Of the same things, though they may be elsewhere by a little.
    if (cut.groups !== groups.groups.length || cut.layers.length === 0) {
      return undefined;
    }
    return {
      plan: planScene(inputs.tracks, groups, {
        ...inputs.size,
        layers: cut.layers.map(({ group }) => group),
      }),
      fill: cut.fill,
      covers: cut.layers.map(({ cover }) => cover),
    };
  }

  async #work(): Promise<void> {
    this.#timer = undefined;
    const inputs = this.#inputs, groups = this.#groups, key = this.#key;
    if (!inputs || !groups || this.#busy) return;
    this.#busy = true;
    let answer: CutAnswer | undefined;
    try {
      answer = await cutInWorker(inputs.image, {
        groups: groups.groups,
        outside: groups.outside,
      });
    } catch (error) {
      this.#events.onError(error);
    }
    this.#busy = false;
    if (answer && this.#inputs?.image === inputs.image) {
      const { width, height, fill, layers } = answer;
      this.#cut = {
        key,
        image: inputs.image,
        fill: { width, height, channels: 4, data: fill },
        layers: layers.map(({ group, alpha }) => ({
          group,
          cover: { width, height, channels: 1, data: alpha },
        })),
        groups: groups.groups.length,
      };
      this.#scene = undefined;
    }
    this.#events.onReady();
    // What was drawn or opened meanwhile is next.
    const same = this.#key === key && this.#inputs?.image === inputs.image;
    if (answer && !same && this.#groups!.groups.length > 0) {
      clearTimeout(this.#timer);
      this.#timer = setTimeout(() => void this.#work(), this.#rest);
    }
  }
}
