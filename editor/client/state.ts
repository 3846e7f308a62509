/**
 * What the page knows, as signals, and the few functions that change it.
 * Islands read the signals; every change of a document goes through
 * {@linkcode edit}, so that undo and autosave miss nothing.
 *
 * @module
 */

import { batch, computed, effect, signal } from "npm:@preact/signals@2.11.4";
import type { TrackIssue } from "../../core/tracks/validate.ts";
import {
  type EditorDocument,
  type EditorTrack,
  emptyDocument,
  lastFrameOf,
  type Point,
} from "../model/document.ts";
import {
  commit,
  type History,
  redo as redoStep,
  startHistory,
  undo as undoStep,
} from "../model/history.ts";
import { motionObjects } from "../model/objects.ts";
import { createTrackRenderer } from "../model/render_document.ts";
import { positionsOf } from "../model/track_positions.ts";
import {
  fetchDocument,
  fetchProject,
  type ImageSummary,
  type OpenedDocument,
  type Project,
  RequestError,
} from "./api.ts";
import { attempt } from "./attempt.ts";
import { ask } from "./exchange.ts";
import { readHistory, readJournal } from "./journal.ts";
import { type SaveState, Session } from "./session.ts";

/** The tool that was used last, as it is remembered. */
const TOOL = "ati-tool";
const TOOLS = [
  "select",
  "freehand",
  "spline",
  "static",
  "circle",
  "object",
  "hand",
] as const;
/** The tools of the tool bar. */
export type Tool = typeof TOOLS[number];

export type { SaveState };

/** The gallery and the abilities; undefined until the first answer. */
export const project = signal<Project | undefined>(undefined);
/** The work on the image that is open. */
export const session = signal<Session | undefined>(undefined);
/** The image that is open. */
export const imageId = computed(() => session.value?.id);
const NO_HISTORY = startHistory(emptyDocument({ width: 1, height: 1 }));
/** The history of the open document. */
export const history = computed(() =>
  session.value?.history.value ?? NO_HISTORY
);
/** The open document. */
export const editorDocument = computed(() => history.value.present);
/** The ids of the selected tracks. */
export const selection = signal<ReadonlySet<string>>(new Set());
/** The id of the selected camera move. */
export const selectedMove = signal<string | undefined>(undefined);
/** The active tool. */
export const tool = signal<Tool>(
  TOOLS.find((name) => name === attempt(() => localStorage.getItem(TOOL))) ??
    "freehand",
);
effect(() => {
  const name = tool.value;
  attempt(() => localStorage.setItem(TOOL, name));
});
/** The last frame of the open document. */
export const lastFrame = computed(() => lastFrameOf(editorDocument.value));
/** The frame that is shown, from 0 on; fractions while playing. */
export const frame = signal(0);
/** Whether the preview plays. */
export const playing = signal(false);
/** Whether playback starts again at the end. */
export const loop = signal(true);
/** Whether the image moves with the tracks. */
export const livePreview = signal(true);
/** Whether neighboring frames shine through. */
export const onionSkin = signal(false);
/** Whether the footprint rings are shown. */
export const footprints = signal(false);
/** Whether the loupe is shown. */
export const loupe = signal(false);
/** How far, in points, neighbors follow a dragged point by half. */
export const falloff = signal(5);
/** Whether a stroke is walked evenly or as fast as it was drawn. */
export const strokeSpeed = signal<"even" | "drawn">("even");
/** The curve of new splines. */
export const curveKind = signal<"cardinal" | "linear" | "bezier">("cardinal");
/** The tension of new cardinal splines, 0..1. */
export const tension = signal(0);
/** Points on a new circle. */
export const circleCount = signal(8);
/** The point of a track that keys and buttons act on. */
export const selectedPoint = signal<
  { readonly id: string; readonly index: number } | undefined
>(undefined);
/** Where the pointer (or the keyboard's crosshair) is, in px of the image. */
export const pointer = signal<Point | undefined>(undefined);
/** How large the image is shown: CSS px per px of the image. */
export const zoom = signal(1);
/** What a screen reader should say. */
export const spoken = signal("");
/** Files that were dropped on the page and are no images: tracks, SVG. */
export const droppedFiles = signal<readonly File[]>([]);
const SAVED: SaveState = { state: "saved" };
/** How far the document is saved. */
export const saveState = computed(() =>
  session.value?.saveState.value ?? SAVED
);
/** What the server has of the open image, and its tag for it. */
export const saved = computed<Partial<OpenedDocument>>(() =>
  session.value?.saved.value ?? {}
);
/** One line for the person: what happened, or what went wrong. */
export const notice = signal<
  { readonly kind: "info" | "error"; readonly text: string } | undefined
>(undefined);

/** The image that is open. */
export const image = computed<ImageSummary | undefined>(() =>
  project.value?.images.find((p) => p.id === imageId.value)
);
/** The selected tracks, in the order of the list. */
export const selectedTracks = computed<EditorTrack[]>(() =>
  editorDocument.value.tracks.filter((t) => selection.value.has(t.id))
);
/** Whether the camera in a scene is there; loaded with the first such move. */
export const sceneReady = signal(false);
const renderer = computed(() => {
  sceneReady.value;
  return createTrackRenderer();
});
/** Every track as it will be stored. */
export const rendered = computed(() => renderer.value(editorDocument.value));
/** The same as positions, for the preview and the checks. */
export const trackSet = computed(() =>
  positionsOf(rendered.value.map((t) => t.points), editorDocument.value)
);
/** The marked objects, the farthest first, with the indices of their tracks. */
export const markedObjects = computed(() =>
  motionObjects(editorDocument.value, rendered.value)
);
/**
 * What is wrong or risky, see `core/tracks/validate.ts`; brought up to date
 * once nothing has changed for a while, since it takes longer than a frame.
 */
