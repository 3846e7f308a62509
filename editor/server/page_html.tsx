/** @jsxRuntime automatic */
/** @jsxImportSource npm:preact@10.29.8 */
/**
 * The page. The editor itself is an island that starts in the browser; what is
 * rendered here is what a person sees before that, and all there is without
 * JavaScript.
 *
 * @module
 */

import { renderToString } from "npm:preact-render-to-string@6.8.2";

/** What the page begins with. */
export interface PageOptions {
  /** The folder of its files, relative to the page. */
  readonly files: string;
  /** The script in it that starts the page. */
  readonly script: string;
  /** What the script asks for first: the browser asks for it at once. */
  readonly preload?: string;
  /** A script in it that the first one imports: fetched with it. */
  readonly imports?: string;
  /** A content security policy, where no server sends one. */
  readonly policy?: string;
}

/** The page as HTML; all its addresses are relative. */
export function pageHtml(options: PageOptions): string {
  return "<!doctype html>" + renderToString(<Page {...options} />);
}

function Page({ files, script, preload, imports, policy }: PageOptions) {
  return (
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        {policy && (
          <meta http-equiv="Content-Security-Policy" content={policy} />
        )}
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <title>Trajectory editor</title>
        {preload && (
          <link
            rel="preload"
            as="fetch"
            href={preload}
            crossorigin="anonymous"
          />
        )}
        <link rel="icon" href={`${files}/icon.svg`} type="image/svg+xml" />
        <link rel="stylesheet" href={`${files}/style.css`} />
        <link rel="stylesheet" href={`${files}/panels.css`} />
        <link rel="stylesheet" href={`${files}/screens.css`} />
        {imports && <link rel="modulepreload" href={`${files}/${imports}`} />}
        <script type="module" src={`${files}/${script}`}></script>
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
