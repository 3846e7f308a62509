/** `DELETE` moves a picture to the trash, `POST` brings it back. @module */

import type { RouteHandlers } from "../../../server/route.ts";

/** Deletes and restores a picture with all that belongs to it. */
export const handler: RouteHandlers = {
  DELETE: async (c) => {
    await c.var.store.deletePicture(c.req.param("id")!);
    return c.body(null, 204);
  },
  POST: async (c) =>
    c.json(await c.var.store.restorePicture(c.req.param("id")!), 201),
};
