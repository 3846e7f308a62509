/**
 * Who may talk to the editor: this machine's own browser, from the editor's
 * own page, and with `--host` only who has the token.
 *
 * A page of another site can send requests to 127.0.0.1 too, and a DNS name
 * can be made to point here; therefore Host is checked on every request, Origin
 * on every one that has it and all that write, and nothing relies on cookies
 * alone.
 *
 * @module
 */

import type { MiddlewareHandler } from "npm:hono@4.13.19";
import { getCookie, setCookie } from "npm:hono@4.13.19/cookie";
import { CONTENT_SECURITY_POLICY } from "./content_policy.ts";

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

/** Wrong tokens are answered this late, in ms. */
const WRONG_TOKEN_DELAY = 1000;

/** Wrong tokens that wait for their answer; more are refused at once. */
const MAX_WRONG_TOKENS = 20;

/** Host names that are remembered. */
const MAX_NAMES = 100;

/**
 * Refuses foreign hosts (421), foreign pages (403) and strangers (401), and
 * sets the security headers on every answer.
 */
export function guard(options: GuardOptions): MiddlewareHandler {
  const { port, token } = options;
  // Cookies are the same for all ports of a host.
  const cookieName = `ati_editor_token_${port}`;
  const isKnownHost = createHostCheck(options);
  let wrongTokens = 0;
  return async (c, next) => {
    c.header("Content-Security-Policy", CONTENT_SECURITY_POLICY);
    c.header("X-Content-Type-Options", "nosniff");
    c.header("Referrer-Policy", "no-referrer");
    c.header("Cross-Origin-Opener-Policy", "same-origin");
    c.header("Cross-Origin-Resource-Policy", "same-origin");
    c.header("Cache-Control", "no-store");

    const host = c.req.header("host") ?? "";
    const given = c.req.query("token");
    const isGiven = token !== undefined && given !== undefined &&
      sameText(given, token);
    if (!isKnownHost(host, { trusted: isGiven })) {
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
    if (token !== undefined) {
      if (isGiven) {
        setCookie(c, cookieName, token, {
          httpOnly: true,
          sameSite: "Strict",
          path: "/",
        });
        return c.redirect("/");
      }
      const cookie = getCookie(c, cookieName);
      if (!sameText(cookie ?? "", token)) {
        if (given !== undefined || cookie !== undefined) {
          if (wrongTokens >= MAX_WRONG_TOKENS) {
            return c.text("Too many wrong tokens.", 429);
          }
          wrongTokens++;
          await new Promise((resolve) =>
            setTimeout(resolve, WRONG_TOKEN_DELAY)
          );
          wrongTokens--;
        }
        return c.text(
          "Open the link that the editor printed when it started.",
          401,
        );
      }
    }
    return await next();
  };
}

/**
 * Whether a Host header may be this editor's. For this machine's browser those
 * are known. Other machines may call it by any name; but a name that someone
 * else points here must not be enough, so a name has to be an address, or has
 * to come with the right token once.
 */
function createHostCheck(
  { port, hostname, token }: GuardOptions,
): (host: string, options: { readonly trusted: boolean }) => boolean {
  const names = new Set<string>();
  const add = (name: string) => {
    names.add(`${name}:${port}`);
    if (port === 80) names.add(name);
  };
  for (const name of ["127.0.0.1", "localhost", "[::1]"]) add(name);
  if (token === undefined) return (host) => names.has(host);
  add(hostname.toLowerCase());
  return (host, { trusted }) => {
    const name = host.toLowerCase();
    if (trusted && names.size < MAX_NAMES) names.add(name);
    return names.has(name) || IS_ADDRESS.test(name);
  };
}

/** An IPv4 or IPv6 address, with or without a port. */
const IS_ADDRESS = /^(?:\d{1,3}(?:\.\d{1,3}){3}|\[[0-9a-f:.]+\])(?::\d+)?$/;

/** Compares without telling by its time how much was right. */
function sameText(a: string, b: string): boolean {
  let different = a.length ^ b.length;
  for (let i = 0; i < b.length; i++) {
    different |= (a.charCodeAt(i) || 0) ^ b.charCodeAt(i);
  }
  return different === 0;
}
