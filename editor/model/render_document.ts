/**
 * From the editable document to the tracks that ATI reads: every shape walked
 * along its timing, the visible ranges cut out, the camera layer on top. The
 * page draws from these tracks, the server stores them, so what a person sees
 * is what is stored.
 *
 * @module
 */

import { LongTracks } from "../../core/tracks/long_tracks.ts";
import { type TrackPoint, TrackSet } from "../../core/tracks/track_set.ts";
import { measurePath, pointAt, pointAtKey } from "../../core/tracks/path.ts";
import { applyCamera } from "./camera_layer.ts";
import { splinePolyline } from "./curve.ts";
import {
  type CircleShape,
  type EditorDocument,
  type EditorTrack,
  lastFrameOf,
  ownLastFrame,
  type Point,
  type Shape,
} from "./document.ts";
import { keyFrameAt, progressAt } from "./easing.ts";
import { hideBehind, objectMove } from "./objects.ts";
import type { RenderedTrack } from "./rendered_track.ts";
import { sceneSlot } from "./scene_slot.ts";

export type { RenderedTrack };

/**
 * All tracks of a document that are not hidden, in drawing order, with the
 * camera layer applied, invisible where an object is in front of them.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { renderTracks } from "./render_document.ts";
 * import { emptyDocument } from "./document.ts";
 * const document = emptyDocument({ width: 8, height: 6 });
 * assert.equal(renderTracks(document).length, 0);
 * ```
 */
export function renderTracks(document: EditorDocument): RenderedTrack[] {
  return hideBehind(renderAll(document), document);
}

function renderAll(document: EditorDocument): RenderedTrack[] {
  return document.tracks.filter((track) => !track.hidden).flatMap((track) =>
    seenInScene(track, document).map((points, part) => ({
      id: track.id,
      part,
      points: applyCamera(points, document, track.id),
    }))
  );
}

/** The tracks of one entry as the camera in the scene sees them. */
function seenInScene(
  track: EditorTrack,
  document: EditorDocument,
): TrackPoint[][] {
  const parts = renderTrack(track, document);
  return sceneSlot.camera?.ride(track, parts, document) ?? parts;
}

/**
 * A {@linkcode renderTracks} that remembers: entries of a document that are
 * the same objects as last time give the same rendered tracks again. For a
 * page that renders after every movement of the pointer.
 */
export function createTrackRenderer(): (
  document: EditorDocument,
) => RenderedTrack[] {
  type Known =
    & { readonly parts: RenderedTrack[] }
    & Pick<
      EditorDocument,
      "camera" | "scene" | "width" | "height" | "frames"
    >;
  const known = new WeakMap<EditorTrack, Known>();
  return (document) => {
    const { camera, scene, width, height, frames } = document;
    const all = document.tracks.flatMap((track) => {
      const last = known.get(track);
      if (
        last?.camera === camera && last.scene === scene &&
        last.width === width && last.height === height &&
        last.frames === frames
      ) return last.parts;
      const parts = renderAll({ ...document, tracks: [track] });
      known.set(track, { parts, camera, scene, width, height, frames });
      return parts;
    });
    return hideBehind(all, document);
  };
}

/**
 * A circle at a frame: its radius in px, and the frame of its own
 * time (where a radius would be keyed) that its timing shows there.
 *
 * @throws {TypeError} When the track is not a circle.
 */
export function circleRadiusAt(
  track: EditorTrack,
  frame: number,
): { frame: number; radius: number } {
  if (track.shape.kind !== "circle") {
    throw new TypeError(
      `Cannot set the radius of ${track.name}: it is a ${track.shape.kind}, expected a circle`,
    );
  }
  const own = progressAt(track.timing, frame) * ownLastFrame(track.shape);
  return {
    frame: keyFrameAt(track, frame),
    radius: radiusAt(track.shape.radii, own),
  };
}

/**
 * The tracks of a document, px of the image: 121 frames, or as many as it has.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { renderDocument } from "./render_document.ts";
 * import { emptyDocument } from "./document.ts";
 * const document = emptyDocument({ width: 8, height: 6 });
 * assert.equal(renderDocument(document).count, 0);
 * ```
 */
