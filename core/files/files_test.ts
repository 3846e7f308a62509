import assert from "node:assert/strict";
import {
  fileExists,
  freeSpace,
  openAtomicFile,
  openFileSource,
  readFileBytes,
  removeStaleTemp,
  writeFileAtomic,
} from "./files.ts";
import { FormatError } from "../base/errors.ts";
import { fileError } from "./file_error.ts";
import { temporaryFolder } from "../../tests/fixtures/temporary.ts";

function namesIn(folder: string): string[] {
  return [...Deno.readDirSync(folder)].map(({ name }) => name).sort();
}

Deno.test("writeFileAtomic() makes folders, and leaves nothing but the file", async () => {
  await using place = await temporaryFolder();
  const path = `${place.path}/a/b ü/c.txt`;
  await writeFileAtomic(path, "one");
  assert.equal(await Deno.readTextFile(path), "one");
  assert.deepEqual(namesIn(`${place.path}/a/b ü`), ["c.txt"]);
});

Deno.test("writeFileAtomic() replaces a file only when it is told to", async () => {
  await using place = await temporaryFolder();
  const path = `${place.path}/a.txt`;
  await writeFileAtomic(path, "one");
  await assert.rejects(writeFileAtomic(path, "two"), {
    name: "AlreadyExists",
    message: /a\.txt": it already exists\nHINT/,
  });
  assert.equal(await Deno.readTextFile(path), "one");
  await writeFileAtomic(path, "two", { overwrite: true });
  assert.equal(await Deno.readTextFile(path), "two");
  assert.deepEqual(namesIn(place.path), ["a.txt"]);
});

Deno.test("openAtomicFile() shows nothing before the end, and nothing of what was given up", async () => {
  await using place = await temporaryFolder();
  const path = `${place.path}/a.txt`;
  {
    await using pending = await openAtomicFile(path);
    await pending.file.write(new Uint8Array(9));
    assert.equal(await fileExists(path), false);
    assert.equal(namesIn(place.path).length, 1);
  }
  assert.deepEqual(namesIn(place.path), []);
});

Deno.test("openAtomicFile() does not replace a file that came meanwhile", async () => {
  await using place = await temporaryFolder();
  const path = `${place.path}/a.txt`;
  await using pending = await openAtomicFile(path);
  await pending.file.write(new Uint8Array(9));
  await Deno.writeTextFile(path, "theirs");
  await assert.rejects(pending.commit(), Deno.errors.AlreadyExists);
  assert.equal(await Deno.readTextFile(path), "theirs");
  assert.deepEqual(namesIn(place.path), ["a.txt"]);
});

Deno.test("what cannot be written to is reported, before anything is written", async () => {
  await using place = await temporaryFolder();
  await Deno.writeTextFile(`${place.path}/file`, "");
  await Deno.mkdir(`${place.path}/folder`);
  for (
    const [path, state] of [
      ["file/a.txt", /a part of its path is a file, expected a folder/],
      ["file/b/a.txt", /a part of its path is a file, expected a folder/],
      ["folder", /it is a folder, expected a file/],
      ["n".repeat(300), /its name is too long/],
    ] as const
  ) {
    for (const overwrite of [false, true]) {
      await assert.rejects(
        writeFileAtomic(`${place.path}/${path}`, "x", { overwrite }),
        ({ message }) => {
          assert.match(message, /^Cannot write "/);
          assert.match(message, state);
          return true;
        },
      );
    }
  }
  assert.deepEqual(namesIn(place.path), ["file", "folder"]);
});

Deno.test("what cannot be read is reported", {
  sanitizeResources: true,
}, async () => {
  await using place = await temporaryFolder();
  await Deno.writeTextFile(`${place.path}/file`, "12345");
  for (const path of [place.path, `${place.path}/file/x`, `${place.path}/no`]) {
    await assert.rejects(readFileBytes(path), /Cannot read ".*": /);
    assert.throws(() => openFileSource(path), /Cannot read ".*": /);
  }
  await assert.rejects(
    readFileBytes(`${place.path}/file`, { limit: 4 }),
    /it has 5 bytes, expected at most 4/,
  );
  const whole = await readFileBytes(`${place.path}/file`, { limit: 5 });
  assert.equal(whole.length, 5);
  assert.equal(await fileExists(`${place.path}/file/x`), false);
  assert.equal(await fileExists(place.path), false);
  using source = openFileSource(`${place.path}/file`);
  assert.deepEqual([...source.read(3, 2)], [0x34, 0x35]);
  assert.throws(() => source.read(4, 2), FormatError);
  source.close();
  source.close();
  assert.throws(() => source.read(0, 1), /file": it has been closed/);
});

Deno.test("fileError() keeps the class, the code and the cause, and touches nothing else", () => {
  const system = Object.assign(
    new Deno.errors.PermissionDenied("Permission denied (os error 13)"),
    { code: "EACCES" },
  );
  const told = fileError("read", "a", system) as Error & { code: string };
  assert.ok(told instanceof Deno.errors.PermissionDenied);
  assert.equal(told.message, 'Cannot read "a": permission denied');
  assert.equal(told.cause, system);
  assert.equal(told.code, "EACCES");
  for (
    const other of [
      new TypeError("no"),
      new Deno.errors.NotCapable("no"),
      "no",
      undefined,
    ]
  ) assert.equal(fileError("read", "a", other), other);
});

Deno.test("removeStaleTemp() removes every leftover in the folder and nothing else", async () => {
  await using place = await temporaryFolder();
  const path = `${place.path}/b.txt`;
  const others = [
    ".b.txt.part",
    ".b.txt.0123456.part",
    ".b.txt.01234567.part.json",
    ".b.txt.0123456g.part",
    "b.txt",
    "b.txt.01234567.part",
  ];
  const leftovers = Array.from(
    { length: 9 },
    (_, i) => `.b.txt.${i}9abcdef.part`.slice(0, 15) + ".part",
  );
  leftovers.push(".a.txt.01234567.part", "..c.resume.01234567.part");
  for (const name of [...leftovers, ...others]) {
    await Deno.writeTextFile(`${place.path}/${name}`, "");
  }
  await removeStaleTemp(path);
  assert.deepEqual(namesIn(place.path), others.sort());
  await removeStaleTemp(`${place.path}/missing/b.txt`);
});

Deno.test("what a killed process had begun to write is removed, nothing else", async () => {
  await using place = await temporaryFolder();
  const path = `${place.path}/a.txt`;
  const { file } = await openAtomicFile(path);
  file.close(); // as if the process ended here
  await Deno.writeTextFile(`${place.path}/.a.txt.notes`, "mine");
  await removeStaleTemp(path);
  assert.deepEqual(namesIn(place.path), [".a.txt.notes"]);
  await removeStaleTemp(`${place.path}/no/such/folder.txt`);
});

Deno.test("free space is that of the nearest folder that exists", async () => {
  assert.ok(await freeSpace("./not/yet/there") > 0);
});
