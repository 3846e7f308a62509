/**
 * What the page knows, as signals, and the few functions that change it.
 * Islands read the signals; every change of a document goes through
 * {@linkcode edit}, so that undo and autosave miss nothing.
 *
 * @module
 */

import { batch, computed, effect, signal } from "npm:@preact/signals@2.11.4";
import type { TrackIssue } from "../../core/tracks/validate.ts";
import { TrackSet } from "../../core/tracks/track_set.ts";
import {
  type EditorDocument,
  type EditorTrack,
  emptyDocument,
  LAST_FRAME,
  type Point,
} from "../model/document.ts";
import {
  commit,
  type History,
  redo as redoStep,
  startHistory,
  undo as undoStep,
} from "../model/history.ts";
import { createTrackRenderer } from "../model/render_document.ts";
import {
  fetchDocument,
  fetchProject,
  type ImageSummary,
  type OpenedDocument,
  type Project,
  RequestError,
  saveDocument,
} from "./api.ts";
import { ask } from "./exchange.ts";
import { clearJournal, readJournal, writeJournal } from "./journal.ts";

/** The tools of the tool bar. */
export type Tool =
  | "select"
  | "freehand"
  | "spline"
  | "static"
  | "circle"
  | "hand";

/** How far the document is saved. */
export type SaveState =
  | { readonly state: "saved" }
  | { readonly state: "waiting" }
  | {
    readonly state: "offline";
    readonly message: string;
    /** The server answers, and cannot save it. */
    readonly refused: boolean;
  }
  | {
    readonly state: "conflict";
    readonly theirs: EditorDocument;
    readonly etag: string;
  };

/** The gallery and the abilities; undefined until the first answer. */
export const project = signal<Project | undefined>(undefined);
/** The image that is open. */
export const imageId = signal<string | undefined>(undefined);
/** The history of the open document. */
export const history = signal<History<EditorDocument>>(
  startHistory(emptyDocument({ width: 1, height: 1 })),
);
/** The open document. */
export const editorDocument = computed(() => history.value.present);
/** The ids of the selected tracks. */
export const selection = signal<ReadonlySet<string>>(new Set());
/** The id of the selected camera move. */
export const selectedMove = signal<string | undefined>(undefined);
/** The active tool. */
export const tool = signal<Tool>("freehand");
/** The frame that is shown, 0..120; fractions while playing. */
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
/** How far the document is saved. */
export const saveState = signal<SaveState>({ state: "saved" });
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
const renderTracks = createTrackRenderer();
/** Every track as it will be stored. */
export const rendered = computed(() => renderTracks(editorDocument.value));
/** The same as a track set, for the preview and the checks. */
export const trackSet = computed(() =>
  TrackSet.fromPoints(rendered.value.map((t) => t.points))
);
/**
 * What is wrong or risky, see `core/tracks/validate.ts`; brought up to date
 * once nothing has changed for a while, since it takes longer than a frame.
 */
export const issues = signal<readonly TrackIssue[]>([]);
/** The whole frame that is shown, 0..120. */
export const wholeFrame = computed(() =>
  Math.min(LAST_FRAME, Math.max(0, Math.round(frame.value)))
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
  if (imageId.value === undefined) return;
  history.value = commit(history.value, change(history.value.present), options);
}

/** One step back. */
export function undo(): void {
  history.value = undoStep(history.value);
}

/** One step forward. */
export function redo(): void {
  history.value = redoStep(history.value);
}

/** Reads the gallery again. */
export async function refreshProject(): Promise<void> {
  project.value = await fetchProject();
}

// Saving.
/** What the server has of the open image, and its tag for it. */
export const saved = signal<Partial<OpenedDocument>>({});
let saving: Promise<void> | undefined;
let timer: ReturnType<typeof setTimeout> | undefined;

/** The server's tag of the open document, after everything is saved. */
export async function settledEtag(): Promise<string> {
  await saveNow();
  if (saveState.value.state !== "saved") {
    throw new RequestError(
      "Cannot continue: the last changes are not saved yet",
      0,
    );
  }
  return saved.value.etag ?? "";
}

/** Opens an image: the server's document, or a newer one from the journal. */
export async function openImage(id: string): Promise<void> {
  if (imageId.value !== undefined) await saveNow();
  journalNow();
  const opened = await fetchDocument(id);
  const kept = await readJournal(project.value?.dir ?? "", id);
  batch(() => {
    saved.value = opened;
    imageId.value = id;
    history.value = startHistory(opened.document);
    selection.value = new Set();
    selectedPoint.value = undefined;
    selectedMove.value = undefined;
    frame.value = 0;
    playing.value = false;
    saveState.value = { state: "saved" };
    if (!kept) return;
    if (sameDocument(kept.document, opened.document)) {
      // It had arrived; only the answer was lost.
      void clearJournal(kept.project, id);
      return;
    }
    history.value = commit(history.value, kept.document);
    if (kept.basedOn === opened.etag) {
      say("Unsaved changes from your last visit were restored.");
    } else {
      saveState.value = {
        state: "conflict",
        theirs: opened.document,
        etag: opened.etag,
      };
    }
  });
}

