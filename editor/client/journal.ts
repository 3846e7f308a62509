/**
 * The page's own copy of every document and its history, in the browser's
 * IndexedDB: what was drawn while the server was gone, or before a tab was
 * closed in a hurry, is still there afterwards, and so is undo.
 *
 * @module
 */

import type { EditorDocument } from "../model/document.ts";
import type { History } from "../model/history.ts";
import { ask } from "./exchange.ts";

/** A document that the server may not have yet. */
export interface JournalEntry {
  /** The image. */
  readonly id: string;
  /** The project folder; ids are only unique inside one. */
  readonly project: string;
  /** What was drawn. */
  readonly document: EditorDocument;
  /** The server's tag for the document that this one grew from. */
  readonly basedOn: string;
  /** What was sent since, if no answer came: the server may have it. */
  readonly sent?: EditorDocument | undefined;
  /** When, in ms since 1970. */
  readonly at: number;
}

/** As it is kept: the document as JSON, as itself by earlier editors. */
type KeptEntry = Omit<JournalEntry, "document" | "sent"> & {
  readonly document: unknown;
  readonly sent?: string | undefined;
};

/** The image that something is kept of. */
type Owner = Pick<JournalEntry, "project" | "id">;

/** The size of an image, px. */
type ImageSize = Pick<EditorDocument, "width" | "height">;

const STORE = "documents";
const HISTORIES = "histories";
/** Steps of undo, and of redo, that outlive the page. */
const KEPT_STEPS = 60;

let opened: Promise<IDBDatabase | undefined> | undefined;

/** The database, or undefined where the browser keeps none (private windows). */
function database(): Promise<IDBDatabase | undefined> {
  opened ??= new Promise((resolve) => {
    if (!("indexedDB" in globalThis)) return resolve(undefined);
    const request = indexedDB.open("ati-editor", 2);
    request.onupgradeneeded = () => {
      const db = request.result;
      for (const name of [STORE, HISTORIES]) {
        if (db.objectStoreNames.contains(name)) continue;
        db.createObjectStore(name, { keyPath: ["project", "id"] });
      }
    };
    request.onsuccess = () => {
      const db = request.result;
      // A page of a newer editor wants to change it.
      db.onversionchange = () => db.close();
      resolve(db);
    };
    request.onerror = () => resolve(undefined);
  });
  return opened;
}

function finish<T>(request: IDBRequest<T>): Promise<T | undefined> {
  return new Promise((resolve) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => resolve(undefined);
  });
}

async function put<T extends Owner>(store: string, entry: T): Promise<void> {
  const db = await database();
  if (!db) return;
  await finish(
    db.transaction(store, "readwrite").objectStore(store).put(entry),
  );
}

async function get<T>(
  store: string,
  { project, id }: Owner,
): Promise<T | undefined> {
  const db = await database();
  return db &&
    await finish(db.transaction(store).objectStore(store).get([project, id]));
}

/** Remembers a document. */
export async function writeJournal(entry: JournalEntry): Promise<void> {
  // As text: a structured clone of many points takes ten times as long, and
  // this is done while something is dragged.
  const { document, sent } = entry;
  await put(STORE, {
    ...entry,
    document: JSON.stringify(document),
    sent: sent && JSON.stringify(sent),
  });
}

/**
 * What is remembered of an image, unless it is damaged; in the size that the
 * image has now.
 */
export async function readJournal(
  owner: Owner,
  { width, height }: ImageSize,
): Promise<JournalEntry | undefined> {
  const entry = await get<KeptEntry>(STORE, owner);
  try {
    if (!entry) return undefined;
    const { document, sent } = entry;
    const [drawn, arrived] = await ask("parseAll", {
      documents: [document, ...sent ? [sent] : []].map((kept) =>
        typeof kept === "string" ? JSON.parse(kept) : kept
      ),
      width,
      height,
    });
    return { ...entry, document: drawn!, sent: arrived };
  } catch {
    return undefined;
  }
}

/** Forgets an image's document: the server has it all. */
export async function clearJournal(project: string, id: string): Promise<void> {
  const db = await database();
  if (!db) return;
  await finish(
    db.transaction(STORE, "readwrite").objectStore(STORE).delete([project, id]),
  );
}

/**
 * Remembers the history of an image, its last {@linkcode KEPT_STEPS}. What
 * neighboring documents share is written once: structured clones keep that.
 */
export async function writeHistory(
  { project, id }: Owner,
  { past, present, future }: History<EditorDocument>,
): Promise<void> {
  const documents = [
    ...past.slice(-KEPT_STEPS),
    present,
    ...future.slice(0, KEPT_STEPS),
  ];
  const at = Math.min(past.length, KEPT_STEPS);
  await put(HISTORIES, { project, id, documents, at } as Owner);
}

/**
 * The history of an image, for an image of this size; undefined where there is
 * none that can be understood.
 */
export async function readHistory(
  owner: Owner,
  { width, height }: ImageSize,
): Promise<History<EditorDocument> | undefined> {
  const kept = await get<{ documents: unknown[]; at: number }>(
    HISTORIES,
    owner,
  );
  if (!kept) return undefined;
  try {
    const { documents } = kept;
    const parsed = await ask("parseAll", { documents, width, height });
    const present = parsed[kept.at];
    return present && {
      past: parsed.slice(0, kept.at),
      present,
      future: parsed.slice(kept.at + 1),
      gesture: undefined,
    };
  } catch {
    return undefined;
  }
}
