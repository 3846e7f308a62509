/** `GET /api/images/NN/takes`: the videos that were made of an image. @module */

import { IMAGE_ID, type RouteHandlers } from "../../../../../server/route.ts";

/** What the parameters of the path look like. */
export const params = { id: IMAGE_ID };

/** Lists the takes, the newest first. */
export const handler: RouteHandlers = {
  GET: async (c) => c.json(await c.var.store.takes.list(c.req.param("id")!)),
};
