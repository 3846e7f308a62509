/** `GET /api/images/NN/versions/MS`: one of them, as a document. @module */

import { IMAGE_ID, type RouteHandlers } from "../../../../../server/route.ts";

/** What the parameters of the path look like. */
export const params = { id: IMAGE_ID, time: "[0-9]{1,15}" };

/** Serves an earlier document; it is brought back by saving it. */
export const handler: RouteHandlers = {
  GET: async (c) =>
    c.json(
      await c.var.store.readVersion(
        c.req.param("id")!,
        Number(c.req.param("time")),
      ),
    ),
};
