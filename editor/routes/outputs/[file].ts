/** `GET /outputs/NN.mp4`: a finished video, with byte ranges. @module */

import { IMAGE_ID, type RouteHandlers } from "../../server/route.ts";

/** Which file this is. */
export const { url } = import.meta;

/** What the parameters of the path look like. */
export const params = { file: `${IMAGE_ID}\\.mp4` };

/** Serves a video that the generator made. */
export const handler: RouteHandlers = {
  GET: async (c) => {
    const bytes = await c.var.store.readVideo(c.req.param("file")!);
    if (!bytes) return c.json({ error: "No such video" }, 404);
    c.header("Content-Type", "video/mp4");
    c.header("Accept-Ranges", "bytes");
    // Browsers seek in a video by asking for ranges.
    const range = /^bytes=(\d+)-(\d*)$/.exec(c.req.header("range") ?? "");
    if (!range) return c.body(bytes);
    const from = Number(range[1]);
    const to = Math.min(
      range[2] ? Number(range[2]) : bytes.length - 1,
      bytes.length - 1,
    );
    if (from > to) {
      c.header("Content-Range", `bytes */${bytes.length}`);
      return c.body(null, 416);
    }
    c.header("Content-Range", `bytes ${from}-${to}/${bytes.length}`);
    return c.body(bytes.slice(from, to + 1), 206);
  },
};
