/**
 * What one item after the other leaves in a process. 200 items were measured
 * by hand: see "Sizes" in SECURITY.md.
 */

import assert from "node:assert/strict";
import { tinyCheckpoint } from "../core/checkpoint/tiny_checkpoint.ts";
import { writeFileAtomic } from "../core/files/files.ts";
import { runtimeBackend } from "../core/onnx/runtime/backend.ts";
import { repositoryPath } from "./fixtures/tool_process.ts";
import { temporaryFolder } from "./fixtures/temporary.ts";

Deno.test({
  name: "items leave no open file and no thread, with 40 files allowed",
  ignore: Deno.build.os !== "linux" || runtimeBackend().kind !== "c-api",
  fn: async () => {
    await using folder = await temporaryFolder();
    const files = await tinyCheckpoint({ folder: folder.path, seed: 1 });
    for (const [path, bytes] of Object.entries(files)) {
      await writeFileAtomic(path, bytes);
    }
    // An item that left 10 files, as they once did, would end the process.
    const { success, stdout, stderr } = await new Deno.Command("sh", {
      args: [
        ...["-c", 'ulimit -n 40; exec "$@"', "sh"],
        ...[Deno.execPath(), "run", "--no-prompt", "--quiet", "-A"],
        ...[repositoryPath("tests/fixtures/items_probe.ts"), folder.path, "7"],
      ],
      env: { MALLOC_ARENA_MAX: "1" },
    }).output();
    assert.ok(success, new TextDecoder().decode(stderr));
    const [second, last] = JSON.parse(new TextDecoder().decode(stdout));
    console.log(second, last);
    assert.equal(last.files, second.files);
    // Deno keeps a few threads for calls that take long.
    assert.ok(last.threads <= second.threads + 4);
  },
});
