/**
 * The page's own copy of every document, in the browser's IndexedDB: what was
 * drawn while the server was gone, or before a tab was closed in a hurry, is
 * still there afterwards.
 *
 * @module
 */

import type { EditorDocument } from "../model/document.ts";
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
  /** When, in ms since 1970. */
  readonly at: number;
}

const STORE = "documents";

let opened: Promise<IDBDatabase | undefined> | undefined;

/** The database, or undefined where the browser keeps none (private windows). */
function database(): Promise<IDBDatabase | undefined> {
  opened ??= new Promise((resolve) => {
    if (!("indexedDB" in globalThis)) return resolve(undefined);
    const request = indexedDB.open("ati-editor", 1);
    request.onupgradeneeded = () => {
      request.result.createObjectStore(STORE, { keyPath: ["project", "id"] });
    };
    request.onsuccess = () => resolve(request.result);
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

/** Remembers a document. */
export async function writeJournal(entry: JournalEntry): Promise<void> {
  const db = await database();
  if (!db) return;
  await finish(
    db.transaction(STORE, "readwrite").objectStore(STORE).put(entry),
  );
}

/** What is remembered of an image, unless it is damaged. */
export async function readJournal(
  project: string,
  id: string,
): Promise<JournalEntry | undefined> {
  const db = await database();
  if (!db) return undefined;
  const entry: JournalEntry | undefined = await finish(
    db.transaction(STORE).objectStore(STORE).get([project, id]),
  );
  try {
    return entry && { ...entry, document: await ask("parse", entry.document) };
  } catch {
    return undefined;
  }
}

/** Forgets an image: the server has it all. */
export async function clearJournal(project: string, id: string): Promise<void> {
  const db = await database();
  if (!db) return;
  await finish(
    db.transaction(STORE, "readwrite").objectStore(STORE).delete([project, id]),
  );
}
