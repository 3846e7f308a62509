#!/usr/bin/env -S deno run --no-prompt --allow-read --allow-write
/**
 * Writes the editor as a folder of static files, for any web host: the same
 * page, with the browser's own storage in place of the server and its folder.
 *
 * @module
 */

import { createCommand, printLine, runTool } from "../tools/shared/tool.ts";
import { pageFiles } from "./bundle/page_files.ts";
import { writePage } from "./bundle/write_page.ts";

if (import.meta.main) {
  await runTool({
    script: "editor/static.ts",
    permissions: "--allow-read --allow-write",
  }, async ({ args }) => {
    const command = createCommand("editor:static")
      .description(
        "Writes the editor as static files for any web host: the browser's own storage replaces the server.",
      )
      .argument("<out>", "the folder: a new one, or that of an earlier build")
      .parse(args, { from: "user" });
    const [out = ""] = command.args;
    const files = await pageFiles();
    await writePage(out, files);
    printLine(
      `Wrote ${files.size} files to ${out}: put them on a web host with https, in any folder of it.`,
    );
    return 0;
  });
}
