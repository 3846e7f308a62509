#!/usr/bin/env -S deno run --no-prompt --unstable-bundle --allow-read --allow-write=editor/static
/**
 * Builds the editor's client into `static/`. The built files are not committed:
 * the tasks that need them build them first, which takes a few seconds after a
 * change of the client and nothing otherwise. A release contains them.
 *
 * @module
 */

import { createCommand } from "../tools/shared/tool.ts";
import { writeFileAtomic } from "../core/files/files.ts";
import { buildClient, isFresh, STATIC } from "./bundle/build_client.ts";
import { EDITOR } from "./bundle/sources.ts";

async function build(): Promise<void> {
  for (const { name, code } of await buildClient()) {
    await writeFileAtomic(STATIC + name, code, { overwrite: true });
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
    .description("Builds the editor's client into editor/static/.")
    .option("--if-stale", "only if a source has changed since the last build")
    .option("--watch", "build again whenever a source changes")
    .parse(Deno.args, { from: "user" });
  const { ifStale = false, watch = false } = command.opts();
  if (!ifStale || !await isFresh()) await build();
  if (watch) {
    const folders = [
      "islands",
      "client",
      "components",
      "model",
      "browser",
      "server",
      "routes",
      "../core",
    ];
    const watcher = Deno.watchFs(
      folders.map((folder) =>
        decodeURIComponent(new URL(folder, EDITOR).pathname)
      ),
    );
    for await (const event of watcher) {
      if (event.kind !== "modify" && event.kind !== "create") continue;
      await build().catch((error) => console.error(error.message));
    }
  }
}
