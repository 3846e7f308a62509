/** `PUT`: Store Tracks, with the drawn overlay (PNG) as the body. @module */

import type { RouteHandlers } from "../../../../server/routes.ts";
import {
  readPictureHeader,
  UnsupportedPictureError,
} from "../../../../server/picture_header.ts";

/** Writes the track file, the overlay and the job list's entry. */
export const handler: RouteHandlers = {
  PUT: async (c) => {
    const etag = c.req.header("if-match");
    if (!etag) return c.json({ error: "If-Match is missing" }, 428);
    const overlay = new Uint8Array(await c.req.arrayBuffer());
    if (overlay.length > 0 && readPictureHeader(overlay).type !== "png") {
      throw new UnsupportedPictureError(
        "Cannot store the overlay: it is no PNG",
      );
    }
    return c.json(
      await c.var.store.storeTracks(c.req.param("id")!, {
        etag,
        ...(overlay.length > 0 ? { overlay } : {}),
      }),
    );
  },
};
