/**
 * A limit for what is sent to the editor.
 *
 * @module
 */

import type { Context, MiddlewareHandler } from "npm:hono@4.13.19";
import { concatBytes } from "../../core/base/concat.ts";

/**
 * Refuses bodies of more than `limit` bytes (413): by what they declare, or,
 * where they declare nothing, as soon as they are larger. (Hono's own hands the
 * request's signal on, about which Deno warns the person at the terminal.)
 */
export function bodyLimit(limit: number): MiddlewareHandler {
  const refuse = (c: Context) =>
    c.json(
      { error: `The request is larger than ${limit / 1024 / 1024} MiB` },
      413,
    );
  return async (c, next) => {
    const { raw } = c.req;
    const declared = raw.headers.get("content-length");
    if (declared !== null && !raw.headers.has("transfer-encoding")) {
      return Number(declared) > limit ? refuse(c) : await next();
    }
    if (raw.body === null) return await next();
    const parts: Uint8Array[] = [];
    let size = 0;
    for await (const part of raw.body) {
      size += part.length;
      if (size > limit) return refuse(c);
      parts.push(part);
    }
    const { method, headers } = raw;
    c.req.raw = new Request(raw.url, {
      method,
      headers,
      body: concatBytes(parts),
    });
    return await next();
  };
}
