/** `GET .../takes/3/document`: the drawing that a take was made from. @module */

import {
  IMAGE_ID,
  type RouteHandlers,
} from "../../../../../../server/route.ts";

/** What the parameters of the path look like. */
export const params = { id: IMAGE_ID, number: "[0-9]{1,9}" };

/** Serves it; 404 where it is not known, as for videos of other programs. */
export const handler: RouteHandlers = {
  GET: async (c) =>
    c.json(
      await c.var.store.readTakeDocument(
        c.req.param("id")!,
        Number(c.req.param("number")),
      ),
    ),
};
