/** The editable document: `GET` with its ETag, `PUT` with If-Match. @module */

import { parseDocument } from "../../../../model/parse_document.ts";
import {
  IMAGE_ID,
  readBody,
  type RouteHandlers,
} from "../../../../server/route.ts";

/** What the parameters of the path look like. */
export const params = { id: IMAGE_ID };

/** Serves and autosaves a document; 412 when another window saved meanwhile. */
export const handler: RouteHandlers = {
  GET: async (c) => {
    const { document, etag, at } = await c.var.store.readDocument(
      c.req.param("id")!,
    );
    c.header("ETag", etag);
    c.header("Last-Modified", new Date(at).toUTCString());
    return c.json(document);
  },
  PUT: async (c) => {
    const etag = c.req.header("if-match");
    if (!etag) return c.json({ error: "If-Match is missing" }, 428);
    const sent = await readBody(c, "the document: it is");
    const document = parseDocument(sent);
    const saved = await c.var.store.writeDocument(
      c.req.param("id")!,
      document,
      {
        etag,
      },
    );
    c.header("ETag", saved.etag);
    return c.body(null, 204);
  },
};
