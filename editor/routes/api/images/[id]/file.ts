/** The image itself: `GET` reads it, `PUT` replaces it. @module */

import { IMAGE_ID, type RouteHandlers } from "../../../../server/route.ts";

/** What the parameters of the path look like. */
export const params = { id: IMAGE_ID };

/** Serves and replaces an image's file. */
export const handler: RouteHandlers = {
  GET: async (c) => {
    const { bytes, type } = await c.var.store.readImage(c.req.param("id")!);
    // The page asks with ?revision=..., which changes with the content.
    c.header("Cache-Control", "private, max-age=31536000, immutable");
    c.header("Content-Type", type);
    return c.body(bytes);
  },
  PUT: async (c) => {
    const bytes = new Uint8Array(await c.req.arrayBuffer());
    return c.json(await c.var.store.replaceImage(c.req.param("id")!, bytes));
  },
};
