import assert from "node:assert/strict";
import { outputOf, watchJobFiles } from "./watch.ts";
import { temporaryFolder } from "../../tests/fixtures/temporary.ts";

const FAST = { intervalMs: 20, revisitMs: 60 };

Deno.test("watchJobFiles() gives what is there, what is added and what changes, each once", async () => {
  await using temporary = await temporaryFolder();
  const write = (name: string, text: string) =>
    Deno.writeTextFile(temporary.file(name), text);
  await write("b.yaml", "1");
  await write("a.YML", "1");
  await write(".hidden.yaml", "1");
  await write("c.txt", "1");
  await Deno.mkdir(temporary.file("d.yaml"));
  const controller = new AbortController();
  const files = watchJobFiles(temporary.path, {
    ...FAST,
    signal: controller.signal,
  });
  const next = async () => {
    const { value } = await files.next();
    return value!.path.slice(temporary.path.length + 1);
  };
  assert.deepEqual([await next(), await next()], ["a.YML", "b.yaml"]);
  setTimeout(() => write("e.yaml", "1"), 50);
  assert.equal(await next(), "e.yaml");
  await write("b.yaml", "changed");
  assert.equal(await next(), "b.yaml");

  // Nothing more: the next one comes only after it was asked for again.
  const [waiting, early] = [files.next(), Symbol()];
  const pause = new Promise((done) => setTimeout(() => done(early), 200));
  assert.equal(await Promise.race([waiting, pause]), early);
  await write("a.YML", "changed");
  const { value } = await waiting;
  value!.revisit();
  assert.equal(await next(), "a.YML");

  setTimeout(() => controller.abort(new Error("stop")), 20);
  await assert.rejects(files.next(), /stop/);
});

Deno.test("watchJobFiles() does not take a file that still grows", async () => {
  await using temporary = await temporaryFolder();
  const path = temporary.file("a.yaml");
  const controller = new AbortController();
  const files = watchJobFiles(temporary.path, {
    intervalMs: 60,
    signal: controller.signal,
  });
  const first = files.next();
  let text = "";
  for (let i = 0; i < 30; i++) {
    await Deno.writeTextFile(path, text += "- line\n");
    await new Promise((done) => setTimeout(done, 10));
  }
  let finished = false;
  void first.then(() => finished = true);
  await new Promise((done) => setTimeout(done, 0));
  assert.equal(finished, false, "taken while it was written");
  assert.equal((await first).value!.path, path);
  await files.return();
});

Deno.test("watchJobFiles() wants a folder, and outputs are named after the job file", async () => {
  const { signal } = new AbortController();
  await assert.rejects(
    watchJobFiles("no/such/folder", { signal }).next(),
    /Cannot watch "no\/such\/folder": no such folder/,
  );
  assert.equal(outputOf("queue/night run.yaml", "out"), "out/night run");
});
