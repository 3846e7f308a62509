/** `PUT /api/images/NN/name`: renames an image, the name as the body. @module */

import { IMAGE_ID, type RouteHandlers } from "../../../../server/route.ts";

/** What the parameters of the path look like. */
export const params = { id: IMAGE_ID };

/** Names an image; no file is renamed. */
export const handler: RouteHandlers = {
  PUT: async (c) => {
    await c.var.store.renameImage(c.req.param("id")!, await c.req.text());
    return c.body(null, 204);
  },
};
