/**
 * The project's presets: `GET` with their ETag, `PUT` with If-Match.
 *
 * @module
 */

import { parsePresets } from "../../model/presets.ts";
import { readBody, type RouteHandlers } from "../../server/route.ts";

/** Serves and replaces the list; 412 when another window saved meanwhile. */
export const handler: RouteHandlers = {
  GET: async (c) => {
    const { presets, etag } = await c.var.store.presets.read();
    c.header("ETag", etag);
    return c.json(presets);
  },
  PUT: async (c) => {
    const etag = c.req.header("if-match");
    if (!etag) return c.json({ error: "If-Match is missing" }, 428);
    const sent = await readBody(c, "the presets: they are");
    c.header(
      "ETag",
      await c.var.store.presets.write(parsePresets(sent), { etag }),
    );
    return c.body(null, 204);
  },
};
