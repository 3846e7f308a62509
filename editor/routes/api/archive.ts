/** The project as one file: `GET` saves it, `POST` adds one. @module */

import type { RouteHandlers } from "../../server/route.ts";

/** Serves the project's archive, and takes the images out of another. */
export const handler: RouteHandlers = {
  GET: async (c) => {
    c.header("Content-Type", "application/zip");
    return c.body((await c.var.store.pack()).stream());
  },
  POST: async (c) => {
    const bytes = new Uint8Array(await c.req.arrayBuffer());
    return c.json({ added: await c.var.store.addProject(bytes) }, 201);
  },
};
