/**
 * Who may talk to the editor: this machine's own browser, from the editor's
 * own page, and with `--host` only who has the token.
 *
 * A page of another site can send requests to 127.0.0.1 too, and a DNS name
 * can be made to point there; therefore Host and Origin are checked on every
 * request, and nothing relies on cookies alone.
 *
 * @module
 */

import type { MiddlewareHandler } from "npm:hono@4.13.19";
import { getCookie, setCookie } from "npm:hono@4.13.19/cookie";

/** Where the editor listens, and how strict it is. */
export interface GuardOptions {
  /** The port it listens on. */
  readonly port: number;
  /** The address it listens on. */
  readonly hostname: string;
  /** Needed from every visitor when the address is not this machine's own. */
  readonly token: string | undefined;
}

/** Whether an address can only be reached from this machine. */
export function isLoopback(hostname: string): boolean {
  return hostname === "localhost" || hostname === "::1" ||
    hostname === "[::1]" || /^127\.\d+\.\d+\.\d+$/.test(hostname);
}

const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' blob: data:",
  "media-src 'self' blob:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join("; ");

const COOKIE = "ati_editor_token";

/**
 * Refuses foreign hosts (421), foreign pages (403) and strangers (401), and
 * sets the security headers on every answer.
 */
export function guard(options: GuardOptions): MiddlewareHandler {
  const names = isLoopback(options.hostname)
    ? ["127.0.0.1", "localhost", "[::1]"]
    : undefined;
  return async (c, next) => {
    c.header("Content-Security-Policy", CONTENT_SECURITY_POLICY);
    c.header("X-Content-Type-Options", "nosniff");
    c.header("Referrer-Policy", "no-referrer");
    c.header("Cross-Origin-Opener-Policy", "same-origin");
    c.header("Cross-Origin-Resource-Policy", "same-origin");
    c.header("Cache-Control", "no-store");

    const host = c.req.header("host") ?? "";
    if (names && !names.some((n) => host === `${n}:${options.port}`)) {
      return c.json({ error: `Unknown host ${JSON.stringify(host)}` }, 421);
    }
    const origin = c.req.header("origin");
    const foreign = origin !== undefined && origin !== `http://${host}`;
    const site = c.req.header("sec-fetch-site");
    const writes = c.req.method !== "GET" && c.req.method !== "HEAD";
    if (
      foreign || (writes && origin === undefined) ||
      (writes && site !== undefined && site !== "same-origin")
    ) {
      return c.json({ error: "Requests from other pages are refused" }, 403);
    }
    if (options.token !== undefined) {
      const given = c.req.query("token");
      if (given !== undefined && sameText(given, options.token)) {
        setCookie(c, COOKIE, options.token, {
          httpOnly: true,
          sameSite: "Strict",
          path: "/",
        });
        return c.redirect("/");
      }
      if (!sameText(getCookie(c, COOKIE) ?? "", options.token)) {
        return c.text(
          "Open the link that the editor printed when it started.",
          401,
        );
      }
    }
    return await next();
  };
}

/** Compares without telling by its time how much was right. */
function sameText(a: string, b: string): boolean {
  let different = a.length ^ b.length;
  for (let i = 0; i < b.length; i++) {
    different |= (a.charCodeAt(i) || 0) ^ b.charCodeAt(i);
  }
  return different === 0;
}
