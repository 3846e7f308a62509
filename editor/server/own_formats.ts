/** Job files and track files, read where the store is. @module */

import { TRACK_FRAMES } from "../../core/tracks/track_set.ts";
import { alwaysVisible, fullTiming, MAX_TRACKS } from "../model/document.ts";
import type { JobPrompt } from "./project_formats.ts";
import type { ProjectFormats } from "./project_formats.ts";

/** Documents number their colors below this. */
const COLORS = 1000;

/**
 * Each is loaded when it is first needed: half of the editor's start would be
 * spent on YAML.
 */
export const OWN_FORMATS: ProjectFormats = {
  async readPrompts(jobs) {
    const { parseJobs } = await import("../../core/jobs/parse_jobs.ts");
    const prompts = new Map<string, JobPrompt>();
    for (const job of parseJobs(jobs).jobs) {
      const { track, image, text, nextTexts, negative = "" } = job;
      if (prompts.has(track)) continue;
      prompts.set(track, {
        ...{ image, text, negative },
        ...nextTexts && { nextTexts },
      });
    }
    return prompts;
  },
  async upsertJob(jobs, entry, file) {
    const { upsertJob } = await import("../../core/jobs/edit_jobs.ts");
    return upsertJob(jobs, entry, { file });
  },
  async readTracks(bytes, name) {
    const [{ readRawTracks }, { freeShape, wholeTracks }] = await Promise.all([
      import("../../core/tracks/read_tracks.ts"),
      import("../model/exchange.ts"),
    ]);
    const raw = await readRawTracks(bytes, { name });
    const { tracks } = wholeTracks(raw, { name, length: "auto" });
    if (tracks.count > MAX_TRACKS) {
      throw new RangeError(
        `it has ${tracks.count} tracks, expected at most ${MAX_TRACKS}`,
      );
    }
    const { frames } = tracks;
    const length = frames > TRACK_FRAMES ? { frames } : {};
    return {
      ...length,
      tracks: Array.from(tracks, (points, index) => ({
        id: `t${index}`,
        name: `Track ${index + 1}`,
        colour: index % COLORS,
        locked: false,
        hidden: false,
        shape: freeShape(points),
        timing: fullTiming(length),
        visible: alwaysVisible(length),
      })),
    };
  },
  async render(document) {
    const { renderFiles } = await import("./render_files.ts");
    return await renderFiles(document);
  },
  async scale(files, change) {
    const { scaleFiles } = await import("./scale_files.ts");
    return await scaleFiles(files, change);
  },
  async readArchive(bytes) {
    const { readProjectArchive } = await import("./read_archive.ts");
    return await readProjectArchive(bytes);
  },
};
