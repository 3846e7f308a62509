/**
 * What is stored of an image: `GET` says how it relates to the document,
 * `PUT` is Store Tracks, with the drawn overlay (PNG) as the body, `POST` takes
 * into the document what another program has stored.
 *
 * @module
 */

import { IMAGE_ID, type RouteHandlers } from "../../../../server/route.ts";
import {
  readImageHeader,
  UnsupportedImageError,
} from "../../../../server/image_header.ts";

/** What the parameters of the path look like. */
export const params = { id: IMAGE_ID };

/**
 * Compares, writes and takes the track file and the job file's entry. Files of
 * another program are only written over with `?over=` and their tag; else 409.
 */
export const handler: RouteHandlers = {
  GET: async (c) => c.json(await c.var.store.compareStored(c.req.param("id")!)),
  POST: async (c) => {
    const etag = c.req.header("if-match");
    if (!etag) return c.json({ error: "If-Match is missing" }, 428);
    const taken = await c.var.store.takeStored(c.req.param("id")!, { etag });
    c.header("ETag", taken.etag);
    return c.json(taken.document);
  },
  PUT: async (c) => {
    const etag = c.req.header("if-match");
    if (!etag) return c.json({ error: "If-Match is missing" }, 428);
    const overlay = new Uint8Array(await c.req.arrayBuffer());
    if (overlay.length > 0 && readImageHeader(overlay).type !== "png") {
      throw new UnsupportedImageError(
        "Cannot store the overlay: it is not a PNG",
      );
    }
    const over = c.req.query("over");
    return c.json(
      await c.var.store.storeTracks(c.req.param("id")!, {
        etag,
        ...(overlay.length > 0 ? { overlay } : {}),
        ...(over === undefined ? {} : { over }),
      }),
    );
  },
};
