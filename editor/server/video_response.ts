/** A video as an answer. @module */

import type { RouteContext } from "./route.ts";

/** Answers with an MP4, whole or the byte range that was asked for. */
export function videoResponse(
  c: RouteContext,
  bytes: Uint8Array<ArrayBuffer>,
): Response {
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
}
