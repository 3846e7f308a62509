import assert from "node:assert/strict";

Deno.test({
  name: "a signal ends the process at once while it computes without a pause",
  ignore: Deno.build.os === "windows",
  fn: async () => {
    const child = new Deno.Command(Deno.execPath(), {
      args: ["run", "--no-prompt", "--quiet", "-"],
      stdin: "piped",
      stdout: "piped",
      stderr: "null",
    }).spawn();
    const writer = child.stdin.getWriter();
    await writer.write(new TextEncoder().encode(`
      import { endedAtOnce, runTool } from ${
      JSON.stringify(import.meta.resolve("./tool.ts"))
    };
      await runTool({ script: "a.ts", permissions: "" }, async () => {
        await endedAtOnce(() => {
          console.log("computing");
          const end = Date.now() + 60_000;
          while (Date.now() < end);
        });
        return 0;
      });
    `));
    await writer.close();
    const reader = child.stdout.getReader();
    await reader.read(); // it computes now
    child.kill("SIGTERM");
    const { signal } = await child.status;
    await reader.cancel();
    assert.equal(signal, "SIGTERM");
  },
});