export function renderDocument(
  document: EditorDocument,
): TrackSet | LongTracks {
  const tracks = renderTracks(document).map((track) => track.points);
  const { frames } = document;
  return frames === undefined
    ? TrackSet.fromPoints(tracks)
    : LongTracks.fromPoints(tracks, { frames });
}

/**
 * The tracks of one entry, without the camera layer: as many points each as the
 * document has frames.
 */
export function renderTrack(
  track: EditorTrack,
  document: Pick<EditorDocument, "frames">,
): TrackPoint[][] {
  const walks = shapeWalks(track.shape);
  const frames = lastFrameOf(document) + 1;
  const seen = new Uint8Array(frames);
  for (const [from, to] of track.visible) seen.fill(1, from, to + 1);
  if (track.timing.outside === "hide") {
    seen.fill(0, 0, track.timing.start);
    seen.fill(0, track.timing.end + 1);
  }
  return walks.map((walk) =>
    Array.from({ length: frames }, (_, frame) => {
      const { x, y, visible } = walk(progressAt(track.timing, frame));
      return { x, y, visible: visible && seen[frame] === 1 };
    })
  );
}

/** Where a point is at a progress from 0 to 1. */
type Walk = (progress: number) => TrackPoint;

function shapeWalks(shape: Shape): Walk[] {
  const at = ({ x, y }: Point): TrackPoint => ({ x, y, visible: true });
  switch (shape.kind) {
    case "static":
      return [() => at(shape)];
    case "freehand": {
      const { points, times } = shape;
      const duration = times.at(-1) ?? 0;
      if (
        shape.speed === "drawn" && duration > 0 &&
        times.length === points.length
      ) {
        return [(p) => at(pointAtKey(points, times, p * duration))];
      }
      const path = measurePath(points);
      return [(p) => at(pointAt(path, p))];
    }
    case "spline": {
      const path = measurePath(splinePolyline(shape));
      return [(p) => at(pointAt(path, p))];
    }
    case "circle":
      return Array.from({ length: shape.count }, (_, i) => {
        const angle = (shape.angle / 180 + 2 * i / shape.count) * Math.PI;
        return (p: number) => {
          const radius = radiusAt(shape.radii, p * ownLastFrame(shape));
          return at({
            x: shape.x + radius * Math.cos(angle),
            y: shape.y + radius * Math.sin(angle),
          });
        };
      });
    case "object": {
      const move = objectMove(shape);
      return shape.points.map((point) => (p: number) => at(move(point, p)));
    }
    case "free":
      return [(p) => sampleAt(shape.samples, p * ownLastFrame(shape))];
  }
}

/** The radius at a frame: straight from key to key, steady outside them. */
function radiusAt(
  radii: CircleShape["radii"],
  frame: number,
): number {
  const next = radii.findIndex((key) => key.frame > frame);
  if (next === 0) return radii[0]!.radius;
  if (next < 0) return radii.at(-1)!.radius;
  const a = radii[next - 1]!, b = radii[next]!;
  const t = (frame - a.frame) / (b.frame - a.frame);
  return a.radius + t * (b.radius - a.radius);
}

/** A track that came from a file, between its frames where timing asks. */
function sampleAt(samples: readonly number[], frame: number): TrackPoint {
  const last = samples.length / 3 - 1;
  const within = Math.min(last, Math.max(0, frame));
  // A whole frame that a division missed by a hair is that frame's sample.
  const whole = Math.round(within);
  const place = Math.abs(within - whole) < 1e-9 ? whole : within;
  const low = Math.floor(place), high = Math.min(last, low + 1);
  const t = place - low;
  const x = (i: number) => samples[3 * i]!;
  const y = (i: number) => samples[3 * i + 1]!;
  return {
    x: x(low) + t * (x(high) - x(low)),
    y: y(low) + t * (y(high) - y(low)),
    visible: samples[3 * Math.round(place) + 2]! >= 0.5,
  };
}
