/**
 * The model of a run, read to the end before anything is loaded: the layout of
 * every weight, the tokenizer, the LoRAs. The doctor and a generation read it
 * here, so that what the one calls ready is what the other runs.
 *
 * @module
 */

import type {
  AtiCheckpoint,
  CheckpointOptions,
} from "../checkpoint/checkpoint.ts";
import { diskFiles } from "../checkpoint/open_checkpoint.ts";
import {
  completeCheckpoint,
  surveyErrors,
} from "../checkpoint/read_checkpoint.ts";
import {
  type CheckpointSurvey,
  surveyCheckpoint,
} from "../checkpoint/survey_checkpoint.ts";
import { unwrittenError } from "../checkpoint/unwritten.ts";
import { CheckpointError } from "../formats/checkpoint_error.ts";
import { checkTokenizer } from "./_prompt_reader.ts";
import { openLoras } from "./lora_files.ts";
import type { LoraChoice } from "./pipeline_options.ts";
import {
  checkStored,
  type ComputeDtype,
  type NetworkDtypes,
  networkDtypes,
} from "./placement.ts";

/** What a run's model is made of. */
export interface ModelPlanOptions {
  /** Files to use instead of those in the folder. */
  readonly files?: CheckpointOptions;
  /** LoRAs for the transformer. */
  readonly loras?: readonly LoraChoice[];
  /** The dtypes that were asked for. */
  readonly dtype?: ComputeDtype | NetworkDtypes;
}

/** What is known of a model without loading it. */
export interface ModelPlan {
  /** Its components; undefined where there is no such folder. */
  readonly survey: CheckpointSurvey | undefined;
  /** The checkpoint, where it is complete. */
  readonly checkpoint: AtiCheckpoint | undefined;
  /** Why the checkpoint is not complete. */
  readonly checkpointErrors: readonly CheckpointError[];
  /** What is wrong with the weights, the tokenizer, the LoRAs and the dtypes. */
  readonly otherErrors: readonly Error[];
  /** What is worth knowing about the LoRAs. */
  readonly notes: readonly string[];
}

/**
 * Reads everything that a model consists of, and gathers all that is wrong.
 *
 * @param folder the checkpoint folder
 * @throws {Deno.errors.NotCapable} When a permission is missing.
 */
export async function planModel(
  folder: string,
  { files = {}, loras = [], dtype = "auto" }: ModelPlanOptions = {},
): Promise<ModelPlan> {
  const options = { ...files, folder };
  const otherErrors: Error[] = [];
  const notes: string[] = [];
  const attempt = async (work: () => Promise<void> | void) => {
    try {
      await work();
    } catch (error) {
      if (!(error instanceof Error) || isDenied(error)) throw error;
      otherErrors.push(error);
    }
  };
  let survey: CheckpointSurvey | undefined;
  let checkpointErrors: readonly CheckpointError[];
  try {
    survey = await surveyCheckpoint(diskFiles, options);
    checkpointErrors = surveyErrors(diskFiles, survey, folder);
  } catch (error) {
    if (!(error instanceof CheckpointError)) throw error;
    checkpointErrors = [error];
  }
  const { found = {}, tokenizer } = survey ?? {};
  if (tokenizer !== undefined) {
    await attempt(() => checkTokenizer(tokenizer, found.t5?.config));
  }
  for (const component of Object.values(found)) {
    await attempt(() => {
      const error = unwrittenError(diskFiles, component);
      if (error) throw error;
    });
  }
  for (const lora of loras) {
    await attempt(async () => {
      const opened = await openLoras([lora], found.transformer?.tensors);
      notes.push(...opened.notes);
    });
  }
  await attempt(() => {
    const { transformer, t5 } = networkDtypes(dtype);
    if (found.transformer) {
      checkStored("transformer", found.transformer, transformer);
    }
    if (found.t5) checkStored("t5", found.t5, t5);
  });
  return {
    survey,
    checkpoint: survey && checkpointErrors.length === 0
      ? completeCheckpoint(survey, options)
      : undefined,
    checkpointErrors,
    otherErrors,
    notes,
  };
}

function isDenied(error: Error): boolean {
  return error instanceof Deno.errors.NotCapable;
}
