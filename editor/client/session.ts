/**
 * One image's work in this page: its document with the history, what the
 * server has of it, and autosave. A session continues when another image is
 * opened, so that undo, an unsaved change, and a conflict are still there when
 * the image is opened again.
 *
 * @module
 */

import { effect, signal, untracked } from "npm:@preact/signals@2.11.4";
import type { EditorDocument } from "../model/document.ts";
import { commit, type History, startHistory } from "../model/history.ts";
import {
  fetchDocument,
  type OpenedDocument,
  RequestError,
  saveDocument,
} from "./api.ts";
import {
  clearJournal,
  type JournalEntry,
  writeHistory,
  writeJournal,
} from "./journal.ts";

/** How far a document is saved. */
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
    /** When theirs was saved, in ms since 1970. */
    readonly at: number;
  };

/** Autosave waits this long after a change, in ms. */
const SAVE_DELAY = 400;
/** And this long before it tries again. */
const RETRY_DELAY = 2000;
/** The journal is written this long after a change, in ms. */
const JOURNAL_DELAY = 100;
/** The history, which is larger, this long after the last change. */
const HISTORY_DELAY = 1000;

/** What a session begins with. */
export interface SessionStart {
  /** The image. */
  readonly id: string;
  /** The project folder. */
  readonly project: string;
  /** What the server has. */
  readonly opened: OpenedDocument;
  /** The history of an earlier visit. */
  readonly past?: History<EditorDocument> | undefined;
  /** What an earlier visit could not send. */
  readonly unsent?: JournalEntry | undefined;
  /** Called with the reason when the server refuses to save. */
  readonly onRefused: (error: unknown) => void;
}

/** The work on one image. */
export class Session {
  /** The image. */
  readonly id: string;
  /** The document and its history. */
  readonly history;
  /** What the server has, and its tag for it. */
  readonly saved;
  /** How far the document is saved. */
  readonly saveState = signal<SaveState>({ state: "saved" });
  /** When the document was changed here, in ms since 1970. */
  changedAt = Date.now();
  readonly #project: string;
  readonly #onRefused: (error: unknown) => void;
  readonly #stop: () => void;
  #saving: Promise<void> | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #journalTimer: ReturnType<typeof setTimeout> | undefined;
  #historyTimer: ReturnType<typeof setTimeout> | undefined;
  #kept: History<EditorDocument>;
  /** What was sent last, which the server may have although no answer came. */
  #sent: EditorDocument | undefined;
  #deadline = 0;

  /** Begins with what the server has, and what is left of earlier visits. */
  constructor(start: SessionStart) {
    const { opened, past, unsent } = start;
    this.id = start.id;
    this.#project = start.project;
    this.#onRefused = start.onRefused;
    // A history of another image, or of before another program changed it.
    const isOther = !unsent && past && !isSame(past.present, opened.document);
    const base = past && !isOther ? past : startHistory(opened.document);
    const now = follow(base, unsent?.document ?? opened.document);
    this.history = signal(now);
    this.#kept = now;
    const isSaved = isSame(now.present, opened.document);
    this.saved = signal<OpenedDocument>(
      isSaved ? { ...opened, document: now.present } : opened,
    );
    if (unsent) {
      this.changedAt = unsent.at;
      const { basedOn, sent } = unsent;
      const isOurs = sent !== undefined && isSame(sent, opened.document);
      // It had arrived; only the answer was lost.
      if (isSaved) void clearJournal(this.#project, this.id);
      else if (basedOn !== opened.etag && !isOurs) {
        this.saveState.value = conflictWith(opened);
      }
    }
    this.#stop = effect(() => {
      const { present } = this.history.value;
      untracked(() => this.#changed(present));
    });
  }

  /** Takes what the server has now, where nothing here is newer. */
  meet(opened: OpenedDocument): void {
    if (this.saveState.peek().state !== "saved") return;
    if (opened.etag === this.saved.peek().etag) return;
    const next = follow(this.history.peek(), opened.document);
    // What is there already keeps its identity.
    this.saved.value = { ...opened, document: next.present };
    this.history.value = next;
  }

