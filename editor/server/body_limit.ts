/**
 * A limit for what is sent to the editor.
 *
 * @module
 */

import type { Context, MiddlewareHandler } from "npm:hono@4.13.19";
import { concatBytes } from "../../core/base/concat.ts";

/**
 * Refuses bodies of more than `limit` bytes (413): by what they declare, or,
 * where they declare nothing, as soon as they are larger; the connection ends
 * with the answer. (Hono's own passes on the request's signal, about which Deno
 * prints a warning.)
 */
export function bodyLimit(limit: number): MiddlewareHandler {
  const refuse = (c: Context) => {
    c.header("Connection", "close");
    return c.json(
      { error: `The request is larger than ${limit / 1024 / 1024} MiB` },
      413,
    );
  };
  return async (c, next) => {
    const { raw } = c.req;
    const declared = raw.headers.get("content-length");
    if (declared !== null && !raw.headers.has("transfer-encoding")) {
      return Number(declared) > limit ? refuse(c) : await next();
    }
    if (raw.body === null) return await next();
    const parts: Uint8Array[] = [];
    let size = 0;
    // The reader stays: a body that was let go would be read to its end.
    const reader = raw.body.getReader();
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      size += value.length;
      if (size > limit) return refuse(c);
      parts.push(value);
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
