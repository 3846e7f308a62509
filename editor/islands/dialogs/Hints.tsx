/** @jsxRuntime automatic */
/** @jsxImportSource npm:preact@10.29.8 */
/**
 * A hint for each tool, the first time that it is in hand; kept in this
 * browser once it was read.
 *
 * @module
 */

import { signal } from "npm:@preact/signals@2.11.4";
import { pictureId, type Tool, tool } from "../state.ts";

const HINTS: Readonly<Record<Tool, readonly [title: string, text: string]>> = {
  select: [
    "Select",
    "Click a track to select it, drag to move it, drag a rectangle around several. Points of the selected track can be dragged one by one.",
  ],
  freehand: [
    "Draw",
    "Press where a thing is and draw the way it shall take. However fast you draw, it takes the five seconds; the timeline changes that.",
  ],
  spline: [
    "Curve",
    "Click point after point; Enter or a double click ends the curve. Its points can be moved later.",
  ],
  static: [
    "Anchor",
    "Click what shall stay where it is. A grid of anchors holds the background while something moves in front of it.",
  ],
  circle: [
    "Circle",
    "Press at the middle and drag the radius. The points on the circle move outwards or inwards as its radius changes over time: the camera comes closer or goes back.",
  ],
  hand: ["Hand", "Drag to move the picture. The wheel zooms, 0 fits it."],
};

const KEY = "ati-hints-read";

function remembered(): ReadonlySet<string> {
  try {
    return new Set((localStorage.getItem(KEY) ?? "").split(","));
  } catch {
    return new Set(); // A browser that keeps nothing.
  }
}

const read = signal(remembered());

/** Marks hints as read. */
function markRead(tools: readonly string[]): void {
  read.value = new Set([...read.value, ...tools]);
  try {
    localStorage.setItem(KEY, [...read.value].join());
  } catch {
    // They come again with the next page.
  }
}

/** Shows all hints again, one at each tool. */
export function showHintsAgain(): void {
  read.value = new Set();
  try {
    localStorage.removeItem(KEY);
  } catch {
    // Nothing was kept.
  }
}

/** The hint of the tool in hand, if it was not read yet. */
export function Hints() {
  const current = tool.value;
  if (pictureId.value === undefined || read.value.has(current)) return null;
  const [title, text] = HINTS[current];
  return (
    <aside class="hint-card" aria-label={`Hint: ${title}`}>
      <strong>{title}</strong>
      <p>{text}</p>
      <div class="row">
        <button
          type="button"
          class="button small"
          onClick={() => markRead([current])}
        >
          Got it
        </button>
        <button
          type="button"
          class="button quiet small"
          onClick={() => markRead(Object.keys(HINTS))}
        >
          No more hints
        </button>
      </div>
    </aside>
  );
}
