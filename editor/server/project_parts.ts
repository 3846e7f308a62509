/** The folders and the job file of a project. @module */

/** The folders of a project, one for each kind of file. */
export const PARTS = [
  "images",
  "editor",
  "tracks",
  "images_tracks",
  "versions",
  "thumbnails",
] as const;

/** One of {@linkcode PARTS}. */
export type ProjectPart = typeof PARTS[number];

/** The job file's name. */
export const JOBS_FILE = "test.yaml";
