/**
 * The small image of the gallery: `GET` reads it, `PUT` keeps one that the page
 * has made, both for the `?revision=` of the image.
 *
 * @module
 */

import { IMAGE_ID, type RouteHandlers } from "../../../../server/route.ts";

/** What the parameters of the path look like. */
export const params = { id: IMAGE_ID };

/** Serves and keeps thumbnails. */
export const handler: RouteHandlers = {
  GET: async (c) => {
    const bytes = await c.var.store.readThumbnail(
      c.req.param("id")!,
      c.req.query("revision") ?? "",
    );
    if (!bytes) return c.json({ error: "No such thumbnail" }, 404);
    c.header("Cache-Control", "private, max-age=31536000, immutable");
    c.header("Content-Type", "image/jpeg");
    return c.body(bytes);
  },
  PUT: async (c) => {
    const bytes = new Uint8Array(await c.req.arrayBuffer());
    await c.var.store.writeThumbnail(
      c.req.param("id")!,
      c.req.query("revision") ?? "",
      bytes,
    );
    return c.body(null, 204);
  },
};
