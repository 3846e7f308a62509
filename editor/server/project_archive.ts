/**
 * A project as one file: a ZIP archive with the very files of a project folder,
 * so that any ZIP program makes one of the other. Thumbnails, takes, the trash
 * and folders of the user's own are left out.
 *
 * @module
 */

import { type ZipMember, zipParts } from "../../core/formats/zip_writer.ts";
import { findPrompt } from "./job_prompt.ts";
import type { ProjectFiles } from "./project_files.ts";
import { JOBS_FILE, PARTS } from "./project_parts.ts";
import type { ArchivedImage, ArchivedProject } from "./project_formats.ts";

/** The archive of a project. */
export async function packProject(files: ProjectFiles): Promise<Blob> {
  const members: ZipMember[] = [];
  for (const part of PARTS) {
    if (part === "thumbnails") continue; // made anew by the page
    for (const file of await files.names(part)) {
      // A folder of the user's own, of which the editor knows nothing.
      if (!await files.exists(part, file)) continue;
      members.push({
        name: `${part}/${file}`,
        bytes: await files.read(part, file),
      });
    }
  }
  const jobs = await files.readJobs();
  if (jobs) {
    members.push({ name: JOBS_FILE, bytes: new TextEncoder().encode(jobs) });
  }
  // None of them is shared: all were just read.
  const parts = await zipParts(members) as Uint8Array<ArrayBuffer>[];
  return new Blob(parts, { type: "application/zip" });
}

/**
 * Adds the images of an archive to a project, each under the number that
 * `numberOf` gives it; answers with these numbers.
 */
export async function addArchived(
  files: ProjectFiles,
  project: ArchivedProject,
  options: {
    readonly numberOf: (image: ArchivedImage) => Promise<string>;
    readonly setName: (id: string, name: string) => Promise<void>;
  },
): Promise<string[]> {
  const added: string[] = [];
  const isNew = await files.readJobs() === "";
  let keptAll = true;
  for (const image of project.images) {
    const id = await options.numberOf(image);
    keptAll &&= id === image.id;
    for (const { part, ending, bytes } of image.files) {
      await files.write(part, id + ending, bytes);
    }
    if (image.name) await options.setName(id, image.name);
    added.push(id);
  }
  if (isNew && keptAll) {
    // Letter for letter, entries that no image belongs to included.
    if (project.jobs) await files.writeJobs(project.jobs);
    return added;
  }
  let jobs = await files.readJobs();
  for (const [i, image] of project.images.entries()) {
    const found = await findPrompt(project.jobs, image.id, files);
    if (!found) continue;
    const id = added[i]!;
    const { ending } = image.files.find(({ part }) => part === "images")!;
    const { text, nextTexts, negative } = found;
    jobs = await files.formats.upsertJob(jobs, {
      image: `images/${id}${ending}`,
      text,
      track: `tracks/${id}.pth`,
      ...(nextTexts && { nextTexts }),
      ...(negative ? { negative } : {}),
    }, files.jobsPath);
  }
  await files.writeJobs(jobs);
  return added;
}
