/**
 * A document together with the tag that identifies its content.
 *
 * @module
 */

import type { EditorDocument } from "../model/document.ts";

/** A document and the tag that names this very content. */
export interface TaggedDocument {
  /** The content. */
  readonly document: EditorDocument;
  /** A strong HTTP entity tag, quotes included. */
  readonly etag: string;
}

/** A document with the tag that names its content. */
export async function tagged(
  document: EditorDocument,
): Promise<TaggedDocument> {
  const text = new TextEncoder().encode(JSON.stringify(document));
  return { document, etag: `"${(await digest(text)).slice(0, 32)}"` };
}

/** The SHA-256 of some bytes, as hexadecimal digits. */
export async function digest(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  const hash = await crypto.subtle.digest("SHA-256", bytes);
  return new Uint8Array(hash).toHex();
}
