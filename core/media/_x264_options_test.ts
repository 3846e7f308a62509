import assert from "node:assert/strict";
import { repeatableX264 } from "./_x264_options.ts";

Deno.test("x264 is held back where the processor has AVX-512, and only there", async () => {
  const options = repeatableX264();
  const facts = await Deno.readTextFile("/proc/cpuinfo").catch(() => "");
  const has = /^flags\s*:.*\bavx512f\b/m.test(facts);
  console.log(`AVX-512: ${has}, x264 is told ${JSON.stringify(options)}`);
  const expected = has && glibc() >= 2.33 ? { "x264-params": "asm=AVX2" } : {};
  assert.deepEqual(options, expected);
});

/** The version of the C library as a number; 0 where it is another one. */
function glibc(): number {
  try {
    const library = Deno.dlopen("libc.so.6", {
      gnu_get_libc_version: { parameters: [], result: "pointer" },
    });
    const version = library.symbols.gnu_get_libc_version();
    const text = version === null
      ? "0"
      : new Deno.UnsafePointerView(version).getCString();
    library.close();
    return Number(text);
  } catch {
    return 0;
  }
}
