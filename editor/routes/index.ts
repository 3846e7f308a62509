/** `GET /`: the page. @module */

import { pageHtml } from "../server/page_html.tsx";
import type { RouteHandlers } from "../server/route.ts";

const html = pageHtml({
  files: "static",
  script: "client.js",
  imports: "shared.js",
  preload: "api/project",
});

/** Serves the page. */
export const handler: RouteHandlers = {
  GET: (c) => c.html(html),
};
