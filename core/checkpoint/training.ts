/**
 * What a transformer was trained to follow. ATI's, Wan-Move's and the plain
 * image-to-video transformer of Wan2.1 have the same tensors of the same shapes;
 * only names and metadata tell them apart.
 *
 * @module
 */

import { quote } from "../base/errors.ts";
import type { AtiCheckpoint } from "./checkpoint.ts";

/** What a transformer was trained to follow; `none`: no tracks. */
export type Training = "ati" | "wan-move" | "none";

/** What is known of a transformer's training. */
export interface TrainingFacts {
  /** What it was trained to follow. */
  readonly training: Training;
  /** What says so: `the file name "..."`. */
  readonly evidence: string;
  /** Whether the file itself says so, not only the folder that it is in. */
  readonly isSure: boolean;
}

/** What the trainings are called. */
export const TRAINING_TITLES: Readonly<Record<Training, string>> = {
  "ati": "ATI's transformer",
  "wan-move": "Wan-Move's transformer",
  "none": "Wan2.1's image-to-video transformer",
};

/** The metadata that programs write a model's name to. */
const NAMES_IN_METADATA = [
  "ati.training",
  "modelspec.title",
  "modelspec.implementation",
  "general.name",
  "general.basename",
  "name",
  "title",
];

/** The training that a name stands for; undefined where it says nothing. */
export function trainingOfName(name: string): Training | undefined {
  if (/wan[-_. ]?move/i.test(name)) return "wan-move";
  if (/(?:^|[^a-z])ati(?:[^a-z]|$)/i.test(name)) return "ati";
  if (/i2v|image[-_ ]?to[-_ ]?video/i.test(name)) return "none";
  return undefined;
}

/**
 * What a transformer was trained to follow, by its metadata, the names of its
 * files, and the folder; undefined where nothing says it.
 */
export function findTraining(
  { transformer, folder, named }: Pick<AtiCheckpoint, "folder" | "named"> & {
    readonly transformer: Pick<
      AtiCheckpoint["transformer"],
      "files" | "metadata"
    >;
  },
): TrainingFacts | undefined {
  for (const key of NAMES_IN_METADATA) {
    const value = transformer.metadata.get(key);
    const training = value === undefined ? undefined : trainingOfName(value);
    if (training) {
      const evidence = `its metadata, ${key} ${quote(value)}`;
      return { training, evidence, isSure: true };
    }
  }
  const paths = [
    ...(named.transformer === undefined ? [] : [named.transformer]),
    ...transformer.files,
  ];
  for (const path of paths) {
    const file = lastName(path);
    const training = trainingOfName(file);
    if (training) {
      return { training, evidence: `the name ${quote(file)}`, isSure: true };
    }
  }
  // The nearest folder first; a transformer that is named may be anywhere.
  const folders = [
    ...transformer.files.slice(0, 1).map((path) =>
      path.split(/[\\/]/).slice(0, -1).at(-1) ?? ""
    ),
    ...(named.transformer === undefined ? [lastName(folder)] : []),
  ];
  for (const name of folders) {
    const training = trainingOfName(name);
    if (training) {
      const evidence = `the folder's name ${quote(name)}`;
      return { training, evidence, isSure: false };
    }
  }
  return undefined;
}

function lastName(path: string): string {
  return path.split(/[\\/]/).filter(Boolean).at(-1) ?? "";
}
