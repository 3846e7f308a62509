/** `DELETE` moves an image to the trash, `POST` brings it back. @module */

import { IMAGE_ID, type RouteHandlers } from "../../../server/route.ts";

/** What the parameters of the path look like. */
export const params = { id: IMAGE_ID };

/** Deletes and restores an image with all that belongs to it. */
export const handler: RouteHandlers = {
  DELETE: async (c) => {
    await c.var.store.deleteImage(c.req.param("id")!);
    return c.body(null, 204);
  },
  POST: async (c) =>
    c.json(await c.var.store.restoreImage(c.req.param("id")!), 201),
};
