import assert from "node:assert/strict";
import { join } from "node:path";
import { JobFileError } from "./job_file.ts";
import { readJobs, tryReadJobs } from "./read_jobs.ts";
import {
  type TemporaryFolder,
  temporaryFolder,
} from "../../tests/fixtures/temporary.ts";

/** A new folder with (empty) files in it. */
async function folderOf(...paths: string[]): Promise<TemporaryFolder> {
  const folder = await temporaryFolder();
  for (const path of paths) {
    await Deno.mkdir(join(folder.file(path), ".."), { recursive: true });
    await Deno.writeTextFile(folder.file(path), "");
  }
  return folder;
}

async function writeJobs(folder: string, text: string): Promise<string> {
  const path = join(folder, "test.yaml");
  await Deno.writeTextFile(path, text);
  return path;
}

Deno.test("readJobs() looks next to the job file first, then in the working directory", async () => {
  await using temporary = await folderOf("images/a.jpg", "deno.json");
  const folder = temporary.path;
  // deno.json is in both places; mod.ts only in the working directory.
  const path = await writeJobs(
    folder,
    "- {image: images/a.jpg, text: x, track: mod.ts}\n" +
      "- {image: deno.json, text: x, track: ./mod.ts}\n" +
      `- {image: ${join(folder, "deno.json")}, text: x, track: mod.ts}\n`,
  );
  const jobs = await readJobs(path);
  assert.deepEqual(
    jobs.map(({ imageFile, trackFile }) => [imageFile, trackFile]),
    [
      [
        { path: join(folder, "images/a.jpg"), from: "job file's folder" },
        { path: "mod.ts", from: "working directory" },
      ],
      [
        { path: join(folder, "deno.json"), from: "job file's folder" },
        { path: "./mod.ts", from: "working directory" },
      ],
      [
        { path: join(folder, "deno.json"), from: "absolute path" },
        { path: "mod.ts", from: "working directory" },
      ],
    ],
  );
});

Deno.test("readJobs() reports missing files and faults in the text together", async () => {
  await using temporary = await folderOf("a.jpg", "a.pth", "folder/inside");
  const folder = temporary.path;
  const path = await writeJobs(
    folder,
    "- image: no.jpg\n  text: x\n  track: folder\n" +
      "- image: a.jpg\n  text:\n  track: a.pth\n" +
      "- image: a.jpg\n  text: fine\n  track: a.pth\n",
  );
  await assert.rejects(readJobs(path), (error) => {
    assert.ok(error instanceof JobFileError);
    assert.deepEqual(error.problems.map(({ line }) => line), [1, 3, 5]);
    const lines = error.message.split("\n");
    assert.match(lines[0]!, /^Cannot use the job file ".*": it has 3 problems/);
    assert.match(lines[1]!, /^ {2}line 1: image is "no.jpg": no such file/);
    assert.match(lines[2]!, /^ {2}line 3: track is "folder": no such file/);
    assert.match(lines[3]!, /^ {2}line 5: text is empty \(null\)/);
    return true;
  });
  const { jobs, problems } = await tryReadJobs(path);
  assert.deepEqual(jobs.map(({ index }) => index), [2]);
  assert.equal(problems.length, 3);
});

Deno.test("readJobs() says when there is no job file", async () => {
  await assert.rejects(
    readJobs("no/such/file.yaml"),
    /Cannot read "no\/such\/file.yaml": no such file/,
  );
});

Deno.test("readJobs() refuses what is no text", async () => {
  await using temporary = await folderOf();
  const folder = temporary.path;
  const path = join(folder, "test.yaml");
  await Deno.writeFile(path, new Uint8Array([0x2d, 0x20, 0xff, 0xfe]));
  await assert.rejects(readJobs(path), /it is no UTF-8 text/);
});
