import assert from "node:assert/strict";
import { createModelEngine } from "./model_engine.ts";
import {
  openSmall,
  SMALL,
  SMALL_JOB,
} from "../../tests/fixtures/small_generation.ts";
import { temporaryFolder } from "../../tests/fixtures/temporary.ts";

Deno.test("a drawn seed is kept between two runs; a damaged one is told and drawn again", async () => {
  await using temporary = await temporaryFolder();
  await using engine = await createModelEngine({
    pipeline: await openSmall(),
    settings: SMALL,
  });
  const { seed: _, overrides: __, ...job } = SMALL_JOB;
  const workDir = { folder: temporary.path, name: "000" };
  const notes: string[] = [];
  const prepare = () =>
    engine.prepare!(job, { workDir, onNote: (note) => notes.push(note) });
  const first = await prepare();
  assert.equal((await prepare()).seed, first.seed);
  assert.deepEqual(notes, []);

  const path = temporary.file(".000.seed");
  const bytes = await Deno.readFile(path);
  const at = new TextDecoder().decode(bytes).indexOf(String(first.seed));
  bytes[at]! ^= 1; // another digit
  await Deno.writeFile(path, bytes);
  const drawn = await prepare();
  assert.notEqual(drawn.seed, first.seed);
  assert.equal(notes.length, 1);
  assert.match(notes[0]!, /^draws another seed: .*\.000\.seed": it is damaged/);
  assert.equal((await prepare()).seed, drawn.seed);
});
