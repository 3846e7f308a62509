/** What the page may load: nothing from elsewhere. @module */

/** The rules that a page can also set for itself, in a meta element. */
export const PAGE_POLICY: string = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' blob: data:",
  "media-src 'self' blob:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
].join("; ");

/** The content security policy that the server sends. */
export const CONTENT_SECURITY_POLICY: string =
  `${PAGE_POLICY}; frame-ancestors 'none'`;
