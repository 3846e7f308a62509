/** `GET /api/project`: the gallery, and what this editor can do. @module */

import type { RouteHandlers } from "../../server/route.ts";

/** Which file this is. */
export const { url } = import.meta;

/** Answers with the images and the engines that can be started. */
export const handler: RouteHandlers = {
  GET: async (c) =>
    c.json({
      dir: c.var.store.dir,
      images: await c.var.store.list(),
      generator: c.var.generator.abilities,
    }),
};
