/** @jsxRuntime automatic */
/** @jsxImportSource npm:preact@10.29.8 */
/**
 * A hint for each tool, the first time that it is in hand: one strip along
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
    "Press where a thing is and draw the way it shall take in five seconds.",
  ],
  spline: [
    "Curve",
    "Click point after point; Enter or a double click ends the curve.",
  ],
  static: [
    "Anchor",
    "Click what shall stay where it is; a grid holds the whole background.",
  ],
  circle: [
    "Circle",
    "Drag from the middle outwards; a radius that grows later is a zoom.",
  ],
  hand: ["Hand", "Drag to move the picture; the wheel zooms, 0 fits it."],
};

/** A hint that is not needed any more fades this long, in ms. */
const FADING = 400;

/** The hint of the tool in hand. */
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
        title="They stay in the sheet of shortcuts (?)"
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
