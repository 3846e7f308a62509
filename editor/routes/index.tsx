/** @jsxRuntime automatic */
/** @jsxImportSource npm:preact@10.29.8 */
/**
 * `GET /`: the page. The editor itself is an island that starts in the
 * browser; what is rendered here is what a person sees before that, and all
 * there is without JavaScript.
 *
 * @module
 */

import { renderToString } from "npm:preact-render-to-string@6.8.2";
import type { RouteHandlers } from "../server/route.ts";

function Page() {
  return (
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <title>Trajectory editor</title>
        <link rel="icon" href="/static/icon.svg" type="image/svg+xml" />
        <link rel="stylesheet" href="/static/style.css" />
        <link rel="stylesheet" href="/static/panels.css" />
        <link rel="stylesheet" href="/static/screens.css" />
        <script type="module" src="/static/client.js"></script>
      </head>
      <body>
        <div id="editor">
          <p class="starting">Starting the trajectory editor…</p>
          <noscript>
            <p class="starting">The editor needs JavaScript.</p>
          </noscript>
        </div>
      </body>
    </html>
  );
}

const html = "<!doctype html>" + renderToString(<Page />);

/** Which file this is. */
export const { url } = import.meta;

/** Serves the page. */
export const handler: RouteHandlers = {
  GET: (c) => c.html(html),
};
