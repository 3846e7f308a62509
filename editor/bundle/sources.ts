/**
 * The sources that the client is built from, and a digest that changes with
 * any of them. File times are not compared: a checkout, a copy or an unpacked
 * release sets them as it likes.
 *
 * @module
 */

import { readFileText } from "../../core/files/files.ts";

/** The modules that the client is built from, each with all that it imports. */
export const ENTRIES = [
  "islands/client.tsx",
  "client/exchange_worker.ts",
  "client/video_worker.ts",
  "client/track_worker.ts",
  "browser/start.ts",
  "browser/service.ts",
  "browser/formats_worker.ts",
] as const;

/** What is a plain script in one file: a service worker can load nothing later. */
export const SCRIPTS: readonly string[] = [
  "browser/service.ts",
  "browser/formats_worker.ts",
];

/** The folder of the editor. */
export const EDITOR = new URL("../", import.meta.url);

/** What builds the client: its own changes change the result, too. */
const BUILDER = ["bundle/build_client.ts", "bundle/notices.ts"];

/** The URLs of all sources, those of the builder excluded, with their texts. */
export async function readSources(
  entries: readonly string[] = ENTRIES,
): Promise<Map<string, string>> {
  const sources = new Map<string, string>();
  const visit = async (url: string): Promise<void> => {
    if (sources.has(url)) return;
    sources.set(url, "");
    const text = await readFileText(decodeURIComponent(new URL(url).pathname));
    sources.set(url, text);
    await Promise.all(
      importsOf(text).map((path) => visit(new URL(path, url).href)),
    );
  };
  await Promise.all(entries.map((path) => visit(new URL(path, EDITOR).href)));
  return sources;
}

/** The relative modules that a source imports, dynamic imports included. */
function importsOf(text: string): string[] {
  const found = text.matchAll(/\b(?:from|import)\s*\(?\s*"(\.[^"]+\.tsx?)"/g);
  return Array.from(found, ([, path]) => path!);
}

/** A digest of all sources, of what builds them, and of the version of Deno. */
export async function digestSources(): Promise<string> {
  const texts = [
    ...await readSources(),
    ...await readSources(BUILDER),
  ].map(([url, text]) => [url.slice(EDITOR.href.length), text]);
  texts.sort(([a = ""], [b = ""]) => a < b ? -1 : 1);
  const bytes = new TextEncoder().encode(
    JSON.stringify([Deno.version.deno, texts]),
  );
  const hash = await crypto.subtle.digest("SHA-256", bytes);
  return new Uint8Array(hash).toHex();
}
