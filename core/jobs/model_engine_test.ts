import assert from "node:assert/strict";
import { createModelEngine } from "./model_engine.ts";
import { loadTensors, storeTensors } from "../pipeline/tensor_store.ts";
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

Deno.test("files of someone else next to a video are neither replaced nor removed", async () => {
  await using temporary = await temporaryFolder();
  const open = async (options: object) =>
    await createModelEngine({
      pipeline: await openSmall(),
      settings: SMALL,
      ...options,
    });
  await using plain = await open({});
  await using keeping = await open({ previewEvery: 1, keepLatent: true });
  const workDir = { folder: temporary.path, name: "boat" };
  const preview = temporary.file("boat_preview.png");
  const latent = temporary.file("boat.safetensors");
  await keeping.checkFiles!(workDir);
  for (const path of [preview, latent]) {
    await Deno.writeTextFile(path, "mine");
    await assert.rejects(
      keeping.checkFiles!(workDir),
      ({ message }) => message.includes(`Cannot write ${JSON.stringify(path)}`),
    );
    await plain.checkFiles!(workDir);
    await Deno.remove(path);
  }
  // Its own preview is there while the item is made, and goes at the end.
  const { seed: _, overrides: __, ...job } = SMALL_JOB;
  await plain.prepare!(job, { workDir });
  await Deno.writeTextFile(preview, "mine");
  await plain.cleanup!(workDir);
  assert.equal(await Deno.readTextFile(preview), "mine");
  await keeping.prepare!(job, { workDir });
  await keeping.checkFiles!(workDir);
  await plain.prepare!(job, { workDir }); // goes on without previews
  // What an earlier version kept says nothing of previews.
  const kept = (await loadTensors(temporary.file(".boat.seed")))!;
  const { hasPreviews, ...drawn } = JSON.parse(kept.texts["drawn"]!);
  assert.equal(hasPreviews, true);
  await storeTensors(temporary.file(".boat.seed"), {
    tensors: {},
    texts: { drawn: JSON.stringify(drawn) },
  });
  await plain.cleanup!(workDir);
  assert.deepEqual([...Deno.readDirSync(temporary.path)], []);
});

Deno.test("a recipe tells injected numbers from none, and from others", async () => {
  const pipeline = await openSmall();
  const { overrides, ...job } = SMALL_JOB;
  const injected = async (options: object) => {
    const all = { pipeline, settings: SMALL, ...options };
    return (await createModelEngine(all)).recipe(job)["injected"];
  };
  assert.equal(await injected({}), null);
  const one = await injected({ overrides });
  assert.match(String(one), /^[0-9a-f]{64}$/);
  const noise = (value: number) => ({
    ...overrides,
    noise: { dims: [1], data: Float32Array.of(value) },
  });
  const [two, three] = [
    await injected({ overrides: noise(1) }),
    await injected({ overrides: noise(2) }),
  ];
  assert.equal(new Set([one, two, three]).size, 3);
  await pipeline[Symbol.asyncDispose]();
});

Deno.test("a prompt is extended when a run goes on that was begun without", async () => {
  await using temporary = await temporaryFolder();
  const pipeline = await openSmall();
  const workDir = { folder: temporary.path, name: "000" };
  const { seed: _, overrides: __, ...job } = SMALL_JOB;
  await using plain = await createModelEngine({ pipeline, settings: SMALL });
  const { seed } = await plain.prepare!(job, { workDir });
  const extending = await createModelEngine({
    pipeline,
    settings: SMALL,
    extendPrompt: ({ prompt }) => Promise.resolve(`${prompt}, long`),
  });
  const extended = await extending.prepare!(job, { workDir });
  assert.deepEqual(
    [extended.prompt, extended.seed],
    [`${job.prompt}, long`, seed],
  );
});
