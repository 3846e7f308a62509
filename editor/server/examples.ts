/**
 * The project's own example pictures with their tracks and words, for a person
 * who has no picture at hand. They are only read, and only where the editor may
 * read its own folder anyway: without that permission, or run by URL, there
 * are none, and the page does not speak of them.
 *
 * @module
 */

import { basename, dirname, extname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { fileExists, readFileBytes, readFileText } from "../../core/files.ts";
import { parseJobs } from "../../core/jobs/parse_jobs.ts";

/** An example, as the page lists it. */
export interface Example {
  /** What it is called, and how it is asked for. */
  readonly name: string;
  /** The words that belong to it. */
  readonly prompt: string;
}

/** The two files of an example. */
export type ExamplePart = "image" | "tracks";

/** The examples that can be opened. */
export interface Examples {
  /** All of them, in the order of the job list. */
  readonly list: readonly Example[];
  /** A file of one; undefined when there is no such example. */
  read(
    name: string,
    part: string,
  ): Promise<Uint8Array<ArrayBuffer> | undefined>;
}

/** Looks for the examples; finds none where they cannot be read. */
export async function findExamples(
  jobsFile: URL = new URL("../../examples/test.yaml", import.meta.url),
): Promise<Examples> {
  const files = new Map<string, Readonly<Record<ExamplePart, string>>>();
  const list: Example[] = [];
  for (const { image, text, track } of await readableJobs(jobsFile)) {
    const folder = dirname(fileURLToPath(jobsFile));
    const name = basename(image, extname(image));
    files.set(name, {
      image: join(folder, image),
      tracks: join(folder, track),
    });
    list.push({ name, prompt: text });
  }
  return {
    list,
    async read(name, part) {
      const paths = files.get(name);
      if (part !== "image" && part !== "tracks" || !paths) return undefined;
      return await readFileBytes(paths[part]);
    },
  };
}

async function readableJobs(
  jobsFile: URL,
): Promise<ReturnType<typeof parseJobs>["jobs"]> {
  if (jobsFile.protocol !== "file:") return [];
  // Asked first, so that nobody is asked for a permission at the terminal.
  const path = new URL(".", jobsFile);
  const { state } = await Deno.permissions.query({ name: "read", path });
  if (state !== "granted") return [];
  const file = fileURLToPath(jobsFile);
  return await fileExists(file) ? parseJobs(await readFileText(file)).jobs : [];
}
