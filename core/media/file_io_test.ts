import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { type Libav, loadLibav } from "./_libav.ts";
import { readingIo, reuseFileIo, writingIo } from "./file_io.ts";
import { temporaryFolder } from "../../tests/fixtures/temporary.ts";

const failed = (error: unknown) => {
  throw error;
};

/** libav that counts the contexts made and freed. */
async function countingLibav() {
  const av = await loadLibav();
  const count = { made: 0, freed: 0 };
  class IOContext extends av.IOContext {
    constructor() {
      super();
      count.made++;
    }
    override freeContext() {
      count.freed++;
      super.freeContext();
    }
  }
  return { av: { ...av, IOContext } as Libav, count };
}

/** Writes bytes into a file through libav. */
async function write(av: Libav, path: string, bytes: Uint8Array) {
  using file = await Deno.open(path, { write: true, create: true });
  const io = await writingIo(av, file, failed);
  await io.context.write(Buffer.from(bytes));
  await io.context.flush();
  await io.release();
}

/** What libav reads of bytes. */
async function read(av: Libav, bytes: Uint8Array<ArrayBuffer>) {
  const io = await readingIo(av, {
    size: bytes.length,
    read: (offset, length) => bytes.slice(offset, offset + length),
  }, failed);
  const found = await io.context.read(bytes.length);
  await io.release();
  return [...found as Uint8Array];
}

Deno.test("contexts that are used again begin with the next file's bytes", async () => {
  await using folder = await temporaryFolder();
  const { av, count } = await countingLibav();
  {
    using _reuse = reuseFileIo();
    for (const value of [1, 2, 3]) {
      const bytes = new Uint8Array(40 * value).fill(value);
      const path = folder.file(`${value}.bin`);
      await write(av, path, bytes);
      assert.deepEqual(await Deno.readFile(path), bytes);
      assert.deepEqual(await read(av, bytes), [...bytes]);
    }
    assert.deepEqual(count, { made: 2, freed: 0 });
  }
  assert.equal(count.freed, 2);
  await read(av, new Uint8Array(4));
  assert.deepEqual(count, { made: 3, freed: 3 });
});

Deno.test("of many contexts at once eight are kept", async () => {
  const { av, count } = await countingLibav();
  {
    using _reuse = reuseFileIo();
    const source = { size: 0, read: () => new Uint8Array() };
    const all = await Promise.all(
      Array.from({ length: 10 }, () => readingIo(av, source, failed)),
    );
    for (const io of all) await io.release();
    assert.deepEqual(count, { made: 10, freed: 2 });
  }
  assert.equal(count.freed, 10);
});

Deno.test("what a context given up has not written goes nowhere", async () => {
  await using folder = await temporaryFolder();
  const { av } = await countingLibav();
  using _reuse = reuseFileIo();
  const path = folder.file("a.bin");
  {
    using file = await Deno.open(path, { write: true, create: true });
    const io = await writingIo(av, file, failed);
    await io.context.write(Buffer.from([7, 7, 7]));
    await io.release();
  }
  await write(av, folder.file("b.bin"), Uint8Array.of(1, 2));
  assert.equal((await Deno.stat(path)).size, 0);
  assert.deepEqual([...await Deno.readFile(folder.file("b.bin"))], [1, 2]);
});

Deno.test("a context whose file failed is not used again", async () => {
  const { av, count } = await countingLibav();
  using _reuse = reuseFileIo();
  const failures: unknown[] = [];
  const io = await readingIo(av, {
    size: 8,
    read: () => {
      throw new Error("the disk is gone");
    },
  }, (error) => failures.push(error));
  assert.ok(await io.context.read(8) as number < 0);
  await io.release();
  assert.deepEqual(failures.map(String), ["Error: the disk is gone"]);
  assert.deepEqual(count, { made: 1, freed: 1 });
});
