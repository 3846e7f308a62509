/**
 * The page's side of the routes: one function per request, typed answers.
 *
 * @module
 */

import type { EditorDocument } from "../model/document.ts";
import type { Engine, GeneratorAbilities } from "../server/generator.ts";
import type { StoredFiles } from "../model/stored_files.ts";
import type { PictureSummary } from "../server/store.ts";

export type { Engine, PictureSummary };

/** The gallery, and what this editor can do. */
export interface Project {
  /** The project folder, as the server was told. */
  readonly dir: string;
  /** Every picture. */
  readonly pictures: readonly PictureSummary[];
  /** What can be generated from the page. */
  readonly generator: GeneratorAbilities;
}

/** The server said no, in words for a person. */
export class RequestError extends Error {
  /** The class name. */
  override readonly name = "RequestError";
  /** The HTTP status; 0 when no answer came at all. */
  readonly status: number;
  /** The answer's body, when it was JSON. */
  readonly body: unknown;

  /** An error answer. */
  constructor(message: string, status: number, body?: unknown) {
    super(message);
    this.status = status;
    this.body = body;
  }
}

/**
 * Sends a request to the editor's server.
 *
 * @throws {RequestError} When it says no, or does not answer.
 */
export async function request(
  method: string,
  path: string,
  options: { body?: BodyInit; headers?: Record<string, string> } = {},
): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(path, { method, ...options });
  } catch (cause) {
    throw new RequestError(`The editor's server does not answer (${cause})`, 0);
  }
  if (response.ok) return response;
  const body: unknown = await response.json().catch(() => undefined);
  const said = typeof body === "object" && body !== null && "error" in body
    ? String(body.error)
    : `The server answered ${response.status}`;
  throw new RequestError(said, response.status, body);
}

/** Reads the gallery. */
export async function fetchProject(): Promise<Project> {
  return await (await request("GET", "/api/project")).json();
}

/** Sends a new picture. */
export async function sendPicture(file: Blob): Promise<PictureSummary> {
  return await (await request("POST", "/api/pictures", { body: file })).json();
}

/** Where the browser finds a picture. */
export function pictureUrl(picture: PictureSummary): string {
  return `/api/pictures/${picture.id}/image?revision=${picture.revision}`;
}

/** Moves a picture to the trash. */
export async function deletePicture(id: string): Promise<void> {
  await request("DELETE", `/api/pictures/${id}`);
}

/** Brings a deleted picture back. */
export async function restorePicture(id: string): Promise<PictureSummary> {
  return await (await request("POST", `/api/pictures/${id}`)).json();
}

/** A document and its tag. */
export interface OpenedDocument {
  /** The content. */
  readonly document: EditorDocument;
  /** The server's tag for it. */
  readonly etag: string;
}

/** Reads a picture's document. */
export async function fetchDocument(id: string): Promise<OpenedDocument> {
  return await opened(await request("GET", `/api/pictures/${id}/document`));
}

/** A document as it came with its tag. */
export async function opened(response: Response): Promise<OpenedDocument> {
  return {
    // The server has checked it.
    document: await response.json(),
    etag: response.headers.get("etag") ?? "",
  };
}

/**
 * Saves a document; answers with its new tag.
 *
 * @throws {RequestError} With status 412 when somebody else saved meanwhile;
 * its `body.current` is what is there now.
 */
export async function saveDocument(
  id: string,
  { document, etag }: OpenedDocument,
): Promise<string> {
  const response = await request("PUT", `/api/pictures/${id}/document`, {
    body: JSON.stringify(document),
    headers: { "if-match": etag, "content-type": "application/json" },
  });
  return response.headers.get("etag") ?? "";
}

/** How a picture's stored files relate to its document. */
export async function fetchStored(id: string): Promise<StoredFiles> {
  return await (await request("GET", `/api/pictures/${id}/tracks`)).json();
}
