/**
 * How soon a hostile header is given up, next to the plain parse of the same
 * text: `deno bench core/formats/safetensors_bench.ts`.
 */

import { memorySource } from "../base/byte_source.ts";
import { readSafetensors } from "./safetensors.ts";

/**
 * Nearly 100 MB: as many tensors as a header may hold, all at byte 0, or each
 * one overlapping the next.
 */
function hostile(dataLength: number, step: 0 | 1): Uint8Array {
  const entries: string[] = [];
  let size = 2;
  for (let i = 0; size < 99_900_000; i++) {
    const begin = i * step;
    const entry = `"${
      i.toString(36)
    }":{"dtype":"U8","shape":[2],"data_offsets":[${begin},${begin + 2}]}`;
    entries.push(entry);
    size += entry.length + 1;
  }
  const header = new TextEncoder().encode(`{${entries.join(",")}}`);
  const bytes = new Uint8Array(8 + header.length + dataLength);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(header.length), true);
  bytes.set(header, 8);
  return bytes;
}

const few = memorySource(hostile(1000, 0), "few bytes");
const enough = memorySource(hostile(5_000_000, 1), "enough bytes");

function refuse(source: typeof few): void {
  try {
    readSafetensors(source);
  } catch {
    return;
  }
  throw new Error("the overlap was not seen");
}

Deno.bench("JSON.parse of a 100 MB header", {
  group: "hostile",
  baseline: true,
  n: 3,
  warmup: 0,
}, () => {
  JSON.parse(new TextDecoder().decode(few.read(8, few.size - 8 - 1000)));
});

Deno.bench("2 million tensors at one byte", {
  group: "hostile",
  n: 3,
  warmup: 0,
}, () => refuse(few));

Deno.bench("2 million tensors, each over half of the next", {
  group: "hostile",
  n: 3,
  warmup: 0,
}, () => refuse(enough));
