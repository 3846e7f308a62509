/**
 * `deno task fuzz [--minutes N] [--seed S]`: mutated files for every reader.
 * What fails is written to tests/fixtures/fuzz, where the tests replay it.
 *
 * @module
 */

import { parseArgs } from "node:util";
import { fileURLToPath } from "node:url";
import {
  faultOf,
  fuzzedReaders,
  generator,
  mutate,
  slowReaders,
} from "./fixtures/fuzz_readers.ts";

const { values } = parseArgs({
  args: Deno.args,
  options: {
    minutes: { type: "string", default: "1" },
    seed: { type: "string", default: String(Date.now() % 2 ** 32) },
  },
});
const minutes = Number(values.minutes), seed = Number(values.seed);
if (!(minutes > 0) || !Number.isSafeInteger(seed)) {
  console.error("expected --minutes above 0 and --seed a whole number");
  Deno.exit(2);
}
console.log(`seed ${seed}, ${minutes} minutes`);
const folder = await Deno.makeTempDir();
const readers = [
  ...await fuzzedReaders(folder),
  ...await slowReaders(folder),
];
const random = generator(seed);
const end = performance.now() + minutes * 60_000;
const corpus = fileURLToPath(new URL("./fixtures/fuzz/", import.meta.url));
let count = 0, failures = 0;
const seen = new Set<string>();
for (; performance.now() < end; count++) {
  const reader = readers[count % readers.length]!;
  const bytes = mutate(reader.seeds[random(reader.seeds.length)]!, random);
  const fault = await faultOf(reader, bytes);
  if (fault === undefined) continue;
  failures++;
  // One file for each kind of fault.
  const kind = `${reader.name} ${fault.split("\n").slice(0, 2).join()}`;
  if (seen.has(kind)) continue;
  seen.add(kind);
  const path = `${corpus}${reader.name}.${seed}-${count}.bin`;
  await Deno.writeFile(path, bytes);
  console.log(`${path}\n  ${fault.split("\n").slice(0, 4).join("\n  ")}`);
}
await Deno.remove(folder, { recursive: true });
console.log(`${count} mutations, ${failures} failures`);
Deno.exit(failures > 0 ? 1 : 0);
