/**
 * The files of `static/`: the built client, its styles, its icon. They are
 * imported as text, so serving them needs no permission to read, also when the
 * editor is run by URL.
 *
 * @module
 */

import { withHint } from "../../core/base/errors.ts";

/** A file that the page loads. */
export interface Asset {
  /** Its content. */
  readonly body: Uint8Array<ArrayBuffer>;
  /** Its media type. */
  readonly type: string;
  /** A strong HTTP entity tag, quotes included. */
  readonly etag: string;
}

/** The files of `static/`, by name. */
export type Assets = ReadonlyMap<string, Asset>;

/**
 * Loads every file. The imports are dynamic, so that a client that was not
 * built yet can be distinguished from any other fault.
 *
 * @throws {Error} With a HINT when the client was not built.
 */
export async function loadAssets(): Promise<Assets> {
  let texts: Record<string, string>;
  try {
    texts = await importTexts();
  } catch (cause) {
    if ((cause as { code?: string }).code !== "ERR_MODULE_NOT_FOUND") {
      throw cause;
    }
    throw new Error(
      withHint(
        "Cannot start the editor: its client was not built, expected editor/static/client.js and its parts",
        "deno task editor:build",
      ),
      { cause },
    );
  }
  return new Map(
    await Promise.all(
      Object.entries(texts).map(async ([name, text]) => {
        const body = new TextEncoder().encode(text);
        const digest = await crypto.subtle.digest("SHA-256", body);
        const etag = `"${new Uint8Array(digest).toHex().slice(0, 32)}"`;
        const type = TYPES[name.slice(name.lastIndexOf("."))]!;
        return [name, { body, type, etag }] as const;
      }),
    ),
  );
}

const TYPES: Readonly<Record<string, string>> = {
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".svg": "image/svg+xml",
};

async function importTexts(): Promise<Record<string, string>> {
  // Each path is spelled out: only then is the file part of the program.
  const [
    client,
    shared,
    later,
    worker,
    video,
    track,
    style,
    panels,
    screens,
    icon,
  ] = await Promise.all([
    import("../static/client.js", { with: { type: "text" } }),
    import("../static/shared.js", { with: { type: "text" } }),
    import("../static/later.js", { with: { type: "text" } }),
    import("../static/worker.js", { with: { type: "text" } }),
    import("../static/video.js", { with: { type: "text" } }),
    import("../static/track.js", { with: { type: "text" } }),
    import("../static/style.css", { with: { type: "text" } }),
    import("../static/panels.css", { with: { type: "text" } }),
    import("../static/screens.css", { with: { type: "text" } }),
    import("../static/icon.svg", { with: { type: "text" } }),
  ]);
  return {
    "client.js": client.default,
    "shared.js": shared.default,
    "later.js": later.default,
    "worker.js": worker.default,
    "video.js": video.default,
    "track.js": track.default,
    "style.css": style.default,
    "panels.css": panels.default,
    "screens.css": screens.default,
    "icon.svg": icon.default,
  };
}
