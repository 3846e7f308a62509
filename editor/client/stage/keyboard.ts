/**
 * The keyboard: shortcuts of the whole page, and on the stage everything that the
 * pointer can do.
 *
 * @module
 */

import { dragPoint, shapePositions, updateTracks } from "../../model/edits.ts";
import {
  deleteSelected,
  nudgeSelected,
  refuses,
  selectAll,
  selectNext,
  selectNone,
} from "../actions.ts";
import {
  edit,
  editorDocument,
  falloff,
  lastFrame,
  loupe,
  redo,
  selectedMove,
  selectedPoint,
  selectedTracks,
  selection,
  spoken,
  type Tool,
  tool,
  undo,
  wholeFrame,
  zoom,
} from "../state.ts";
import { storeTracksNow } from "../store_tracks.ts";
import { duplicateSelected } from "./placing.ts";
import { goToFrame, stepFrame, togglePlay } from "./playback.ts";
import { spaceBar } from "./pointer_input.ts";
import type { StageController } from "./stage_controller.ts";
import { addSplinePoint } from "./tools/select_tool.ts";

const TOOL_KEYS: Readonly<Record<string, Tool>> = {
  v: "select",
  b: "freehand",
  p: "spline",
  a: "static",
  c: "circle",
  o: "object",
  h: "hand",
};

const ARROWS: Readonly<Record<string, readonly [number, number]>> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
};

/** Held longer than this, in ms, the L key lets go of the loupe. */
const HELD = 350;

/** Listens to the whole page. */
export function listenToKeys(
  controller: StageController,
  { stage, signal }: {
    readonly stage: HTMLElement;
    readonly signal: AbortSignal;
  },
): void {
  let loupeSince = 0;
  document.addEventListener("keydown", (event) => {
    const field = event.target as Element;
    if (
      event.key === "Enter" &&
      field.matches(".side input[type=text], .options input[type=text]")
    ) (field as HTMLElement).blur(); // done: the keys are for the image again
    if (event.defaultPrevented || isForField(event)) return;
    // Where a pressed button was disabled, keys of a dialog come from the page.
    if (document.querySelector("dialog:modal")) return;
    const target = event.target as HTMLElement;
    const onStage = target === stage || target === document.body;
    const handled = event.ctrlKey || event.metaKey
      ? command(event, controller)
      : (onStage && stageKey(event, controller)) ||
        plainKey(event, controller, target);
    if (handled) event.preventDefault();
    if (event.key.toLowerCase() === "l" && handled && !event.repeat) {
      loupeSince = event.timeStamp;
    }
  }, { signal });
  document.addEventListener("keyup", (event) => {
    if (event.key === " " && spaceBar.held) {
      // The bar was held to move the view, or tapped to play.
      if (!spaceBar.used) togglePlay();
      spaceBar.held = false;
      delete stage.dataset.panning;
    }
    if (
      event.key.toLowerCase() === "l" && loupe.value &&
      event.timeStamp - loupeSince > HELD
    ) loupe.value = false;
  }, { signal });
  // After a click on a tool the keys are meant for the image again; who
  // came by the Tab key stays where they are.
  document.addEventListener("click", (event) => {
    const button = (event.target as Element).closest("button");
    if (event.detail > 0 && button?.closest(".toolbar, .options, .zoom")) {
      stage.focus({ preventScroll: true });
    }
  }, { signal });
  addEventListener("blur", () => {
    spaceBar.held = false;
    delete stage.dataset.panning;
  }, { signal });

  function plainKey(
    event: KeyboardEvent,
    controller: StageController,
    target: HTMLElement,
  ): boolean {
    const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
    const chosen = TOOL_KEYS[key];
    if (chosen && !event.altKey) {
      tool.value = chosen;
      return true;
    }
    switch (key) {
      case " ":
        return space(event, target);
      case ",":
        stepFrame(-1);
        return true;
      case ".":
        stepFrame(1);
        return true;
      case "<":
        stepFrame(-12);
        return true;
      case ">":
        stepFrame(12);
        return true;
      case "l":
        if (!event.repeat) loupe.value = !loupe.value;
        return true;
      case "+":
      case "=":
        controller.zoomStep(1);
        return true;
      case "-":
        controller.zoomStep(-1);
        return true;
      case "0":
        controller.fit();
        return true;
      case "1":
        controller.actualSize();
        return true;
      case "Delete":
      case "Backspace":
        if (!controller.remove()) deleteSelected();
        return true;
      case "Escape":
        if (controller.escape()) return true;
        selectNone();
        selectedMove.value = undefined;
        return true;
      default:
        return false;
    }
  }

  /** A tap plays; held with the pointer it moves the view. */
  function space(event: KeyboardEvent, target: HTMLElement): boolean {
    // A button that has the focus is pressed by it.
    if (target.closest("button, a, summary, input:not([type=number])")) {
      return false;
    }
    if (event.repeat) return true;
    spaceBar.held = true;
    spaceBar.used = false;
    stage.dataset.panning = "";
    return true;
  }
}

