/**
 * The object tool's clicks with a model: a click selects what is there, with
 * Shift more of it, with Alt less.
 *
 * @module
 */

import type { Point } from "../../model/document.ts";
import { newId } from "../../model/edits.ts";
import { combineOutlines } from "../../model/mark_object.ts";
import { selectObject } from "../api.ts";
import { editorDocument, imageId, say, sayError } from "../state.ts";
import {
  addObject,
  changeOutline,
  selectedObject,
  snapping,
} from "./object_options.ts";

/** A point on the object, or one that is not on it. */
type Mark = Point & { readonly inside: boolean };

/** What the model has said last of an object, and by which points. */
const asked = new Map<
  string,
  { readonly points: readonly Mark[]; readonly outline: Point[][] }
>();

/** What a click does. */
export type Click = "new" | "add" | "remove";

/** Asks the model what is at a position, and marks it. */
export async function selectAt(at: Point, click: Click): Promise<void> {
  const id = imageId.value;
  if (id === undefined || snapping.value) return;
  const object = click === "new" ? undefined : selectedObject();
  const known = object && asked.get(object.id);
  // What was changed by hand since stays: the model's is added or taken away.
  const goesOn = known && known.outline === object?.shape.outline;
  const points: Mark[] = [
    ...goesOn ? known.points : [],
    { ...at, inside: !goesOn || click !== "remove" },
  ];
  snapping.value = true;
  try {
    const found = await selectObject(id, points);
    if (imageId.value !== id) return;
    if (found.length === 0) {
      say("The model sees no object there");
      return;
    }
    if (!object) await addObject(found, { snaps: false });
    else {
      const { outline } = object.shape;
      if (selectedObject()?.shape.outline !== outline) return;
      const next = goesOn ? found : combineOutlines(outline, found, {
        how: click === "remove" ? "remove" : "add",
        image: editorDocument.value,
      });
      await changeOutline(object.id, next, `outline ${newId()}`);
    }
    const marked = selectedObject();
    if (marked && (!object || goesOn)) {
      asked.set(marked.id, { points, outline: marked.shape.outline });
    }
  } catch (error) {
    sayError(error);
  } finally {
    snapping.value = false;
  }
}
