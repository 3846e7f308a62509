/**
 * What of a checkpoint is there and what is not, part by part: for telling a
 * person what to do, where `readAtiCheckpoint` stops at what is missing.
 *
 * @module
 */

import {
  MISSING_TOKENIZER,
  missingNetwork,
  type MissingPart,
  PartSearch,
} from "./_part_search.ts";
import type { CheckpointOptions } from "./checkpoint.ts";
import { checkTogether } from "./check_together.ts";
import { fitsFolder, readComponent } from "./read_checkpoint.ts";
import { CheckpointError } from "../formats/checkpoint_error.ts";
import { type Component, type NetworkKind, NETWORKS } from "../wan/networks.ts";
import type { FileView } from "../base/file_view.ts";

export type { MissingPart } from "./_part_search.ts";

/** A checkpoint, part by part. */
export interface CheckpointSurvey {
  /** The networks that are there and whole. */
  readonly found: { readonly [Kind in NetworkKind]?: Component<Kind> };
  /** The path of `tokenizer.json`, where there is one. */
  readonly tokenizer: string | undefined;
  /** The parts that are not there. */
  readonly missing: readonly MissingPart[];
  /** What is wrong with files that are there. */
  readonly broken: readonly CheckpointError[];
}

/**
 * Looks for every part of a checkpoint and opens those that it finds. Reads
 * headers only.
 *
 * @param options.folder the checkpoint's folder
 * @throws {CheckpointError} `missing-files` when there is no such folder.
 */
export async function surveyCheckpoint(
  files: FileView,
  options: CheckpointOptions & { folder: string },
): Promise<CheckpointSurvey> {
  const search = new PartSearch(files, options.folder);
  const judge = fitsFolder(files, options);
  const found: { -readonly [Kind in NetworkKind]?: Component<Kind> } = {};
  const missing: MissingPart[] = [];
  const broken: CheckpointError[] = [];
  /** The result, or nothing where a file is broken. */
  const attempt = async <T>(work: () => T | Promise<T>) => {
    try {
      return { done: await work() };
    } catch (error) {
      if (!(error instanceof CheckpointError)) throw error;
      broken.push(error);
      return undefined;
    }
  };
  const open = async <Kind extends NetworkKind>(kind: Kind) => {
    const given = options[kind];
    const path = await attempt(() =>
      given === undefined
        ? search.find(kind, judge)
        : search.override(kind, given)
    );
    if (!path) return;
    if (path.done === undefined) {
      missing.push(missingNetwork(kind));
      return;
    }
    const { config } = options;
    const component = await attempt(() =>
      readComponent(files, {
        kind,
        path: path.done!,
        folder: options.folder,
        ...(config === undefined ? {} : { config }),
      })
    );
    if (component) Object.assign(found, { [kind]: component.done });
  };
  for (const kind of NETWORKS) await open(kind);
  broken.push(...checkTogether(found));
  const tokenizer = await attempt(() => search.tokenizer(options.tokenizer));
  if (tokenizer && !tokenizer.done && options.tokenizer !== false) {
    missing.push(MISSING_TOKENIZER);
  }
  return {
    found,
    tokenizer: tokenizer?.done,
    missing,
    // Files that nobody recognises matter only where a part is missing.
    broken: missing.length === 0 ? broken : onePerMessage([
      ...broken,
      ...search.broken,
    ]),
  };
}

/** A file that is looked into for several parts is broken once. */
function onePerMessage(
  errors: readonly CheckpointError[],
): readonly CheckpointError[] {
  return [...new Map(errors.map((error) => [error.message, error])).values()];
}
