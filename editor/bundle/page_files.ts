/**
 * The files of a page without a server: the client and its styles as the server
 * has them, the worker that answers in the server's place, the examples.
 *
 * @module
 */

import { withHint } from "../../core/base/errors.ts";
import { loadAssets } from "../server/assets.ts";
import { PAGE_POLICY } from "../server/content_policy.ts";
import { createExamples, type Examples } from "../server/examples.ts";
import { pageHtml } from "../server/page_html.tsx";
import type { PageFiles } from "./write_page.ts";

/**
 * Collects the files. Those that a browser may keep are in a folder that is
 * named by their contents, so that parts of two versions never meet.
 *
 * @throws {Error} With a HINT when the client was not built.
 */
export async function pageFiles(
  options: { readonly examples?: Examples } = {},
): Promise<PageFiles> {
  const { examples = createExamples() } = options;
  const assets = await loadAssets();
  const { service, ...workers } = await importWorkers();
  const parts = new Map(
    [...assets].map(([name, { body }]) =>
      [name, name.endsWith(".css") ? shorter(body) : body] as const
    ),
  );
  for (const [name, text] of Object.entries(workers)) {
    parts.set(`${name}.js`, encode(text));
  }
  const folder: string = `static-${await versionOf(parts)}`;
  const files = new Map<string, Uint8Array<ArrayBuffer>>();
  for (const [name, body] of parts) files.set(`${folder}/${name}`, body);
  files.set("service.js", encode(service));
  const html = pageHtml({
    files: folder,
    script: "start.js",
    policy: PAGE_POLICY,
  });
  files.set("index.html", encode(html));
  const list = await examples.list();
  if (list.length === 0) return files;
  files.set("examples/examples.json", encode(JSON.stringify(list)));
  for (const { name } of list) {
    for (const [part, ending] of [["image", "jpg"], ["tracks", "pth"]]) {
      const bytes = await examples.read(name, part!);
      if (bytes) files.set(`examples/${name}.${ending}`, bytes);
    }
  }
  return files;
}

async function importWorkers(): Promise<
  { start: string; service: string; formats: string }
> {
  try {
    const [start, service, formats] = await Promise.all([
      import("../static/start.js", { with: { type: "text" } }),
      import("../static/service.js", { with: { type: "text" } }),
      import("../static/formats.js", { with: { type: "text" } }),
    ]);
    return {
      start: start.default,
      service: service.default,
      formats: formats.default,
    };
  } catch (cause) {
    throw new Error(
      withHint(
        "Cannot make the page: its workers were not built, expected editor/static/service.js, start.js and formats.js",
        "deno task editor:build",
      ),
      { cause },
    );
  }
}

function encode(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(text);
}

async function versionOf(
  parts: ReadonlyMap<string, Uint8Array<ArrayBuffer>>,
): Promise<string> {
  const whole = new Blob([...parts.values()]);
  const hash = await crypto.subtle.digest("SHA-256", await whole.bytes());
  return new Uint8Array(hash).toHex().slice(0, 12);
}

/** A style sheet without comments and indentation. */
function shorter(css: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  const text = new TextDecoder().decode(css);
  return encode(
    text.replaceAll(/\/\*[^]*?\*\//g, "").replaceAll(/\s*\n\s*/g, "\n"),
  );
}
