/** `GET /`: the page. @module */

import { pageHtml } from "../server/page_html.tsx";
import type { RouteHandlers } from "../server/route.ts";

const html = pageHtml({ script: "static/client.js" });

/** Serves the page. */
export const handler: RouteHandlers = {
  GET: (c) => c.html(html),
};