export const issues = signal<readonly TrackIssue[]>([]);
/** The whole frame that is shown. */
export const wholeFrame = computed(() =>
  Math.min(lastFrame.value, Math.max(0, Math.round(frame.value)))
);

let noticeTimer: ReturnType<typeof setTimeout> | undefined;

/** Shows the user a message for a while; errors stay until the next message. */
export function say(text: string, kind: "info" | "error" = "info"): void {
  clearTimeout(noticeTimer);
  notice.value = { kind, text };
  if (kind === "info") {
    noticeTimer = setTimeout(() => notice.value = undefined, NOTICE_TIME);
  }
}

/** Shows an error. */
export function sayError(error: unknown): void {
  say(error instanceof Error ? error.message : String(error), "error");
}

/**
 * Changes the open document. Changes of one `gesture` (one drag, one slider)
 * undo as one step.
 */
export function edit(
  change: (document: EditorDocument) => EditorDocument,
  options: { readonly gesture?: string } = {},
): void {
  const now = history.value;
  setHistory(commit(now, change(now.present), options));
}

/** Replaces the history of the open document; nothing without one. */
export function setHistory(next: History<EditorDocument>): void {
  if (session.value) session.value.history.value = next;
}

/** One step back. */
export function undo(): void {
  setHistory(undoStep(history.value));
}

/** One step forward. */
export function redo(): void {
  setHistory(redoStep(history.value));
}

/** Reads the gallery again. */
export async function refreshProject(): Promise<void> {
  project.value = await fetchProject();
}

/** The images that were opened, the latest last. */
const sessions = new Map<string, Session>();
/** Sessions that are kept; the history of others is read from the journal. */
const KEPT_SESSIONS = 12;

/** The server's tag of a document, the open one, after everything is saved. */
export async function settledEtag(of = session.value): Promise<string> {
  await of?.saveNow();
  if (of && of.saveState.value.state !== "saved") {
    throw new RequestError(
      "Cannot continue: the last changes are not saved yet",
      0,
    );
  }
  return of?.saved.value.etag ?? "";
}

let opening: string | undefined;

/**
 * Opens an image with the history that it had: the server's document, or a
 * newer one of this page or from the journal.
 */
export async function openImage(id: string): Promise<void> {
  opening = id;
  const left = session.value;
  left?.keep();
  const isChanged = left !== undefined && left.id !== id &&
    left.history.value.past.length > 0;
  void left?.saveNow().then(() => isChanged ? refreshProject() : undefined)
    .catch(() => {});
  const known = sessions.get(id);
  await known?.saveNow();
  let next: Session | undefined;
  try {
    next = await sessionWith(await fetchDocument(id), { id, known });
  } catch (error) {
    // What is known can be edited while the server is away.
    if (!known || !(error instanceof RequestError) || error.status > 0) {
      throw error;
    }
    next = known;
  }
  // Another image was chosen meanwhile.
  if (opening !== id) return;
  sessions.delete(id);
  sessions.set(id, next);
  for (const [old, one] of sessions) {
    if (sessions.size <= KEPT_SESSIONS) break;
    if (one.saveState.value.state !== "saved") continue;
    one.close();
    sessions.delete(old);
  }
  show(next);
}

async function sessionWith(
  opened: OpenedDocument,
  { id, known }: { id: string; known: Session | undefined },
): Promise<Session> {
  const { width, height } = opened.document;
  const { present } = known?.history.value ?? {};
  if (known && present?.width === width && present.height === height) {
    known.meet(opened);
    return known;
  }
  // Its image was replaced: the journal gives the history in the new size.
  known?.keep();
  known?.close();
  const owner = { project: project.value?.dir ?? "", id };
  const unsent = await readJournal(owner, opened.document);
  const made = new Session({
    ...owner,
    opened,
    unsent,
    past: await readHistory(owner, opened.document),
    onRefused: sayError,
  });
  if (unsent && made.saveState.value.state === "waiting") {
    say("Unsaved changes from your last visit were restored.");
  }
  return made;
}

/** Closes the open image, for it is not there any more; nothing is saved. */
export function closeImage(): void {
  session.value?.keep();
  session.value?.close();
  sessions.delete(session.value?.id ?? "");
  show(undefined);
}

function show(next: Session | undefined): void {
  if (session.value === next) return;
  batch(() => {
    session.value = next;
    selection.value = new Set();
    selectedPoint.value = undefined;
    selectedMove.value = undefined;
    frame.value = 0;
    playing.value = false;
  });
}

/** A message is shown this long, in ms. */
const NOTICE_TIME = 8000;
/** The checks wait this long after a change, in ms. */
const ISSUES_DELAY = 200;

// A page that is put away may never come back: what is new is kept at once.
for (const event of ["pagehide", "visibilitychange"]) {
  addEventListener(event, () => {
    session.value?.keep();
    for (const one of sessions.values()) void one.saveNow();
  });
}

let issuesTimer: ReturnType<typeof setTimeout> | undefined;
effect(() => {
  const tracks = trackSet.value, size = editorDocument.value;
  clearTimeout(issuesTimer);
  if (tracks.count === 0) {
    issues.value = [];
    return;
  }
  issuesTimer = setTimeout(async () => {
    const { width, height } = size;
    const found = await ask("validate", {
      tracks: tracks.toArray(),
      frames: tracks.frames,
      image: { width, height },
    }).catch(() => []);
    // What was drawn meanwhile is checked next.
    if (trackSet.peek() === tracks) issues.value = found;
  }, ISSUES_DELAY);
});
