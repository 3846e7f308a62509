/**
 * Runs of the model that were cancelled or failed and can be gone on with:
 * their folder stays with the state that `tools/generate.ts` resumes from, and
 * a note of what was asked for.
 *
 * @module
 */

import { join } from "node:path";
import {
  fileExists,
  readFileText,
  writeFileAtomic,
} from "../../core/files/files.ts";
import {
  type GenerateValues,
  parseGenerateValues,
} from "../model/generate_settings.ts";
import type { ProjectFolder } from "./project_folder.ts";
import type { RunFolder } from "./run_folder.ts";
import type { Engine } from "./run_process.ts";
import { TAKES } from "./takes.ts";

/** What is noted of a run. */
export interface UnfinishedRun {
  /** The name of its folder. */
  readonly name: string;
  /** The images that it makes videos of. */
  readonly images: readonly string[];
  /** How. */
  readonly engine: Engine;
  /** The settings, its seed included. */
  readonly settings: GenerateValues;
  /** When it ended, in ms since 1970. */
  readonly at: number;
}

/** The note in a run's folder. */
export const NOTE = "run.json";
/** Names of the folders of runs. */
const NAME = /^\.run-[0-9a-f]{8}$/;

/** What is known of the images, as it is noted. */
type Inputs = (readonly [id: string, { prompt: string; tracks: number }])[];

/** Keeps a run's folder where it has a state to resume from, else removes it. */
export async function keepUnfinished(
  folder: ProjectFolder,
  run: RunFolder,
  made: Omit<UnfinishedRun, "name" | "at">,
): Promise<void> {
  const inside = async (...parts: string[]) =>
    await folder.checkInside(join(run.path, ...parts));
  if (!await hasState(await inside("made", "outputs"))) {
    return await run.remove();
  }
  // The tracks of what is finished were moved to its take.
  const images: string[] = [];
  for (const id of made.images) {
    if (await fileExists(await inside(`${id}.pth`))) images.push(id);
  }
  const { printJobs } = await import("../../core/jobs/edit_jobs.ts");
  const { parseJobs } = await import("../../core/jobs/parse_jobs.ts");
  const jobs = await inside("jobs.yaml");
  const left = parseJobs(await readFileText(jobs), { text: "optional" }).jobs
    .filter(({ name }) => name !== undefined && images.includes(name))
    .map(({ lines: _, index: __, ...entry }) => entry);
  await writeFileAtomic(jobs, printJobs(left), { overwrite: true });
  const note = { ...made, images, at: Date.now(), inputs: [...run.inputs] };
  await writeFileAtomic(await inside(NOTE), JSON.stringify(note), {
    overwrite: true,
  });
}

/** The unfinished runs of a project folder, the latest first. */
export async function listUnfinished(
  folder: ProjectFolder,
): Promise<UnfinishedRun[]> {
  const runs: UnfinishedRun[] = [];
  try {
    const takes = await folder.checkInside(TAKES);
    for await (const { name } of Deno.readDir(takes)) {
      const found = NAME.test(name) && await readNote(folder, name);
      if (found) runs.push(found.run);
    }
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  return runs.sort((a, b) => b.at - a.at);
}

/**
 * Takes an unfinished run up again; it is not listed from then on.
 *
 * @throws {TypeError} When there is none of this name.
 */
export async function takeUp(
  folder: ProjectFolder,
  name: string,
): Promise<{ readonly run: UnfinishedRun; readonly prepared: RunFolder }> {
  const found = NAME.test(name) ? await readNote(folder, name) : undefined;
  if (!found) {
    throw new TypeError(
      `Cannot go on with run ${
        JSON.stringify(name)
      }: it is over or was discarded`,
    );
  }
  const path = join(TAKES, name);
  await Deno.remove(await folder.checkInside(join(path, NOTE)));
  return {
    run: found.run,
    prepared: {
      path,
      inputs: new Map(found.inputs),
      async remove() {
        const inside = await folder.checkInside(path);
        await Deno.remove(inside, { recursive: true }).catch(() => {});
      },
    },
  };
}

async function readNote(
  folder: ProjectFolder,
  name: string,
): Promise<
  { readonly run: UnfinishedRun; readonly inputs: Inputs } | undefined
> {
  try {
    const path = await folder.checkInside(join(TAKES, name, NOTE));
    const { images, engine, settings, at, inputs } = JSON.parse(
      await Deno.readTextFile(path),
    );
    const isWhole = Array.isArray(images) && Array.isArray(inputs) &&
      images.every((id) => typeof id === "string") &&
      (engine === "model" || engine === "preview") && Number.isFinite(at);
    if (!isWhole) return undefined;
    const values = parseGenerateValues(settings);
    return { run: { name, images, engine, settings: values, at }, inputs };
  } catch {
    return undefined;
  }
}

/** Whether a generation has left the state from which it resumes. */
async function hasState(outputs: string): Promise<boolean> {
  try {
    for await (const { name } of Deno.readDir(outputs)) {
      if (name.endsWith(".resume")) return true;
    }
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  return false;
}
