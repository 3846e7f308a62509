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

/** How many of these pages of this process are in memory. */
function presentPages(pages: ReadonlySet<bigint>): number {
  using map = Deno.openSync("/proc/self/pagemap");
  const entry = new DataView(new ArrayBuffer(8));
  let present = 0;
  for (const page of pages) {
    map.seekSync(page * 8n, Deno.SeekMode.Start);
    assert.equal(map.readSync(new Uint8Array(entry.buffer)), 8);
    present += entry.getUint8(7) >> 7; // bit 63
  }
  return present;
}

/**
 * Pages of freed memory that is between used memory: how many there are, how
 * many of them are in memory, and how many after trimming.
 */
function trimPages({ malloc, free }: {
  malloc(size: bigint): Deno.PointerValue;
  free(piece: Deno.PointerValue): void;
}): { all: number; freed: number; trimmed: number } {
  const pieces = Array.from({ length: 16 * 1024 }, () => {
    const piece = malloc(1024n)!;
    new Uint8Array(Deno.UnsafePointerView.getArrayBuffer(piece, 1024))
      .fill(1);
    return piece;
  });
  // One in 1,024 stays in use, and the last one above all others.
  const isUsed = (i: number) => i % 1024 === 0 || i === pieces.length - 1;
  // Other tests run in this process: its size says nothing, its pages do.
  const pages = new Set(
    pieces.map((piece) => Deno.UnsafePointer.value(piece) / 4096n),
  );
  for (const [i, piece] of pieces.entries()) if (!isUsed(i)) free(piece);
  const freed = presentPages(pages);
  trimMemory();
  const trimmed = presentPages(pages);
  for (const [i, piece] of pieces.entries()) if (isUsed(i)) free(piece);
  return { all: pages.size, freed, trimmed };
}

Deno.test({
  name: "trimMemory() gives back what is free between used memory",
  ignore: !glibc,
  fn: () => {
    assert.ok(glibc);
    let pages = trimPages(glibc.symbols);
    // Another test of this process may have trimmed before.
    for (let more = 9; more > 0 && pages.freed <= 0.9 * pages.all; more--) {
      pages = trimPages(glibc.symbols);
    }
    const { all, freed, trimmed } = pages;
    console.log(
      `of ${all} pages ${freed} were there after free, ${trimmed} after trimming`,
    );
    assert.ok(freed > 0.9 * all, `${freed} of ${all}`);
    // Without trimming all stay. Other tests may take some of them meanwhile.
    assert.ok(trimmed < 0.5 * all, `${trimmed} of ${all}`);
  },
});
