/**
 * The project's own example images with their tracks and prompts, for a user
 * without an image. They are only read, and only where the editor may
 * read its own folder anyway: without that permission, or run by URL, there
 * are none, and the page does not speak of them.
 *
 * @module
 */

import { basename, dirname, extname, join } from "node:path";
import { fileURLToPath } from "node:url";
import {
  fileExists,
  readFileBytes,
  readFileText,
} from "../../core/files/files.ts";
import type { ParsedJob } from "../../core/jobs/job_file.ts";

/** An example, as the page lists it. */
export interface Example {
  /** What it is called, and how it is asked for. */
  readonly name: string;
  /** Its prompt. */
  readonly prompt: string;
}

/** The two files of an example. */
export type ExamplePart = "image" | "tracks";

/** The examples that can be opened. */
export interface Examples {
  /** All of them, in the order of the job file. */
  list(): Promise<readonly Example[]>;
  /** A file of one; undefined when there is no such example. */
  read(
    name: string,
    part: string,
  ): Promise<Uint8Array<ArrayBuffer> | undefined>;
}

/** An example, and where its files are. */
interface Found extends Example {
  readonly paths: Readonly<Record<ExamplePart, string>>;
}

/**
 * The examples of a job file. It is read at the first request; where it cannot be read there are none.
 */
export function createExamples(
  jobsFile: URL = new URL("../../examples/test.yaml", import.meta.url),
): Examples {
  let found: Promise<readonly Found[]> | undefined;
  const find = () => found ??= findExamples(jobsFile);
  return {
    async list() {
      return (await find()).map(({ name, prompt }) => ({ name, prompt }));
    },
    async read(name, part) {
      if (part !== "image" && part !== "tracks") return undefined;
      const example = (await find()).find((found) => found.name === name);
      return example && await readFileBytes(example.paths[part]);
    },
  };
}

async function findExamples(jobsFile: URL): Promise<Found[]> {
  return (await readableJobs(jobsFile)).map(({ image, text, track }) => {
    const folder = dirname(fileURLToPath(jobsFile));
    return {
      name: basename(image, extname(image)),
      prompt: text,
      paths: { image: join(folder, image), tracks: join(folder, track) },
    };
  });
}

async function readableJobs(
  jobsFile: URL,
): Promise<readonly ParsedJob[]> {
  if (jobsFile.protocol !== "file:") return [];
  // Asked first, so that there is no permission prompt at the terminal.
  const path = new URL(".", jobsFile);
  const { state } = await Deno.permissions.query({ name: "read", path });
  if (state !== "granted") return [];
  const file = fileURLToPath(jobsFile);
  if (!await fileExists(file)) return [];
  const { parseJobs } = await import("../../core/jobs/parse_jobs.ts");
  return parseJobs(await readFileText(file)).jobs;
}
