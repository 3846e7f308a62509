import assert from "node:assert/strict";
import { trimMemory } from "./trim_memory.ts";

const glibc = Deno.build.os === "linux" && (() => {
  try {
    return Deno.dlopen("libc.so.6", {
      malloc: { parameters: ["usize"], result: "pointer" },
      free: { parameters: ["pointer"], result: "void" },
      malloc_trim: { parameters: ["usize"], result: "i32" },
    });
  } catch {
    return false;
  }
})();

Deno.test({
  name: "trimMemory() gives back what is free between used memory",
  ignore: !glibc,
  fn: () => {
    assert.ok(glibc);
    const { malloc, free } = glibc.symbols;
    const MB = 2 ** 20;
    const pieces = Array.from({ length: 64 * 1024 }, () => {
      const piece = malloc(1024n);
      new Uint8Array(Deno.UnsafePointerView.getArrayBuffer(piece!, 1024))
        .fill(1);
      return piece;
    });
    const last = pieces.pop()!; // above all others
    const full = Deno.memoryUsage().rss;
    for (const piece of pieces) free(piece);
    const freed = Deno.memoryUsage().rss;
    trimMemory();
    const trimmed = Deno.memoryUsage().rss;
    free(last);
    console.log(
      `full ${full / MB} MB, freed ${freed / MB} MB, trimmed ${
        trimmed / MB
      } MB`,
    );
    assert.ok(full - freed < 16 * MB, "glibc has given it back by itself");
    assert.ok(freed - trimmed > 48 * MB, `${(freed - trimmed) / MB} MB`);
  },
});