/** Keys with Ctrl or Cmd. */
function command(
  event: KeyboardEvent,
  controller: StageController,
): boolean {
  switch (event.key.toLowerCase()) {
    case "z":
      if (event.shiftKey) redo();
      else if (!controller.takeBack()) undo();
      return true;
    case "y":
      redo();
      return true;
    case "a":
      selectAll();
      return true;
    case "d":
      duplicateSelected();
      return true;
    case "s":
      void storeTracksNow();
      return true;
    default:
      return false;
  }
}

/** Keys that belong to the stage while it has the focus. */
function stageKey(event: KeyboardEvent, controller: StageController): boolean {
  const arrow = ARROWS[event.key];
  if (arrow) {
    // A px of the image, or of the screen where that is more.
    const step = Math.max(1, Math.round(1 / zoom.value)) *
      (event.shiftKey ? 10 : 1);
    const [dx, dy] = [arrow[0] * step, arrow[1] * step];
    if (controller.moveCrosshair(dx, dy)) return true;
    if (tool.value === "hand") {
      const by = event.shiftKey ? -100 : -10;
      controller.panBy(by * arrow[0], by * arrow[1]);
    } else nudge(dx, dy);
    return true;
  }
  switch (event.key) {
    case "Enter":
      return controller.pressCrosshair();
    case "Home":
      goToFrame(0);
      return true;
    case "End":
      goToFrame(lastFrame.value);
      return true;
    case "Tab":
      return tool.value === "select" && walkTracks(event.shiftKey ? -1 : 1);
    case "[":
      return walkPoints(-1);
    case "]":
      return walkPoints(1);
    case "Insert":
    case "i":
      return insertPoint();
    default:
      return false;
  }
}

/** Tab goes from track to track, and after the last one out of the stage. */
function walkTracks(step: 1 | -1): boolean {
  const tracks = editorDocument.value.tracks.filter((t) => !t.hidden);
  const at = tracks.findIndex((t) => selection.value.has(t.id));
  const next = at < 0 ? (step > 0 ? 0 : -1) : at + step;
  if (next < 0 || next >= tracks.length) return false;
  selectNext(step);
  const track = tracks[next]!;
  spoken.value = `${track.name}, ${next + 1} of ${tracks.length}`;
  return true;
}

/** From point to point of the one selected track. */
function walkPoints(step: 1 | -1): boolean {
  const [track, other] = selectedTracks.value;
  if (!track || other) return false;
  const positions = shapePositions(track.shape);
  const chosen = selectedPoint.value;
  const at = chosen?.id === track.id ? chosen.index : step > 0 ? -1 : 0;
  // Strokes have hundreds: continue by about thirty steps from end to end.
  const stride = track.shape.kind === "spline"
    ? 1
    : Math.max(1, Math.round(positions.length / 30));
  const index = at < 0
    ? 0
    : (at + step * stride + positions.length) % positions.length;
  selectedPoint.value = { id: track.id, index };
  const position = positions[index]!;
  spoken.value = `Point ${index + 1} of ${positions.length}: ${
    Math.round(position.x)
  }, ${Math.round(position.y)}`;
  return true;
}

/** A point between the chosen one and the next. */
function insertPoint(): boolean {
  const chosen = selectedPoint.value;
  const track = selectedTracks.value.find((t) => t.id === chosen?.id);
  if (!chosen || track?.shape.kind !== "spline" || track.locked) return false;
  if (track.shape.points.length < 2) return false;
  addSplinePoint(
    track.id,
    Math.min(chosen.index, track.shape.points.length - 2),
  );
  return true;
}

function nudge(dx: number, dy: number): void {
  const chosen = selectedPoint.value;
  if (!chosen) {
    nudgeSelected({ dx, dy });
    return;
  }
  if (refuses()) return;
  edit(
    (document) =>
      updateTracks(document, new Set([chosen.id]), (track) => ({
        ...track,
        shape: dragPoint(track.shape, chosen.index, {
          dx,
          dy,
          width: falloff.value,
        }),
      })),
    { gesture: `nudge ${chosen.id} ${chosen.index} ${wholeFrame.value}` },
  );
}

/** Whether a key is meant for a field or a dialog. */
function isForField(event: KeyboardEvent): boolean {
  const { target } = event;
  if (!(target instanceof HTMLElement)) return false;
  if (target.closest("dialog, [role=dialog], [role=menu]")) return true;
  const isField = target.isContentEditable || target.matches(
    "textarea, select, input:not([type=range], [type=checkbox], [type=radio])",
  );
  if (!isField) return false;
  const key = event.key.toLowerCase();
  if (event.ctrlKey || event.metaKey) {
    // A list of choices has nothing to undo, to select or to store.
    if (key === "s" || target.matches("select")) return false;
    // What was typed into a number is undone in the field until it counts.
    return !((key === "z" || key === "y") && isSettledNumber(target));
  }
  return !(key === " " && isSettledNumber(target));
}

function isSettledNumber(target: HTMLElement): boolean {
  return target.matches("input[type=number]:not([data-draft])");
}
