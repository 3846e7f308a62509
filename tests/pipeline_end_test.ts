/**
 * A pipeline that is disposed ends, at whatever moment: nothing of it keeps
 * the process alive, and who goes on using it gets a clear error.
 */

import assert from "node:assert/strict";

/** Runs the probe; the seconds from its last line to its end. */
async function probe(
  ...args: string[]
): Promise<{ lines: string[]; lingered: number }> {
  const script = new URL("./fixtures/pipeline_end_probe.ts", import.meta.url);
  const child = new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--no-prompt",
      "--quiet",
      "--allow-all",
      script.href,
      ...args,
    ],
    stdout: "piped",
    env: { NO_COLOR: "1" },
  }).spawn();
  const lines: string[] = [];
  let last = performance.now();
  let rest = "";
  const limit = setTimeout(() => child.kill("SIGKILL"), 20_000);
  for await (const text of child.stdout.pipeThrough(new TextDecoderStream())) {
    last = performance.now();
    const parts = (rest + text).split("\n");
    rest = parts.pop()!;
    lines.push(...parts);
  }
  const { code } = await child.status;
  clearTimeout(limit);
  assert.equal(code, 0, lines.join("\n"));
  return { lines, lingered: (performance.now() - last) / 1000 };
}

const DISPOSED = "Cannot use the pipeline: it has been disposed";

for (
  const { moment, kept, first } of [
    { moment: "unstarted", kept: false, first: undefined },
    { moment: "suspended", kept: true, first: "a part came" },
    { moment: "vae-encode", kept: false, first: DISPOSED },
    { moment: "sampling", kept: true, first: DISPOSED },
    { moment: "vae-decode", kept: false, first: DISPOSED },
  ]
) {
  Deno.test(`a pipeline disposed at ${moment} ends, and says so`, async () => {
    const { lines, lingered } = await probe(moment, ...(kept ? ["kept"] : []));
    assert.deepEqual(lines, [
      ...(first === undefined ? [] : [first]),
      ...(first === DISPOSED
        ? ["next { done: true, value: undefined }"]
        : [DISPOSED]),
      DISPOSED,
      "disposed",
    ]);
    assert.ok(lingered < 1, `alive for ${lingered.toFixed(1)} s`);
  });
}
