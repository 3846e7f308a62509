import assert from "node:assert/strict";
import { dirname, join, relative } from "node:path";
import { planJobsCopy } from "./copy_jobs.ts";
import { readJobs } from "./read_jobs.ts";
import { temporaryFolder } from "../../tests/fixtures/temporary.ts";

const ENTRY =
  "# mine\n- image: a.jpg # seen\n  text: Hi.\n  track: sub/a.pth\n";

/** A folder with a job file and its inputs, gone afterwards. */
async function withJobs(
  body: (jobFile: string, folder: string) => Promise<void>,
): Promise<void> {
  await using temporary = await temporaryFolder();
  const folder = temporary.path;
  await Deno.mkdir(join(folder, "jobs/sub"), { recursive: true });
  await Deno.writeTextFile(join(folder, "jobs/a.jpg"), "");
  await Deno.writeTextFile(join(folder, "jobs/sub/a.pth"), "");
  const jobFile = join(folder, "jobs/mine.yaml");
  await Deno.writeTextFile(jobFile, ENTRY);
  await body(jobFile, folder);
}

const copyTo = (jobFile: string, folder: string) =>
  planJobsCopy({
    text: ENTRY,
    jobFile,
    folder,
    items: [{
      index: 0,
      image: join(dirname(jobFile), "a.jpg"),
      track: join(dirname(jobFile), "sub/a.pth"),
    }],
  });

Deno.test("planJobsCopy() writes paths that are found from the copy", () =>
  withJobs(async (jobFile, folder) => {
    // Relative inputs, as they come from the command line.
    const given = relative(Deno.cwd(), jobFile);
    // From a folder behind a link, .. leads up from where it really lies.
    await Deno.mkdir(join(folder, "far/away/really"), { recursive: true });
    await Deno.symlink(join(folder, "far/away/really"), join(folder, "link"));
    for (const place of ["out", "deep/er/out", "link/out"]) {
      const out = join(folder, place);
      const copy = await copyTo(given, out);
      assert.ok(copy);
      assert.equal(copy.path, join(out, "mine.yaml"));
      assert.match(copy.text, /# mine\n/);
      assert.match(copy.text, /# seen/);
      await Deno.mkdir(out, { recursive: true });
      await Deno.writeTextFile(copy.path, copy.text);
      const [job] = await readJobs(copy.path);
      assert.equal(
        await Deno.realPath(job!.trackFile.path),
        await Deno.realPath(join(folder, "jobs/sub/a.pth")),
      );
      // The copy of a copy, in the same place, is the copy.
      assert.equal((await copyTo(given, out))?.text, copy.text);
    }
  }));

Deno.test("planJobsCopy() leaves a job file in the output folder alone", () =>
  withJobs(async (jobFile) => {
    assert.equal(await copyTo(jobFile, dirname(jobFile)), undefined);
  }));

Deno.test("planJobsCopy() refuses to write over a file not written by this tool", () =>
  withJobs(async (jobFile, folder) => {
    await Deno.writeTextFile(join(folder, "mine.yaml"), "- precious\n");
    await assert.rejects(
      copyTo(jobFile, folder),
      /mine.yaml": it already exists and is not a copy of an earlier run/,
    );
  }));
