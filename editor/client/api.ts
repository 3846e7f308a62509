/**
 * The page's side of the routes: one function per request, typed answers.
 *
 * @module
 */

import type { EditorDocument, Point } from "../model/document.ts";
import type { Engine, GeneratorAbilities } from "../server/generator.ts";
import type { StoredFiles } from "../model/stored_files.ts";
import type { ImageSummary } from "../server/image_summary.ts";
import type { Place } from "../server/route.ts";

export type { Engine, ImageSummary };

/** The gallery, and what this editor can do. */
export interface Project {
  /** The project folder, as it was passed to the server. */
  readonly dir: string;
  /** Every image. */
  readonly images: readonly ImageSummary[];
  /** What can be generated from the page. */
  readonly generator: GeneratorAbilities;
  /** Whether a server answers, or a worker of the browser itself. */
  readonly place: Place;
  /** Whether there is a model that selects objects. */
  readonly segments: boolean;
}

/** The server said no, with a message for the user. */
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
    throw new RequestError(
      `The editor's server is not responding (${cause})`,
      0,
    );
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
  return await (await request("GET", "api/project")).json();
}

/**
 * Has the model find the object at some points, px of the image; answers with
 * its outline.
 */
export async function selectObject(
  id: string,
  points: readonly (Point & { readonly inside: boolean })[],
): Promise<Point[][]> {
  const response = await request("POST", `api/images/${id}/segment`, {
    body: JSON.stringify({ points }),
    headers: { "content-type": "application/json" },
  });
  return (await response.json()).outline;
}

/** Sends a new image. */
export async function sendImage(file: File): Promise<ImageSummary> {
  const response = await request("POST", "api/images", {
    body: file,
    headers: { "x-file-name": encodeURIComponent(file.name) },
  });
  return await response.json();
}

/** Where the browser finds an image. */
export function imageUrl(image: ImageSummary): string {
  return `api/images/${image.id}/file?revision=${image.revision}`;
}

/** Where the browser finds its small image, or the image itself. */
export function thumbnailUrl(image: ImageSummary): string {
  return image.thumbnail
    ? `api/images/${image.id}/thumbnail?revision=${image.revision}`
    : imageUrl(image);
}

/** Moves an image to the trash. */
export async function deleteImage(id: string): Promise<void> {
  await request("DELETE", `api/images/${id}`);
}

/** Gives an image another name; an empty one is its file's again. */
export async function renameImage(id: string, name: string): Promise<void> {
  await request("PUT", `api/images/${id}/name`, { body: name });
}

/** Brings a deleted image back. */
export async function restoreImage(id: string): Promise<ImageSummary> {
  return await (await request("POST", `api/images/${id}`)).json();
}

/** Reads the project as one file. */
export async function fetchArchive(): Promise<Blob> {
  return await (await request("GET", "api/archive")).blob();
}

/** Adds the images of a project file; answers with their numbers. */
export async function addProject(file: Blob): Promise<readonly string[]> {
  const response = await request("POST", "api/archive", { body: file });
  const { added }: { added: readonly string[] } = await response.json();
  return added;
}

/** A document and its tag. */
export interface OpenedDocument {
  /** The content. */
  readonly document: EditorDocument;
  /** The server's tag for it. */
  readonly etag: string;
  /** When it was saved, in ms since 1970. */
  readonly at: number;
}

/** Reads an image's document. */
export async function fetchDocument(id: string): Promise<OpenedDocument> {
  return await opened(await request("GET", `api/images/${id}/document`));
}

/** A document as it came with its tag. */
export async function opened(response: Response): Promise<OpenedDocument> {
  return {
    // The server has checked it.
    document: await response.json(),
    etag: response.headers.get("etag") ?? "",
    at: Date.parse(response.headers.get("last-modified") ?? "") || Date.now(),
  };
}

/**
 * Saves a document; answers with its new tag.
 *
 * @throws {RequestError} With status 412 when another window saved meanwhile;
 * its `body.current` is what is there now.
 */
export async function saveDocument(
  id: string,
  { document, etag }: Pick<OpenedDocument, "document" | "etag">,
): Promise<string> {
  const response = await request("PUT", `api/images/${id}/document`, {
    body: JSON.stringify(document),
    headers: { "if-match": etag, "content-type": "application/json" },
  });
  return response.headers.get("etag") ?? "";
}

/** How an image's stored files relate to its document. */
export async function fetchStored(id: string): Promise<StoredFiles> {
  return await (await request("GET", `api/images/${id}/tracks`)).json();
}
