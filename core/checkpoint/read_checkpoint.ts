/**
 * Opens a checkpoint folder: the official one as ATI's README arranges it, a
 * folder of the community's single-file weights, ComfyUI's `models` folder, or
 * a diffusers folder. Opening reads headers only; a 14B model takes
 * milliseconds.
 *
 * @module
 */

import { quote } from "../base/errors.ts";
import type { FileView } from "../base/file_view.ts";
import { CheckpointError } from "../formats/checkpoint_error.ts";
import { missingError } from "./_part_search.ts";
import type {
  AtiCheckpoint,
  CheckpointOptions,
  ComponentPaths,
} from "./checkpoint.ts";
import {
  type CheckpointSurvey,
  surveyCheckpoint,
} from "./survey_checkpoint.ts";

/**
 * Opens the four networks and finds the tokenizer.
 *
 * Each component is searched for under its official name, then among all
 * weights files of the folder (and of ComfyUI's subfolders) by its tensors,
 * whatever the file is called.
 *
 * @param files the file system
 * @param options.folder the checkpoint folder
 * @throws {CheckpointError} `missing-files` with every missing component and
 * where to get it; other codes if files are invalid, with all of them.
 */
export async function readAtiCheckpoint(
  files: FileView,
  options: CheckpointOptions & { folder: string },
): Promise<AtiCheckpoint> {
  const survey = await surveyCheckpoint(files, options);
  const errors = surveyErrors(files, survey, options.folder);
  if (errors.length === 0) return completeCheckpoint(survey, options);
  if (errors.length === 1) throw errors[0];
  throw new CheckpointError(
    errors[0]!.code,
    `Cannot open ${
      quote(options.folder)
    } as a checkpoint: ${errors.length} problems\n${
      errors.map(({ message }) => `  ${message.replaceAll("\n", "\n  ")}`)
        .join("\n")
    }`,
  );
}

/** Why a folder is no complete checkpoint; empty where it is one. */
export function surveyErrors(
  files: FileView,
  { missing, broken }: CheckpointSurvey,
  folder: string,
): readonly CheckpointError[] {
  return missing.length === 0
    ? broken
    : [missingError(files, { folder, missing, broken })];
}

/** The checkpoint of a survey that found everything. */
export function completeCheckpoint(
  { found, tokenizer, tinyVae }: CheckpointSurvey,
  options: CheckpointOptions & { folder: string },
): AtiCheckpoint {
  const { t5, clip, vae, transformer } = found;
  if (!t5 || !clip || !vae || !transformer) {
    throw new TypeError("Cannot complete a checkpoint: a network is missing");
  }
  return {
    folder: options.folder,
    named: namedParts(options),
    t5,
    clip,
    vae,
    transformer,
    tokenizer,
    tinyVae,
  };
}

function namedParts(options: CheckpointOptions): ComponentPaths {
  const { transformer, vae, t5, clip, tokenizer, tinyVae } = options;
  return {
    ...(transformer !== undefined && { transformer }),
    ...(vae !== undefined && { vae }),
    ...(t5 !== undefined && { t5 }),
    ...(clip !== undefined && { clip }),
    ...(tinyVae !== undefined && { tinyVae }),
    ...(typeof tokenizer === "string" && { tokenizer }),
  };
}
