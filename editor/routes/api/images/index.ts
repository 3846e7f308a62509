/** `POST /api/images`: a new image, its bytes as the body. @module */

import type { RouteHandlers } from "../../../server/route.ts";

/** Which file this is. */
export const { url } = import.meta;

/** Takes a JPEG, PNG or WebP and answers 201 with its summary. */
export const handler: RouteHandlers = {
  POST: async (c) => {
    const bytes = new Uint8Array(await c.req.arrayBuffer());
    const summary = await c.var.store.addImage(bytes);
    c.header("Location", `/api/images/${summary.id}`);
    return c.json(summary, 201);
  },
};
