/** Some thousand mutations for every reader, and what once failed. */

import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import {
  faultOf,
  type FuzzedReader,
  fuzzedReaders,
  generator,
  mutate,
  slowReaders,
} from "./fixtures/fuzz_readers.ts";
import { temporaryFolder } from "./fixtures/temporary.ts";

const EACH = 250;

Deno.test("every reader reads a mutated file or refuses it in words of its own", async () => {
  await using temporary = await temporaryFolder();
  const failures: string[] = [];
  let refused = 0, count = 0;
  for (const reader of await fuzzedReaders(temporary.path)) {
    const random = generator(12345);
    for (const seed of reader.seeds) await reader.read(Uint8Array.from(seed));
    for (let i = 0; i < EACH; i++, count++) {
      const bytes = mutate(reader.seeds[i % reader.seeds.length]!, random);
      const watched: FuzzedReader = {
        ...reader,
        async read(bytes) {
          refused++;
          await reader.read(bytes);
          refused--;
        },
      };
      const fault = await faultOf(watched, bytes);
      if (fault !== undefined) failures.push(`${reader.name} ${i}: ${fault}`);
    }
  }
  console.log(`${count} mutations, ${refused} refused`);
  assert.deepEqual(failures, []);
  assert.ok(refused > count / 4, "the mutations change nothing");
});

Deno.test("what once failed is read or refused", async () => {
  await using temporary = await temporaryFolder();
  const readers = [
    ...await fuzzedReaders(temporary.path),
    ...await slowReaders(temporary.path),
  ];
  const corpus = fileURLToPath(new URL("./fixtures/fuzz/", import.meta.url));
  let replayed = 0;
  for (const { name } of Deno.readDirSync(corpus)) {
    if (!name.endsWith(".bin")) continue;
    const reader = readers.find((reader) => name.startsWith(`${reader.name}.`));
    assert.ok(reader, `${name}: no such reader`);
    const bytes = await Deno.readFile(`${corpus}${name}`);
    assert.equal(await faultOf(reader, bytes), undefined, name);
    replayed++;
  }
  console.log(`${replayed} files replayed`);
  assert.ok(replayed > 0);
});
