/**
 * The 14B model at its full size without its weights: a file of its exact
 * layout whose numbers take no disk.
 */

import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import type { FullSizeFigures } from "./_full_size_probe.ts";

const LINUX = Deno.build.os === "linux";
if (!LINUX) {
  console.warn("memory is measured on Linux only: its tests are skipped here");
}

/** What is allowed of private memory, in MB; the weights are 16 to 66 GB. */
const LIMIT = 300;

for (const dtype of ["F32", "BF16", "F8_E4M3"]) {
  Deno.test({
    name: `the 14B transformer in ${dtype} opens without its weights in memory`,
    ignore: !LINUX,
    fn: async () => {
      const probe = new URL("./_full_size_probe.ts", import.meta.url);
      const { success, stdout, stderr } = await new Deno.Command(
        Deno.execPath(),
        {
          args: [
            "run",
            "--no-prompt",
            "--allow-all",
            fileURLToPath(probe),
            dtype,
          ],
        },
      ).output();
      assert.ok(success, new TextDecoder().decode(stderr));
      const figures: FullSizeFigures = JSON.parse(
        new TextDecoder().decode(stdout),
      );
      const { file, open, build, session, privateAfter } = figures;
      console.log(
        `${(file / 1000).toFixed(1)} GB: opened in ${
          open.toFixed(2)
        } s, graph in ${build.toFixed(2)} s, session in ${
          session.toFixed(2)
        } s, ${privateAfter.toFixed()} MB of private memory (limit ${LIMIT})`,
      );
      assert.ok(privateAfter < LIMIT, `${privateAfter} MB`);
    },
  });
}
