/** `GET /api/images/NN/stored`: what the stored files show, as a document. @module */

import { IMAGE_ID, type RouteHandlers } from "../../../../server/route.ts";

/** What the parameters of the path look like. */
export const params = { id: IMAGE_ID };

/** Serves what taking the stored files would make of the document. */
export const handler: RouteHandlers = {
  GET: async (c) => {
    const { document, at } = await c.var.store.readStored(c.req.param("id")!);
    c.header("Last-Modified", new Date(at).toUTCString());
    return c.json(document);
  },
};
