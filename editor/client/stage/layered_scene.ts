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
import type { TrackPositions } from "../../../core/tracks/track_set.ts";
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
  readonly tracks: TrackPositions;
  /** The marked objects. */
  readonly objects: readonly MotionObject[];
  /** The size of the document, px. */
  readonly size: Size;
}

/** Nothing has changed for so long before the image is cut, ms. */
const REST = 200;
/** The same in frame 0, where nothing has moved yet: cutting takes a second. */
const REST_AT_START = 2000;
/** Grouping that takes longer, in ms, is done now and then while tracks move. */
const LONG = 8;

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
  /** Of the inputs; undefined until they are asked for. */
  #groups: { readonly found: TrackGroups; readonly key: string } | undefined;
  /** How long grouping took the last time, and when that was, ms. */
  #took = 0;
  #at = 0;
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
    const isSameImage = before?.image === inputs.image;
    if (changed) {
      const tooSoon = performance.now() - this.#at < 3 * this.#took;
      if (isSameImage && frame > 0 && this.#took > LONG && tooSoon) {
        this.#events.onReady(); // asks again
        return this.#scene;
      }
      this.#inputs = inputs;
      this.#groups = undefined;
      this.#scene = undefined;
      if (!isSameImage) this.#cut = undefined;
    }
    // In frame 0 everything is where it was: groups can wait, too.
    if (frame > 0) this.#group();
    const rest = frame === 0 ? REST_AT_START : REST;
    if (changed || rest < this.#rest) {
      clearTimeout(this.#timer);
      this.#timer = this.#needsCut()
        ? setTimeout(() => void this.#work(), rest)
        : undefined;
    }
    this.#rest = rest;
    return this.#scene ??= this.#plan();
  }

  /** Groups the tracks where they are not. */
  #group(): { readonly found: TrackGroups; readonly key: string } {
    if (this.#groups) return this.#groups;
    const { tracks, objects, size } = this.#inputs!;
    const start = performance.now();
    const found = groupTracks(tracks, { ...size, objects });
    const key = JSON.stringify([
      found.groups.map(({ inside, outline }) => [inside, outline]),
      found.outside,
    ], (_, value) => typeof value === "number" ? Math.round(value) : value);
    this.#at = performance.now();
    this.#took = this.#at - start;
    return this.#groups = { found, key };
  }

  /** Whether other layers are to be cut, as far as that is known. */
  #needsCut(): boolean {
    if (!this.#groups) return true;
    const { found, key } = this.#groups;
    return found.groups.length > 0 && this.#cut?.key !== key;
  }

  #plan(): LayeredScene | undefined {
    const cut = this.#cut, groups = this.#groups?.found, inputs = this.#inputs;
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
    const inputs = this.#inputs;
    if (!inputs || this.#busy) return;
    const { found: groups, key } = this.#group();
    if (!this.#needsCut()) return this.#events.onReady();
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
    const same = this.#groups?.key === key &&
      this.#inputs?.image === inputs.image;
    if (answer && !same && this.#needsCut()) {
      clearTimeout(this.#timer);
      this.#timer = setTimeout(() => void this.#work(), this.#rest);
    }
  }
}
