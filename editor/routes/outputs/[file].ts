/** `GET /outputs/NN.mp4`: a finished video, with byte ranges. @module */

import { fileExists, readFileBytes } from "../../../core/files/files.ts";
import type { RouteHandlers } from "../../server/routes.ts";

/** Serves a video that the generator made. */
export const handler: RouteHandlers = {
  GET: async (c) => {
    const path = c.var.generator.outputPath(c.req.param("file")!);
    if (!await fileExists(path)) {
      return c.json({ error: "There is no such video" }, 404);
    }
    const bytes = await readFileBytes(path);
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
