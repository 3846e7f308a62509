/** `GET /api/examples/boat/image` and `.../tracks`: its files. @module */

import type { RouteHandlers } from "../../../../server/route.ts";

/** What the parameters of the path look like. */
export const params = { part: "image|tracks" };

/** Serves a file of an example. */
export const handler: RouteHandlers = {
  GET: async (c) => {
    const part = c.req.param("part");
    const bytes = await c.var.examples.read(c.req.param("name")!, part!);
    if (!bytes) return c.notFound();
    c.header(
      "Content-Type",
      part === "image" ? "image/jpeg" : "application/octet-stream",
    );
    return c.body(bytes);
  },
};
