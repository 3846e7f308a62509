/**
 * How a process ends while native code is running a graph on another thread:
 * with the message and the code that it would have without it.
 */

import assert from "node:assert/strict";
import { runtimeBackend } from "../core/onnx/runtime/backend.ts";

async function endBy(how: string) {
  const probe = new URL("./fixtures/crash_probe.ts", import.meta.url);
  const { code, signal, stdout, stderr } = await new Deno.Command(
    Deno.execPath(),
    {
      args: [
        "run",
        "--no-prompt",
        "--no-check",
        "--allow-all",
        probe.href,
        how,
      ],
      env: { NO_COLOR: "1" },
    },
  ).output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  return { code, signal, stdout: text(stdout), stderr: text(stderr) };
}

for (
  const { how, title, code, signal = null, stdout = "", stderr = /^$/ } of [
    {
      how: "error",
      title: "an uncaught error",
      code: 1,
      stderr: /^error: Uncaught Error: thrown on purpose/m,
    },
    {
      how: "rejection",
      title: "an unhandled rejection",
      code: 1,
      stderr: /^error: Uncaught \(in promise\) Error: rejected on purpose/m,
    },
    {
      how: "interrupt",
      title: "SIGINT",
      code: 130,
      signal: "SIGINT" as const,
    },
    { how: "exit", title: "Deno.exit", code: 7 },
    { how: "nothing", title: "the end of the script", code: 0 },
    {
      how: "worker",
      title: "a terminated Worker",
      code: 0,
      stdout: "beside it: 0.001667\nafter it: 0.001667\n",
    },
  ]
) {
  Deno.test({
    name: `${title} while a graph runs ends as it would without one`,
    ignore: runtimeBackend().kind !== "c-api",
    fn: async () => {
      // A crash is a matter of chance: several at once, which also helps it.
      const times = { nothing: 1, worker: 2 }[how] ?? 4;
      const all = await Promise.all(
        Array.from({ length: times }, () => endBy(how)),
      );
      for (const ended of all) {
        assert.deepEqual({
          code: ended.code,
          signal: ended.signal,
          stdout: ended.stdout,
        }, { code, signal, stdout });
        assert.match(ended.stderr, stderr);
      }
    },
  });
}
