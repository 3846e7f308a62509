/**
 * The folder of one run: what is stored when it is started, so that drawing
 * can continue while it waits, and what its process makes of it.
 *
 * @module
 */

import { isAbsolute, join } from "node:path";
import type { JobEntry } from "../../core/jobs/job_file.ts";
import { withHint } from "../../core/base/errors.ts";
import { readTracks } from "../../core/tracks/read_tracks.ts";
import { parseDocument } from "../model/parse_document.ts";
import { type Image, Images } from "./images.ts";
import type { ScaledFiles } from "./project_formats.ts";
import type { ProjectFolder } from "./project_folder.ts";
import type { Engine } from "./run_process.ts";
import { readRecord } from "./stored_record.ts";
import { digest, tagged } from "./tagged_document.ts";
import { TAKES } from "./takes.ts";
import { fileExists, writeFileAtomic } from "../../core/files/files.ts";

/** What a run is made from. */
export interface RunFolder {
  /** The folder, relative to the project folder. */
  readonly path: string;
  /** What is known of each image. */
  readonly inputs: ReadonlyMap<
    string,
    { readonly prompt: string; readonly tracks: number }
  >;
  /** Removes it. */
  remove(): Promise<void>;
}

/** Names that {@linkcode prepareRun} makes. */
const NAME = /^\.run-[0-9a-f]{8}$/;
/** A killed server's folder is removed at this age, in ms. */
const LEFTOVER_AGE = 24 * 3600_000;
/** And one that can be gone on with at this one. */
const UNFINISHED_AGE = 14 * LEFTOVER_AGE;

/**
 * Copies some images, their tracks and their entries to a folder of their own:
 * `jobs.yaml`, `NN.png`, `NN.pth`, `NN.objects.json` where objects are marked,
 * and `NN.json` with the drawing where it is what is stored. Videos go to
 * `made/`. Tracks that were stored for an image of another size are scaled.
 *
 * @throws {TypeError} When an image has no entry in the job file, or its tracks
 * are of another size and cannot be scaled.
 */
export async function prepareRun(
  folder: ProjectFolder,
  images: readonly string[],
  options: { readonly engine: Engine },
): Promise<RunFolder> {
  const { printJobs } = await import("../../core/jobs/edit_jobs.ts");
  const { parseJobs } = await import("../../core/jobs/parse_jobs.ts");
  const { jobs } = parseJobs(await folder.readJobs(), {
    text: options.engine === "preview" ? "optional" : "required",
  });
  // Of several with these tracks the first, which the page shows and stores.
  const byTrack = new Map(jobs.toReversed().map((job) => [job.track, job]));
  const entries: JobEntry[] = [];
  // Its own name: another editor may work on the same folder.
  const path = join(TAKES, `.run-${crypto.randomUUID().slice(0, 8)}`);
  const inputs = new Map<string, { prompt: string; tracks: number }>();
  const known = new Images(folder);
  const write = async (name: string, content: Uint8Array | string) =>
    await writeFileAtomic(await folder.checkInside(join(path, name)), content);
  const remove = async () => {
    const inside = await folder.checkInside(path);
    await Deno.remove(inside, { recursive: true }).catch(() => {});
  };
  try {
    for (const id of images) {
      const job = byTrack.get(`tracks/${id}.pth`);
      if (!job || !await folder.exists("tracks", `${id}.pth`)) {
        throw new TypeError(
          `Cannot generate image ${id}: its tracks are not stored yet`,
        );
      }
      const { lines: _, index: __, ...entry } = job;
      // Image and tracks of the same moment.
      await folder.exclusive(async () => {
        const [own] = isOwnImage(entry.image, id) ? await known.all(id) : [];
        const { pth, objects } = await storedFiles(folder, id, own);
        if (own) {
          await write(own.file, await folder.read("images", own.file));
        }
        entries.push({
          ...entry,
          image: own ? own.file : outward(entry.image),
          track: `${id}.pth`,
          ...(entry.motion_signal !== undefined &&
            { motion_signal: outward(entry.motion_signal) }),
          ...(entry.motion_mask !== undefined &&
            { motion_mask: outward(entry.motion_mask) }),
          name: id,
        });
        await write(`${id}.pth`, pth);
        if (objects !== undefined) await write(`${id}.objects.json`, objects);
        const { tracks } = await readTracks(pth, { name: `${id}.pth` });
        const prompt = [entry.text, ...entry.nextTexts ?? []].join(" / ");
        inputs.set(id, { prompt, tracks: tracks.count });
        const drawing = await storedDrawing(folder, id);
        if (drawing !== undefined) await write(`${id}.json`, drawing);
      });
    }
    await write("jobs.yaml", printJobs(entries));
  } catch (error) {
    await remove();
    throw error;
  }
  return { path, inputs, remove };
}

/** Whether an entry's image is the one that the editor shows under a number. */
function isOwnImage(path: string, id: string): boolean {
  return /^(?:\.\/)?images\/(\d+)\.\w+$/.exec(path)?.[1] === id;
}

/** The stored tracks and objects, in px of the image as it is now. */
async function storedFiles(
  folder: ProjectFolder,
  id: string,
  image: Image | undefined,
): Promise<ScaledFiles> {
  const pth = await folder.read("tracks", `${id}.pth`);
  const marked = `${id}.objects.json`;
  const objects = await folder.exists("tracks", marked)
    ? new TextDecoder().decode(await folder.read("tracks", marked))
    : undefined;
  const record = await readRecord(folder, id);
  const from = record?.image;
  const isKnown = from && record.stored.tracks === await digest(pth);
  if (!isKnown || !image) return { pth, objects };
  const { width, height } = image.header;
  if (from.width === width && from.height === height) return { pth, objects };
  const scaled = await folder.formats.scale({ pth, objects }, {
    from,
    to: { width, height },
  });
  if (scaled) return scaled;
  throw new TypeError(
    withHint(
      `Cannot generate image ${id}: its tracks were stored for ${from.width} x ${from.height} px, the image has ${width} x ${height}, expected tracks of its size`,
      "Open the image and store its tracks again.",
    ),
  );
}

/** A path of test.yaml, from the folder of a run, three deeper. */
function outward(path: string): string {
  return isAbsolute(path) ? path : `../../../${path}`;
}

/** Removes the folders of runs that a killed server has left. */
export async function removeOldRuns(folder: ProjectFolder): Promise<void> {
  const takes = await folder.checkInside(TAKES);
  try {
    for await (const { name } of Deno.readDir(takes)) {
      if (!NAME.test(name)) continue;
      const path = join(takes, name);
      const { mtime } = await Deno.lstat(path);
      const kept = await fileExists(join(path, "run.json"))
        ? UNFINISHED_AGE
        : LEFTOVER_AGE;
      if (Date.now() - (mtime?.getTime() ?? Date.now()) > kept) {
        await Deno.remove(path, { recursive: true });
      }
    }
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}

/** The drawing that the stored tracks were made from, where it is still there. */
async function storedDrawing(
  folder: ProjectFolder,
  id: string,
): Promise<string | undefined> {
  const record = await readRecord(folder, id);
  if (!record || !await folder.exists("editor", `${id}.json`)) return undefined;
  const bytes = await folder.read("editor", `${id}.json`);
  const text = new TextDecoder().decode(bytes);
  try {
    const { etag } = await tagged(parseDocument(JSON.parse(text)));
    return etag === record.document ? text : undefined;
  } catch {
    return undefined;
  }
}