  /** Saves at once whatever is not saved, and waits for it. */
  async saveNow(): Promise<void> {
    clearTimeout(this.#timer);
    while (this.#saving) await this.#saving;
    const { present } = this.history.peek();
    const { state } = this.saveState.peek();
    if (state === "conflict") return;
    if (this.#isSaved(present)) {
      // What was new was undone before it was sent.
      if (state === "saved") return;
      this.saveState.value = { state: "saved" };
      await clearJournal(this.#project, this.id);
      return;
    }
    this.#saving = this.#send(present);
    await this.#saving;
  }

  /**
   * Has the person choose between the document here and the server's. False
   * without an answer to this: then it is as if the server were away, and the
   * next try meets the same conflict.
   */
  async meetConflict(): Promise<boolean> {
    const opened = await fetchDocument(this.id).catch(() => undefined);
    if (opened) this.saveState.value = conflictWith(opened);
    return opened !== undefined;
  }

  /** Keeps what is new in the browser at once: the page may never come back. */
  keep(): void {
    void this.#writeJournal();
    this.#writeHistory();
  }

  /** Ends it, for the image is gone; nothing is saved. */
  close(): void {
    this.#stop();
    clearTimeout(this.#timer);
    clearTimeout(this.#journalTimer);
    clearTimeout(this.#historyTimer);
  }

  #changed(document: EditorDocument): void {
    clearTimeout(this.#historyTimer);
    this.#historyTimer = setTimeout(() => this.#writeHistory(), HISTORY_DELAY);
    if (this.#isSaved(document)) return;
    this.changedAt = Date.now();
    // Now and then during a drag, and surely at its end.
    this.#journalTimer ??= setTimeout(
      () => void this.#writeJournal(),
      JOURNAL_DELAY,
    );
    const { state } = this.saveState.peek();
    // While the server is away the next try includes this.
    if (state === "conflict" || state === "offline") return;
    if (state === "saved") this.#wait();
    // A drag changes the document all the time: save at the latest after 0.8 s.
    this.#schedule(
      Math.max(0, Math.min(SAVE_DELAY, this.#deadline - Date.now())),
    );
  }

  #wait(): void {
    this.saveState.value = { state: "waiting" };
    this.#deadline = Date.now() + 2 * SAVE_DELAY;
  }

  #schedule(delay: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.saveNow(), delay);
  }

  async #send(document: EditorDocument): Promise<void> {
    try {
      if (this.#sent) await this.#lookWhatArrived(this.#sent);
      if (!this.#isSaved(document)) await this.#put(document);
      if (this.history.peek().present !== document) {
        // What was drawn while this was sent is next.
        this.#wait();
        this.#schedule(SAVE_DELAY);
        this.#changed(this.history.peek().present);
        return;
      }
      this.saveState.value = { state: "saved" };
      await clearJournal(this.#project, this.id);
      // Drawn in the moment in which the journal was cleared.
      this.#changed(this.history.peek().present);
    } catch (error) {
      if (isConflict(error)) {
        this.#sent = undefined;
        if (await this.meetConflict()) return;
      }
      const refused = error instanceof RequestError && error.status > 0;
      // Once, with the reason; the try after the next may well succeed.
      if (refused && this.saveState.peek().state !== "offline") {
        this.#onRefused(error);
      }
      this.saveState.value = {
        state: "offline",
        message: error instanceof Error ? error.message : String(error),
        refused,
      };
      this.#schedule(RETRY_DELAY);
    } finally {
      this.#saving = undefined;
    }
  }

  async #put(document: EditorDocument): Promise<void> {
    // So that the history and the journal always know what the server has.
    this.#sent = document;
    this.#writeHistory();
    await this.#writeJournal().catch(() => {}); // a browser that keeps nothing
    const etag = await saveDocument(this.id, {
      document,
      etag: this.saved.peek().etag,
    });
    this.saved.value = { document, etag, at: Date.now() };
    this.#sent = undefined;
  }

  /** Whether the server has a document, and nothing that was sent after it. */
  #isSaved(document: EditorDocument): boolean {
    return document === this.saved.peek().document && !this.#sent;
  }

  /** Of what was sent without an answer: the server may have it. */
  async #lookWhatArrived(sent: EditorDocument): Promise<void> {
    const opened = await fetchDocument(this.id);
    if (isSame(sent, opened.document)) {
      this.saved.value = { ...opened, document: sent };
    }
    this.#sent = undefined;
  }

  async #writeJournal(): Promise<void> {
    clearTimeout(this.#journalTimer);
    this.#journalTimer = undefined;
    const { present: document } = this.history.peek();
    if (this.#isSaved(document)) return;
    await writeJournal({
      id: this.id,
      project: this.#project,
      document,
      basedOn: this.saved.peek().etag,
      sent: this.#sent,
      at: this.changedAt,
    });
  }

  #writeHistory(): void {
    clearTimeout(this.#historyTimer);
    const now = this.history.peek();
    if (now === this.#kept) return;
    this.#kept = now;
    void writeHistory({ id: this.id, project: this.#project }, now);
  }
}

/** Whether a document was changed elsewhere meanwhile. */
export function isConflict(error: unknown): boolean {
  return error instanceof RequestError && error.status === 412;
}

function conflictWith({ document, etag, at }: OpenedDocument): SaveState {
  return { state: "conflict", theirs: document, etag, at };
}

/** A history that continues with a document, which may be its present one. */
function follow(
  history: History<EditorDocument>,
  document: EditorDocument,
): History<EditorDocument> {
  return isSame(history.present, document)
    ? history
    : commit(history, document);
}

function isSame(a: EditorDocument, b: EditorDocument): boolean {
  return a === b || JSON.stringify(a) === JSON.stringify(b);
}
