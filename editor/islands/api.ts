/**
 * The page's side of the routes: one function per request, typed answers.
 *
 * @module
 */

import type { EditorDocument } from "../model/document.ts";
import type {
  Engine,
  GenerationEvent,
  GeneratorAbilities,
} from "../server/generator.ts";
import type { StoredFiles } from "../model/stored_files.ts";
import type { PictureSummary } from "../server/store.ts";

export type { Engine, GenerationEvent, PictureSummary };

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

/** Asks the server; says what it said when it refuses. */
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

/** Puts another file in a picture's place; points are rescaled. */
export async function replacePicture(
  id: string,
  file: Blob,
): Promise<PictureSummary> {
  const path = `/api/pictures/${id}/image`;
  return await (await request("PUT", path, { body: file })).json();
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

async function opened(response: Response): Promise<OpenedDocument> {
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

/**
 * Store Tracks. `overlay` is the picture with its tracks, as PNG; `over` the
 * tag of another program's files that may be replaced.
 *
 * @throws {RequestError} With status 409 when there are such files; its
 * `body.stored` says what is there.
 */
export async function storeTracks(
  id: string,
  options: {
    readonly etag: string;
    readonly overlay: Blob;
    readonly over?: string | undefined;
  },
): Promise<{ jobsFile: string; tracks: number; stored: StoredFiles }> {
  const { etag, overlay, over } = options;
  const path = `/api/pictures/${id}/tracks${over ? `?over=${over}` : ""}`;
  const response = await request("PUT", path, {
    body: overlay,
    headers: { "if-match": etag },
  });
  return await response.json();
}

/** Takes what another program has stored into the document. */
export async function takeStored(
  id: string,
  etag: string,
): Promise<OpenedDocument> {
  const headers = { "if-match": etag };
  const path = `/api/pictures/${id}/tracks`;
  return await opened(await request("POST", path, { headers }));
}

/** A run that was started. */
export interface StartedGeneration {
  /** Its number. */
  readonly id: number;
  /** What it says, until its end. */
  events(): AsyncIterable<GenerationEvent>;
  /** Asks it to stop. */
  cancel(): Promise<void>;
}

/** Starts a preview or a generation of stored pictures. */
export async function startGeneration(
  pictures: readonly string[],
  engine: Engine,
): Promise<StartedGeneration> {
  const response = await request("POST", "/api/generations", {
    body: JSON.stringify({ pictures, engine }),
    headers: { "content-type": "application/json" },
  });
  const { id }: { id: number } = await response.json();
  const path = `/api/generations/${id}`;
  return {
    id,
    async *events() {
      const { body } = await request("GET", path);
      let rest = "";
      const decoder = new TextDecoder();
      const reader = body!.getReader();
      for (;;) {
        const { done, value } = await reader.read();
        if (done) return;
        const blocks = (rest + decoder.decode(value, { stream: true }))
          .split("\n\n");
        rest = blocks.pop() ?? "";
        for (const block of blocks) {
          yield JSON.parse(block.replace(/^data: /, ""));
        }
      }
    },
    async cancel() {
      await request("DELETE", path);
    },
  };
}
