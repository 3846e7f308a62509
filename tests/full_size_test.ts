/**
 * The 14B model at its full size without its weights: a file of its exact
 * layout whose numbers take no disk.
 */

import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import type {
  CastFigures,
  FullSizeFigures,
} from "./fixtures/full_size_probe.ts";

const LINUX = Deno.build.os === "linux";
if (!LINUX) {
  console.warn("memory is measured on Linux only: its tests are skipped here");
}

/** What is allowed of private memory, in MB; the weights are 16 to 66 GB. */
const LIMIT = 300;

/** What the probe prints. */
async function probe(...args: string[]): Promise<unknown> {
  const url = new URL("./fixtures/full_size_probe.ts", import.meta.url);
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-prompt", "--allow-all", fileURLToPath(url), ...args],
  }).output();
  assert.ok(success, new TextDecoder().decode(stderr));
  return JSON.parse(new TextDecoder().decode(stdout));
}

for (const dtype of ["F32", "BF16", "F8_E4M3"]) {
  Deno.test({
    name: `the 14B transformer in ${dtype} opens without its weights in memory`,
    ignore: !LINUX,
    fn: async () => {
      const { file, open, build, session, privateAfter } = await probe(
        "open",
        dtype,
      ) as FullSizeFigures;
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

Deno.test({
  name: "weights of 16 bits are converted layer by layer, not all at once",
  ignore: !LINUX,
  fn: async () => {
    const { converted, growth } = await probe("casts") as CastFigures;
    console.log(
      `${converted.toFixed()} MB are converted in ${growth.toFixed()} MB of memory`,
    );
    assert.ok(growth < converted / 4, `${growth} MB`);
  },
});
