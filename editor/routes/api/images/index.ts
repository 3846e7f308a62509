/**
 * `POST /api/images`: a new image, its bytes as the body, the name of its file
 * in the header `X-File-Name`, escaped as in a URL.
 *
 * @module
 */

import type { RouteHandlers } from "../../../server/route.ts";

/** Takes a JPEG, PNG or WebP and answers 201 with its summary. */
export const handler: RouteHandlers = {
  POST: async (c) => {
    const bytes = new Uint8Array(await c.req.arrayBuffer());
    const name = decodeName(c.req.header("x-file-name"));
    const summary = await c.var.store.addImage(bytes, { name });
    c.header("Location", `/api/images/${summary.id}`);
    return c.json(summary, 201);
  },
};

/** The name of the file, which a header can only have escaped. */
function decodeName(header = ""): string {
  try {
    return decodeURIComponent(header);
  } catch {
    return "";
  }
}
