/**
 * How objects are marked: the options of the object tool, and what its buttons
 * do.
 *
 * @module
 */

import { signal } from "npm:@preact/signals@2.11.4";
import { groupTracks } from "../../../core/preview/group_tracks.ts";
import { type EditorTrack, ownTime, type Point } from "../../model/document.ts";
import {
  addTracks,
  createTrack,
  newId,
  updateTracks,
} from "../../model/edits.ts";
import { reorderTracks } from "../../model/list_edits.ts";
import {
  anchorsAround,
  outlineMiddle,
  replaceByObject,
  spreadPoints,
  trackCount,
  tracksLeft,
} from "../../model/mark_object.ts";
import { isObject, type ObjectTrack } from "../../model/objects.ts";
import { positionsOf } from "../../model/track_positions.ts";
import { guessInWorker, snapInWorker } from "../exchange_image.ts";
import { shownImage } from "../images.ts";
import {
  edit,
  editorDocument,
  rendered,
  say,
  sayError,
  selectedTracks,
  selection,
  session,
} from "../state.ts";

/** Whether a region is drawn around, painted, or found by a model. */
export const markMode = signal<"lasso" | "brush" | "model">("lasso");
/** The brush's radius, CSS px. */
export const brushSize = signal(18);
/** Whether a drawn region moves to the edges of the image near it. */
export const snapsToEdges = signal(true);
/** Whether the worker looks for edges now. */
export const snapping = signal(false);

/** The object that is selected alone. */
export function selectedObject(): ObjectTrack | undefined {
  const [track, second] = selectedTracks.value;
  return track && !second && isObject(track) ? track : undefined;
}

/** An object with another outline: its tracks are spread again. */
export function withOutline(
  track: EditorTrack,
  outline: Point[][],
  count: number,
): EditorTrack {
  if (track.shape.kind !== "object") return track;
  return {
    ...track,
    shape: { ...track.shape, outline, points: spreadPoints(outline, count) },
  };
}

/** A new object, selected; moved to the edges if that is on. */
export async function addObject(
  outline: Point[][],
  { snaps = snapsToEdges.value }: { readonly snaps?: boolean } = {},
): Promise<void> {
  const gesture = `object ${newId()}`;
  const points = spreadPoints(
    outline,
    trackCount(outline, editorDocument.value),
  );
  if (points.length === 0) {
    say("Too small for an object: draw around it");
    return;
  }
  const track = createTrack(editorDocument.value, {
    kind: "object",
    outline,
    path: [outlineMiddle(outline)],
    times: [],
    points,
    turns: [],
    ...ownTime(editorDocument.value),
  });
  edit((document) => addTracks(document, [track]), { gesture });
  selection.value = new Set([track.id]);
  if (snaps) await snapObject(track.id, { gesture });
}

/** Gives an object another outline, moved to the edges if that is on. */
export async function changeOutline(
  id: string,
  outline: Point[][],
  gesture: string,
): Promise<void> {
  if (outline.length === 0) {
    say("Nothing would be left of the object");
    return;
  }
  edit(
    (document) =>
      updateTracks(
        document,
        new Set([id]),
        (track) =>
          withOutline(track, outline, trackCount(outline, document, id)),
      ),
    { gesture },
  );
  await Promise.resolve();
}

/** Moves an object's outline to the edges of the image near it. */
export async function snapObject(
  id: string,
  options: { readonly gesture?: string } = {},
): Promise<void> {
  const image = shownImage.value;
  const track = editorDocument.value.tracks.find((t) => t.id === id);
  if (!image || track?.shape.kind !== "object") return;
  const { outline } = track.shape;
  snapping.value = true;
  try {
    const snapped = await snapInWorker(image, outline);
    if (snapped.length === 0 || shownImage.value !== image) return;
    edit((document) =>
      updateTracks(document, new Set([id]), (now) => {
        // It was changed meanwhile: what a user does counts.
        if (now.shape.kind !== "object" || now.shape.outline !== outline) {
          return now;
        }
        const count = trackCount(snapped, document, id);
        const next = withOutline(now, snapped, count);
        if (next.shape.kind !== "object" || now.shape.path.length > 1) {
          return next;
        }
        return {
          ...next,
          shape: { ...next.shape, path: [outlineMiddle(snapped)] },
        };
      }), options);
  } catch (error) {
    sayError(error);
  } finally {
    snapping.value = false;
  }
}

/** Sets anchors around the selected object. */
export function addAnchorsAround(): void {
  const object = selectedObject();
  if (!object) return;
  const anchors = anchorsAround(editorDocument.value, object);
  if (anchors.length === 0) {
    say(
      tracksLeft(editorDocument.value) <= 0
        ? "There are 20 tracks already, as many as ATI follows well"
        : "There is no room around the object",
    );
    return;
  }
  edit((document) => addTracks(document, anchors));
  say(`Added ${anchors.length} ${anchors.length === 1 ? "anchor" : "anchors"}`);
}

/** Brings the selected object in front of the others, or behind them. */
export function moveObject(to: "front" | "back"): void {
  const object = selectedObject();
  if (!object) return;
  edit((document) =>
    reorderTracks(
      document,
      new Set([object.id]),
      to === "back" ? 0 : document.tracks.length,
    )
  );
}

/** Makes an object of what the selected tracks move. */
export async function objectFromTracks(): Promise<void> {
  const image = shownImage.value, open = session.value;
  const members = selectedTracks.value.filter((track) =>
    !isObject(track) && !track.hidden
  );
  if (!image || members.length === 0) return;
  const { width, height } = editorDocument.value;
  const ids = new Set(members.map((track) => track.id));
  const mine = rendered.value.filter((track) => ids.has(track.id));
  const others = rendered.value.filter((track) => !ids.has(track.id));
  const { outside } = groupTracks(
    positionsOf(others.map(({ points }) => points), editorDocument.value),
    { width, height, guessObjects: false },
  );
  snapping.value = true;
  try {
    const outline = await guessInWorker(image, {
      groups: [{
        tracks: mine.map((_, n) => n),
        inside: [mine.map(({ points }) => points[0]!)],
        travel: 1,
      }],
      outside,
    });
    // What was opened or drawn meanwhile counts.
    if (session.value !== open || shownImage.value !== image) return;
    const { tracks } = editorDocument.value;
    if (!members.every((track) => tracks.includes(track))) {
      say("The tracks were changed meanwhile: try again");
      return;
    }
    if (!outline || outline.length === 0) {
      say("Cannot tell the object from what is around it: draw around it");
      return;
    }
    const made = replaceByObject(editorDocument.value, ids, outline);
    edit(() => made.document);
    selection.value = new Set([made.id]);
  } catch (error) {
    sayError(error);
  } finally {
    snapping.value = false;
  }
}
