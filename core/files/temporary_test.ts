import assert from "node:assert/strict";
import { join } from "node:path";
import { openAtomicFile, removeStaleTemp, writeFileAtomic } from "./files.ts";
import { createTemporary, findTemporary, moveAside } from "./temporary.ts";
import { temporaryFolder } from "../../tests/fixtures/temporary.ts";

/** A process that begins a file and waits until it is killed. */
async function writer(path: string): Promise<Deno.ChildProcess> {
  const files = new URL("./files.ts", import.meta.url).href;
  const child = new Deno.Command(Deno.execPath(), {
    args: [
      "eval",
      `import { openAtomicFile } from ${JSON.stringify(files)};
       const { file } = await openAtomicFile(${JSON.stringify(path)});
       await file.write(new Uint8Array(1000));
       console.log("begun");
       setInterval(() => {}, 1000);`,
    ],
    stdout: "piped",
  }).spawn();
  const reader = child.stdout.getReader();
  await reader.read();
  await reader.cancel();
  return child;
}

const namesIn = (folder: string) =>
  [...Deno.readDirSync(folder)].map(({ name }) => name).sort();

Deno.test("what a killed process left is cleared by the next one, what a living one writes is not", async () => {
  await using place = await temporaryFolder();
  const living = await writer(place.file("living.mp4"));
  const killed = await writer(place.file("killed.mp4"));
  killed.kill("SIGKILL");
  await killed.status;
  const owners = async () =>
    (await findTemporary(place.path)).map(({ path, size, owner }) =>
      `${/\.(\w+)\.mp4/.exec(path)![1]} ${size} ${owner}`
    ).sort();
  assert.deepEqual(await owners(), ["killed 1000 dead", "living 1000 alive"]);

  // A file of another name: the folder is cleared all the same.
  await writeFileAtomic(place.file("other.txt"), "x");
  assert.deepEqual(await owners(), ["living 1000 alive"]);

  living.kill("SIGKILL");
  await living.status;
  assert.equal((await removeStaleTemp(place.file("any"))).length, 1);
  assert.deepEqual(namesIn(place.path), ["other.txt"]);
});

Deno.test("only temporary files are cleared", async () => {
  await using place = await temporaryFolder();
  const names = [
    ".a.mp4.0123abcd.part", // ours
    "..000.resume.0123abcd.part", // ours, of a hidden file
    "a.safetensors.part", // a download that can be resumed
    ".a.mp4.0123abcd.part.txt",
    ".a.mp4.0123abc.part",
    "a.mp4.0123abcd.part",
    ".hidden",
  ];
  for (const name of names) await Deno.writeTextFile(place.file(name), "x");
  await Deno.mkdir(place.file(".folder.0123abcd.part"));
  const removed = await removeStaleTemp(place.file("any"));
  assert.deepEqual(
    removed.sort(),
    [names[1]!, names[0]!].map((name) => join(place.path, name)).sort(),
  );
  assert.equal(namesIn(place.path).length, names.length - 2 + 1);
  assert.deepEqual(await removeStaleTemp(place.file("no/such/folder")), []);
});

Deno.test("a file that is being written is not cleared by its own process", async () => {
  await using place = await temporaryFolder();
  await using pending = await openAtomicFile(place.file("a.txt"));
  assert.deepEqual(await removeStaleTemp(place.file("a.txt")), []);
  await pending.commit();
  assert.deepEqual(namesIn(place.path), ["a.txt"]);
});

Deno.test(
  "a file that is moved aside is temporary, and kept until it is closed",
  {
    sanitizeResources: true,
  },
  async () => {
    await using place = await temporaryFolder();
    const path = place.file("a.lock");
    await Deno.writeTextFile(path, "x");
    {
      const { file } = await createTemporary(place.file("b"));
      const [temporary] = await findTemporary(place.path);
      assert.equal(await moveAside(temporary!.path), undefined, "it is locked");
      file.close();
    }
    const { file } = (await moveAside(path))!;
    const owners = async () =>
      (await findTemporary(place.path)).map(({ owner }) => owner).sort();
    assert.deepEqual(await owners(), ["alive", "dead"]);
    assert.equal((await removeStaleTemp(path)).length, 1);
    file.close();
    assert.deepEqual(await owners(), ["dead"]);
    assert.equal((await removeStaleTemp(path)).length, 1);
    assert.equal(await moveAside(path), undefined, "it is gone");
  },
);

Deno.test("what happens to a temporary file between opening and locking it is seen", async () => {
  await using place = await temporaryFolder();
  const real = Deno.open;
  /** Opens a file, after which others do something with it, once. */
  const then = (others: (path: string) => Promise<void>) => {
    Deno.open = async (path, options) => {
      Deno.open = real;
      const file = await real(path, options);
      await others(String(path));
      return file;
    };
  };
  // One that clears the folder takes a new file for abandoned.
  then(Deno.remove);
  const { file, path } = await createTemporary(place.file("a"));
  assert.ok((await Deno.stat(path)).isFile);
  file.close();
  // Its writer finishes, and its name is free for another one.
  then((found) => Deno.rename(found, place.file("a")));
  assert.deepEqual(await findTemporary(place.path), []);
  assert.deepEqual(namesIn(place.path), ["a"]);
});

Deno.test("the longest name that the file system takes can be written", async () => {
  await using place = await temporaryFolder();
  for (const name of ["n".repeat(255), "ü".repeat(127)]) {
    await writeFileAtomic(place.file(name), "x");
    assert.equal(await Deno.readTextFile(place.file(name)), "x");
  }
});

Deno.test("many processes that write and clear one folder lose nothing", async () => {
  await using place = await temporaryFolder();
  const rounds = 40;
  await Promise.all(Array.from({ length: 4 }, async (_, lane) => {
    for (let i = 0; i < rounds; i++) {
      await writeFileAtomic(place.file(`${lane}-${i}`), "x");
      await removeStaleTemp(place.file("any"));
    }
  }));
  assert.equal(namesIn(place.path).length, 4 * rounds);
});
