#!/usr/bin/env -S deno run --unstable-bundle --allow-read --allow-write --allow-env --allow-ffi --allow-net
/**
 * Builds the editor's client: `islands/client.tsx` and all that it imports
 * become `static/client.js`, which is committed so that serving needs no
 * build. `--watch` builds again whenever a source changes.
 *
 * @module
 */

import { createCommand } from "../tools/_tool.ts";
import { writeFileWhole } from "../core/files.ts";

const CLIENT = new URL("./static/client.js", import.meta.url);

/** The bundled client as one minified ES module. */
export async function buildClient(): Promise<string> {
  const result = await Deno.bundle({
    entrypoints: [
      new URL("./islands/client.tsx", import.meta.url).pathname,
    ],
    platform: "browser",
    format: "esm",
    minify: true,
    write: false,
  });
  const [file] = result.outputFiles ?? [];
  if (!result.success || !file) {
    throw new Error(
      `Cannot build the client: ${
        result.errors.map((error) => error.text).join("; ")
      }`,
    );
  }
  return file.text();
}

async function build(): Promise<void> {
  const code = await buildClient();
  await writeFileWhole(CLIENT.pathname, code, { overwrite: true });
  const zipped = new Blob([code]).stream().pipeThrough(
    new CompressionStream("gzip"),
  );
  const size = (await new Response(zipped).arrayBuffer()).byteLength;
  console.log(
    `static/client.js: ${code.length} bytes, ${size} bytes gzipped`,
  );
}

if (import.meta.main) {
  const command = createCommand("dev.ts")
    .description("Builds the editor's client into static/client.js.")
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
