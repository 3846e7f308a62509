#!/usr/bin/env -S deno run --unstable-bundle --allow-read --allow-write --allow-env --allow-ffi --allow-net
/**
 * Builds the editor's client: `islands/client.tsx` and all that it imports
 * become `static/client.js`, `islands/exchange_worker.ts` becomes
 * `static/worker.js`. Both are committed so that serving needs no build.
 * `--watch` builds again whenever a source changes.
 *
 * @module
 */

import { createCommand } from "../tools/_tool.ts";
import { writeFileWhole } from "../core/files.ts";

/** What is built, from what. */
const BUNDLES = {
  "client.js": "islands/client.tsx",
  "worker.js": "islands/exchange_worker.ts",
} as const;

/** The name of a file that is built into `static/`. */
export type BundleName = keyof typeof BUNDLES;

/** Built files are neither formatted nor linted. */
const HEAD = "// deno-fmt-ignore-file\n// deno-lint-ignore-file\n";

/** A bundle as one minified ES module. */
export async function buildBundle(name: BundleName): Promise<string> {
  const result = await Deno.bundle({
    entrypoints: [new URL(BUNDLES[name], import.meta.url).pathname],
    platform: "browser",
    format: "esm",
    minify: true,
    write: false,
  });
  const [file] = result.outputFiles ?? [];
  if (!result.success || !file) {
    throw new Error(
      `Cannot build ${name}: ${
        result.errors.map((error) => error.text).join("; ")
      }`,
    );
  }
  return HEAD + file.text();
}

async function build(): Promise<void> {
  for (const name of Object.keys(BUNDLES) as BundleName[]) {
    const code = await buildBundle(name);
    const path = new URL(`./static/${name}`, import.meta.url).pathname;
    await writeFileWhole(path, code, { overwrite: true });
    const zipped = new Blob([code]).stream().pipeThrough(
      new CompressionStream("gzip"),
    );
    const size = (await new Response(zipped).arrayBuffer()).byteLength;
    console.log(
      `static/${name}: ${code.length} bytes, ${size} bytes gzipped`,
    );
  }
}

if (import.meta.main) {
  const command = createCommand("dev.ts")
    .description(
      "Builds the editor's client into static/client.js and static/worker.js.",
    )
    .option("--watch", "build again whenever a source changes")
    .parse(Deno.args, { from: "user" });
  await build();
  if (command.opts().watch) {
    const folders = ["islands", "components", "model", "../core"].map((f) =>
      new URL(`./${f}`, import.meta.url).pathname
    );
    for await (const event of Deno.watchFs(folders)) {
      if (event.kind !== "modify" && event.kind !== "create") continue;
      await build().catch((error) => console.error(error.message));
    }
  }
}
