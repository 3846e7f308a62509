/** `GET /api/project`: the gallery, and what this editor can do. @module */

import type { RouteHandlers } from "../../server/route.ts";

/** Answers with the images and the engines that can be started. */
export const handler: RouteHandlers = {
  GET: async (c) =>
    c.json({
      dir: c.var.store.dir,
      images: await c.var.store.list(),
      generator: c.var.generator.abilities,
      place: c.var.place,
      segments: c.var.segmentation !== undefined,
    }),
};
