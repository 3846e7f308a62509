/** `GET /api/images/NN/versions`: what a document was before. @module */

import { IMAGE_ID, type RouteHandlers } from "../../../../../server/route.ts";

/** What the parameters of the path look like. */
export const params = { id: IMAGE_ID };

/** Lists the kept versions, the newest first. */
export const handler: RouteHandlers = {
  GET: async (c) => c.json(await c.var.store.listVersions(c.req.param("id")!)),
};
