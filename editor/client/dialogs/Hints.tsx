/** @jsxRuntime automatic */
/** @jsxImportSource npm:preact@10.29.8 */
/**
 * A hint for each tool, the first time that it is active: one strip along
 * the lower edge of the stage. It goes by itself when the tool was used.
 *
 * @module
 */

import { useEffect } from "npm:preact@10.29.8/hooks";
import { effect } from "npm:@preact/signals@2.11.4";
import { useSignal } from "npm:@preact/signals@2.11.4";
import type { EditorDocument } from "../../model/document.ts";
import { history, type Tool, tool } from "../state.ts";
import { hintsRead, rememberHints } from "./hints_read.ts";

const HINTS: Readonly<Record<Tool, readonly [title: string, text: string]>> = {
  select: [
    "Select",
    "Drag a track or its points; a rectangle selects several.",
  ],
  freehand: [
    "Draw",
    "Press on an object and draw the path that it should take in five seconds.",
  ],
  spline: [
    "Curve",
    "Click point after point; Enter or Escape ends the curve, Ctrl+Z takes one back.",
  ],
  static: [
    "Anchor",
    "Click what should not move; a grid pins the whole background.",
  ],
  circle: [
    "Circle",
    "Drag from the center outwards; a radius that grows later is a zoom in.",
  ],
  object: [
    "Object",
    "Draw around a thing, then drag it along its path; it moves as a piece.",
  ],
  hand: ["Hand", "Drag to pan; the wheel zooms, 0 fits the image."],
};

/** A hint that is not needed any more fades this long, in ms. */
const FADING = 400;

/** The hint of the active tool. */
export function Hints() {
  const current = tool.value;
  const used = useSignal(false);
  useEffect(() => {
    used.value = false;
    const first = history.peek().present;
    return effect(() => {
      used.value ||= wasUsed(current, first);
    });
  }, [current]);
  useEffect(() => {
    if (!used.value) return;
    const timer = setTimeout(
      () => rememberHints([...hintsRead.value, current]),
      FADING,
    );
    return () => clearTimeout(timer);
  }, [used.value, current]);
  const [title, text] = HINTS[current];
  return (
    <aside
      class="hint-strip"
      aria-label={`Hint: ${title}`}
      data-used={used.value}
    >
      <p role="status">
        <strong>{title}</strong> {text}
      </p>
      <button
        type="button"
        class="button small"
        onClick={() => rememberHints([...hintsRead.value, current])}
      >
        Got it
      </button>
      <button
        type="button"
        class="button quiet small"
        title="They remain in the list of shortcuts (?)"
        onClick={() => rememberHints(Object.keys(HINTS))}
      >
        No more hints
      </button>
    </aside>
  );
}

/** Whether the tool has done what its hint says, since `first` was there. */
function wasUsed(name: Tool, first: EditorDocument): boolean {
  const { present, gesture } = history.value;
  if (name === "select") {
    return present !== first && gesture?.startsWith("drag") === true;
  }
  const known = new Set(first.tracks.map((track) => track.id));
  return present.tracks.some((track) =>
    track.shape.kind === name && !known.has(track.id)
  );
}
