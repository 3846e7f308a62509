import assert from "node:assert/strict";

const glibc = Deno.build.os === "linux" && (() => {
  try {
    Deno.dlopen("libc.so.6", {
      malloc_trim: { parameters: ["usize"], result: "i32" },
    }).close();
    return true;
  } catch {
    return false;
  }
})();

Deno.test({
  name: "trimMemory() gives back what is free between used memory",
  ignore: !glibc,
  fn: async () => {
    const probe = new URL(
      "../../tests/fixtures/trim_probe.ts",
      import.meta.url,
    );
    const { stdout } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "--no-prompt", "--no-check", "--allow-all", probe.href],
      stderr: "inherit",
    }).output();
    const { all, freed, trimmed } = JSON.parse(
      new TextDecoder().decode(stdout),
    );
    console.log(
      `of ${all} pages ${freed} were there after free, ${trimmed} after trimming`,
    );
    assert.ok(freed > 0.9 * all, `${freed} of ${all}`);
    // Without trimming all stay.
    assert.ok(trimmed < 0.5 * all, `${trimmed} of ${all}`);
  },
});
