/**
 * What is drawn of an image at a frame of the motion preview: one sheet, or
 * layers. Each segment of a long video begins with an image of its own.
 *
 * @module
 */

import {
  type MotionMesh,
  type MotionPlan,
  planMotion,
} from "../../../core/preview/motion_plan.ts";
import type { MotionObject } from "../../../core/tracks/motion_objects.ts";
import {
  TRACK_FRAMES,
  type TrackPositions,
} from "../../../core/tracks/track_set.ts";
import { segmentAt } from "../../model/document_length.ts";
import { segmentTracks } from "../../model/segment_tracks.ts";
import type { Size } from "../../model/view.ts";
import type { ShownImage } from "../images.ts";
import { playing } from "../state.ts";
import type { ImagePass } from "./image_layer.ts";
import {
  type LayeredScene,
  type SceneInputs,
  SceneLoader,
} from "./layered_scene.ts";
import { SegmentImages } from "./segment_images.ts";

/** What the preview is made of. */
export interface MotionInputs {
  /** The image. */
  readonly image: ShownImage;
  /** The tracks, px of the document. */
  readonly tracks: TrackPositions;
  /** The marked objects. */
  readonly objects: readonly MotionObject[];
  /** The size of the document, px. */
  readonly size: Size;
}

interface Events {
  readonly onReady: () => void;
  readonly onError: (error: unknown) => void;
}

/** Draws the preview of one document. */
export class MotionPasses {
  readonly #events: Events;
  readonly #images: SegmentImages;
  readonly #parts = new Map<number, Part>();
  #current: Part | undefined;
  #image: ShownImage | undefined;
  #tracks: TrackPositions | undefined;
  #isLong = false;
  /** Of a long document: the tracks of each segment. */
  #pieces = new Map<number, TrackPositions>();

  /** `onReady` is called when there is something new to draw. */
  constructor(events: Events) {
    this.#events = events;
    this.#images = new SegmentImages(events);
  }

  /** Whether what was drawn last is not final. */
  get busy(): boolean {
    return this.#current?.busy === true ||
      (this.#isLong && this.#images.busy);
  }

  /** The passes of a frame; all of one segment have one image. */
  get(inputs: MotionInputs, frame: number, opacity: number): ImagePass[] {
    const { image, tracks, objects, size } = inputs;
    if (image !== this.#image) {
      this.#image = image;
      for (const key of this.#parts.keys()) {
        if (key !== 0) this.#parts.delete(key);
      }
    }
    if (tracks !== this.#tracks) {
      this.#tracks = tracks;
      this.#pieces.clear();
    }
    this.#isLong = tracks.frames > TRACK_FRAMES;
    if (!this.#isLong) {
      return this.#part(0).passes({ image, tracks, objects, size }, {
        frame,
        opacity,
      });
    }
    const segment = segmentAt(frame);
    const { frames } = tracks;
    const made = this.#images.get(
      { image, tracks, objects, size },
      segment,
      { ahead: playing.peek() && segment < segmentAt(frames - 1) ? 1 : 0 },
    );
    const begin = segment === 0 ? image : made;
    if (!begin) {
      // One sheet, and one piece, until the image is there.
      return this.#part(-1).sheet({ image, tracks, objects, size }, {
        frame,
        opacity,
      });
    }
    let piece = this.#pieces.get(segment);
    if (!piece) {
      piece = segmentTracks(tracks, segment);
      this.#pieces.set(segment, piece);
    }
    return this.#part(segment).passes({
      image: begin,
      tracks: piece,
      objects: segment === 0 ? objects : [],
      size,
    }, { frame: frame - segment * (TRACK_FRAMES - 1), opacity });
  }

  #part(segment: number): Part {
    let part = this.#parts.get(segment);
    if (!part) {
      part = new Part(this.#events);
      this.#parts.set(segment, part);
    }
    return this.#current = part;
  }
}

/** A segment, or the whole of a short video. */
class Part {
  readonly #events: Events;
  readonly #scenes: SceneLoader;
  readonly #meshes = new Map<string, MotionMesh>();
  #shownScene: LayeredScene | undefined;
  #plan:
    | { tracks: TrackPositions; plan: MotionPlan; took: number; at: number }
    | undefined;

  constructor(events: Events) {
    this.#events = events;
    this.#scenes = new SceneLoader(events);
  }

  get busy(): boolean {
    return this.#scenes.busy;
  }

  passes(
    inputs: SceneInputs,
    { frame, opacity }: { readonly frame: number; readonly opacity: number },
  ): ImagePass[] {
    const { image } = inputs;
    const scene = this.#scenes.get(inputs, frame);
    if (scene !== this.#shownScene) this.#meshes.clear();
    this.#shownScene = scene;
    if (frame === 0) return [{ opacity, image }];
    if (!scene) return this.sheet(inputs, { frame, opacity });
    const { plan: { background, layers }, fill, covers } = scene;
    return [
      {
        mesh: this.#kept(`b${frame}`, () => background.mesh(frame)),
        ...{ opacity, image },
        texture: fill,
      },
      ...layers.map((layer, k) => ({
        mesh: this.#kept(`${k} ${frame}`, () => layer.mesh(frame)),
        opacity: opacity * layer.opacity(frame),
        image,
        texture: covers[k]!,
      })),
    ];
  }

  sheet(
    inputs: SceneInputs,
    { frame, opacity }: { readonly frame: number; readonly opacity: number },
  ): ImagePass[] {
    const { image } = inputs;
    const plan = this.#currentPlan(inputs);
    const mesh = this.#kept(String(frame), () => plan.mesh(frame));
    return [{ mesh, opacity, image }];
  }

  #kept(key: string, make: () => MotionMesh): MotionMesh {
    let mesh = this.#meshes.get(key);
    if (!mesh) {
      mesh = make();
      this.#meshes.set(key, mesh);
    }
    return mesh;
  }

  /** The plan of the tracks; of many, now and then while they are dragged. */
  #currentPlan({ tracks, size }: SceneInputs): MotionPlan {
    const known = this.#plan;
    if (known?.tracks === tracks) return known.plan;
    const now = performance.now();
    if (known && known.took > 8 && now - known.at < 3 * known.took) {
      this.#events.onReady();
      return known.plan;
    }
    const { width, height } = size;
    const plan = planMotion(tracks, { width, height });
    const at = performance.now();
    this.#plan = { tracks, plan, took: at - now, at };
    this.#meshes.clear();
    return plan;
  }
}
