/**
 * What the panels and dialogs know besides the document: which of them is
 * open, and how to change what is selected.
 *
 * @module
 */

import { effect, signal } from "npm:@preact/signals@2.11.4";
import type { EditorTrack } from "../model/document.ts";
import { updateTracks } from "../model/edits.ts";
import type { ImageSummary } from "./api.ts";
import { edit, selectedMove, selectedPoint, selection, tool } from "./state.ts";

/** The dialogs that a person can open. */
export type DialogName =
  | "import"
  | "export"
  | "generate"
  | "project"
  | "shortcuts"
  | "replaced"
  | "replaceImage"
  | "versions"
  | "motion"
  | "clip";
/** The dialog that is open. */
export const dialog = signal<DialogName | undefined>(undefined);

/** What the question about replacing an image is about. */
export const replacing = signal<
  { readonly image: ImageSummary; readonly file: File } | undefined
>(undefined);

/** Where the menu of the image is open, in CSS px of the page. */
export const stageMenu = signal<
  { readonly x: number; readonly y: number } | undefined
>(undefined);

/** The tabs of the inspector. */
export type InspectorTab = "track" | "camera" | "text" | "takes" | "checks";
/** The tab that is shown. */
export const inspectorTab = signal<InspectorTab>("track");

/** Selects one track, or adds it to what is selected and takes it away. */
export function selectTrack(
  id: string,
  options: { readonly toggle?: boolean } = {},
): void {
  const next = new Set(options.toggle ? selection.value : []);
  if (options.toggle && next.has(id)) next.delete(id);
  else next.add(id);
  selectedPoint.value = undefined;
  selection.value = next;
}

/** Changes the selected tracks; locked ones stay as they are. */
export function editSelected(
  change: (track: EditorTrack) => EditorTrack,
  options: { readonly gesture?: string; readonly evenLocked?: boolean } = {},
): void {
  const { gesture, evenLocked = false } = options;
  edit(
    (document) =>
      updateTracks(document, selection.value, change, { evenLocked }),
    gesture === undefined
      ? {}
      : { gesture: `${gesture} ${[...selection.value].join()}` },
  );
}

/** Changes one track. */
export function editTrack(
  id: string,
  change: (track: EditorTrack) => EditorTrack,
  options: { readonly gesture?: string; readonly evenLocked?: boolean } = {},
): void {
  const { gesture, evenLocked = false } = options;
  edit(
    (document) => updateTracks(document, new Set([id]), change, { evenLocked }),
    gesture === undefined ? {} : { gesture: `${gesture} ${id}` },
  );
}

/** What a small screen shows below the image, one at a time. */
export type Drawer = "images" | "tracks" | "settings" | "timeline";
/** The one that is open. */
export const drawer = signal<Drawer | undefined>(
  innerHeight < 700 || innerWidth < 600 ? undefined : "tracks",
);

// What is chosen is what the inspector shows, and what the pointer can grab.
effect(() => {
  if (selectedMove.value === undefined) return;
  inspectorTab.value = "camera";
  tool.value = "select";
});
effect(() => {
  if (selection.value.size > 0 && inspectorTab.peek() === "camera") {
    // While tracks are selected for a move, the move stays in view.
    if (selectedMove.peek() === undefined) inspectorTab.value = "track";
  }
});
