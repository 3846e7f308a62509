/**
 * The x264 options besides quality and speed.
 */

/** Which leaf of the processor's features has AVX2 and AVX-512 in it. */
const LEAF = 1;
/** Where in the leaf the bits that the system lets programs use are: EBX. */
const ACTIVE_EBX = 20;
/** The bit of AVX-512 Foundation there. */
const AVX512F = 1 << 16;

let known: Readonly<Record<string, string>> | undefined;

/**
 * Options of libx264 under which the same frames give the same bytes.
 *
 * With x264's AVX-512 code its macroblock trees are not repeatable: from one
 * run to the next the stream differs a little (seen at widths of 96, 416, 480,
 * 720 and 832 px, not at 256, 640 and 1280; never without these trees, nor with
 * AVX2). So where the processor has AVX-512, x264 is told to stay with AVX2,
 * which each of these processors has too. It is asked of glibc, from version
 * 2.33 on; on other systems nothing is changed.
 */
export function repeatableX264(): Readonly<Record<string, string>> {
  return known ??= hasAvx512() ? { "x264-params": "asm=AVX2" } : {};
}

function hasAvx512(): boolean {
  if (Deno.build.os !== "linux" || Deno.build.arch !== "x86_64") return false;
  try {
    const library = Deno.dlopen("libc.so.6", {
      __x86_get_cpuid_feature_leaf: { parameters: ["u32"], result: "pointer" },
    });
    const leaf = library.symbols.__x86_get_cpuid_feature_leaf(LEAF);
    const bits = leaf === null
      ? 0
      : new Deno.UnsafePointerView(leaf).getUint32(ACTIVE_EBX);
    library.close();
    return (bits & AVX512F) !== 0;
  } catch {
    return false; // another C library, an older one, or it is not permitted
  }
}
