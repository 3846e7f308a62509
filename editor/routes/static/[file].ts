/**
 * `GET /static/...`: the client. The files are imported as text, so serving
 * them needs no permission to read, also when the editor is run by URL.
 *
 * @module
 */

import client from "../../static/client.js" with { type: "text" };
import film from "../../static/film.js" with { type: "text" };
import icon from "../../static/icon.svg" with { type: "text" };
import later from "../../static/later.js" with { type: "text" };
import panels from "../../static/panels.css" with { type: "text" };
import screens from "../../static/screens.css" with { type: "text" };
import shared from "../../static/shared.js" with { type: "text" };
import style from "../../static/style.css" with { type: "text" };
import worker from "../../static/worker.js" with { type: "text" };
import type { RouteHandlers } from "../../server/routes.ts";

const FILES = new Map<
  string,
  { body: Uint8Array<ArrayBuffer>; type: string; etag: string }
>(
  await Promise.all(
    ([
      ["client.js", client, "text/javascript; charset=utf-8"],
      ["shared.js", shared, "text/javascript; charset=utf-8"],
      ["later.js", later, "text/javascript; charset=utf-8"],
      ["film.js", film, "text/javascript; charset=utf-8"],
      ["worker.js", worker, "text/javascript; charset=utf-8"],
      ["style.css", style, "text/css; charset=utf-8"],
      ["panels.css", panels, "text/css; charset=utf-8"],
      ["screens.css", screens, "text/css; charset=utf-8"],
      ["icon.svg", icon, "image/svg+xml"],
    ] as const).map(async ([name, text, type]) => {
      const body = new TextEncoder().encode(text);
      const digest = await crypto.subtle.digest("SHA-256", body);
      const etag = `"${new Uint8Array(digest).toHex().slice(0, 32)}"`;
      return [name, { body, type, etag }] as const;
    }),
  ),
);

/** Serves the client's files with their ETag. */
export const handler: RouteHandlers = {
  GET: (c) => {
    const file = FILES.get(c.req.param("file") ?? "");
    if (!file) return c.json({ error: "There is nothing here" }, 404);
    c.header("Cache-Control", "no-cache");
    c.header("ETag", file.etag);
    if (c.req.header("if-none-match") === file.etag) return c.body(null, 304);
    c.header("Content-Type", file.type);
    return c.body(file.body);
  },
};
