/** `GET /static/...`: the client and its styles. @module */

import type { RouteHandlers } from "../../server/route.ts";

/** Serves a file of the page with its ETag. */
export const handler: RouteHandlers = {
  GET: (c) => {
    const file = c.var.assets.get(c.req.param("file") ?? "");
    if (!file) return c.json({ error: "Not found" }, 404);
    c.header("Cache-Control", "no-cache");
    c.header("ETag", file.etag);
    if (c.req.header("if-none-match") === file.etag) return c.body(null, 304);
    c.header("Content-Type", file.type);
    return c.body(file.body);
  },
};