/** Closes the open image, for it is not there any more; nothing is saved. */
export function closeImage(): void {
  clearTimeout(timer);
  batch(() => {
    imageId.value = undefined;
    saved.value = {};
    history.value = startHistory(emptyDocument({ width: 1, height: 1 }));
    selection.value = new Set();
    selectedPoint.value = undefined;
    selectedMove.value = undefined;
    playing.value = false;
    saveState.value = { state: "saved" };
  });
}

function sameDocument(a: EditorDocument, b: EditorDocument): boolean {
  return a === b || JSON.stringify(a) === JSON.stringify(b);
}

/** Saves at once whatever is not saved, and waits for it. */
export async function saveNow(): Promise<void> {
  clearTimeout(timer);
  while (saving) await saving;
  const id = imageId.value;
  const document = editorDocument.value;
  if (id === undefined || saveState.value.state === "conflict") return;
  if (document === saved.value.document) {
    // What was new was undone before it was sent.
    if (saveState.value.state === "saved") return;
    saveState.value = { state: "saved" };
    await clearJournal(project.value?.dir ?? "", id);
    return;
  }
  saving = send(id, document);
  await saving;
}

async function send(id: string, document: EditorDocument): Promise<void> {
  try {
    const etag = await saveDocument(id, {
      document,
      etag: saved.value.etag ?? "",
    });
    if (imageId.value !== id) return;
    saved.value = { document, etag };
    if (editorDocument.value !== document) {
      // What was drawn while this was sent is next.
      saveState.value = { state: "waiting" };
      deadline = Date.now() + 2 * SAVE_DELAY;
      schedule(SAVE_DELAY);
      journalSoon();
      return;
    }
    saveState.value = { state: "saved" };
    await clearJournal(project.value?.dir ?? "", id);
    // Drawn in the moment in which the journal was cleared.
    if (editorDocument.value !== document) journalSoon();
  } catch (error) {
    if (imageId.value !== id) return;
    if (isConflict(error) && await meetConflict(id)) return;
    const refused = error instanceof RequestError && error.status > 0;
    // Once, with the reason; the try after the next may well succeed.
    if (refused && saveState.value.state !== "offline") sayError(error);
    saveState.value = {
      state: "offline",
      message: error instanceof Error ? error.message : String(error),
      refused,
    };
    schedule(RETRY_DELAY);
  } finally {
    saving = undefined;
  }
}

/** Whether the document was changed elsewhere meanwhile. */
export function isConflict(error: unknown): boolean {
  return error instanceof RequestError && error.status === 412;
}

/**
 * Has the person choose between the document here and the server's. False
 * without an answer to this: then it is as if the server were away, and the
 * next try meets the same conflict.
 */
export async function meetConflict(id: string): Promise<boolean> {
  const opened = await fetchDocument(id).catch(() => undefined);
  if (opened && imageId.value === id) {
    saveState.value = {
      state: "conflict",
      theirs: opened.document,
      etag: opened.etag,
    };
  }
  return opened !== undefined;
}

/** Autosave waits this long after a change, in ms. */
const SAVE_DELAY = 400;
/** And this long before it tries again. */
const RETRY_DELAY = 2000;
/** A message is shown this long, in ms. */
const NOTICE_TIME = 8000;
/** The journal is written this long after a change, in ms. */
const JOURNAL_DELAY = 100;
/** The checks wait this long after a change, in ms. */
const ISSUES_DELAY = 200;

function schedule(delay: number): void {
  clearTimeout(timer);
  timer = setTimeout(() => void saveNow(), delay);
}

let journalTimer: ReturnType<typeof setTimeout> | undefined;

/** Writes the journal now and then during a drag, and surely at its end. */
function journalSoon(): void {
  journalTimer ??= setTimeout(journalNow, JOURNAL_DELAY);
}

function journalNow(): void {
  clearTimeout(journalTimer);
  journalTimer = undefined;
  const id = imageId.peek();
  const document = editorDocument.peek();
  const { document: known, etag = "" } = saved.peek();
  if (id === undefined || document === known) return;
  void writeJournal({
    id,
    project: project.peek()?.dir ?? "",
    document,
    basedOn: etag,
    at: Date.now(),
  });
}

// A page that is put away may never come back: what is new is kept at once.
for (const event of ["pagehide", "visibilitychange"]) {
  addEventListener(event, () => {
    journalNow();
    void saveNow();
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
      image: { width, height },
    }).catch(() => []);
    // What was drawn meanwhile is checked next.
    if (trackSet.peek() === tracks) issues.value = found;
  }, ISSUES_DELAY);
});

let deadline = 0;
effect(() => {
  const document = editorDocument.value;
  const id = imageId.peek();
  if (id === undefined || document === saved.peek().document) return;
  journalSoon();
  const state = saveState.peek().state;
  // While the server is away the next try includes this.
  if (state === "conflict" || state === "offline") return;
  if (state === "saved") {
    saveState.value = { state: "waiting" };
    deadline = Date.now() + 2 * SAVE_DELAY;
  }
  // A drag changes the document all the time: save at the latest after 0.8 s.
  schedule(Math.max(0, Math.min(SAVE_DELAY, deadline - Date.now())));
});
