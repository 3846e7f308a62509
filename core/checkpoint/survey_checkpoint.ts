/**
 * Lists the components of a checkpoint that are found, missing, and broken, for
 * reports to a user; `readAtiCheckpoint` fails on the first of these instead.
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
import { fitsFolder, readComponent } from "./read_component.ts";
import { CheckpointError } from "../formats/checkpoint_error.ts";
import { type Component, type NetworkKind, NETWORKS } from "../wan/networks.ts";
import type { FileView } from "../base/file_view.ts";

export type { MissingPart } from "./_part_search.ts";

/** A checkpoint, part by part. */
export interface CheckpointSurvey {
  /** The networks that are complete. */
  readonly found: { readonly [Kind in NetworkKind]?: Component<Kind> };
  /** The small decoder, if found. */
  readonly tinyVae: Component<"tinyVae"> | undefined;
  /** The path of `tokenizer.json`, if found. */
  readonly tokenizer: string | undefined;
  /** The components that are missing. */
  readonly missing: readonly MissingPart[];
  /** GGUF files of the folder that no component is made of. */
  readonly unusedGguf: readonly string[];
  /** What is wrong with files that are invalid. */
  readonly broken: readonly CheckpointError[];
}

/**
 * Searches for every component of a checkpoint and opens those it finds. Reads
 * headers only.
 *
 * @param options.folder the checkpoint folder
 * @throws {CheckpointError} `missing-files` if there is no such folder.
 */
export async function surveyCheckpoint(
  files: FileView,
  options: CheckpointOptions & { folder: string },
): Promise<CheckpointSurvey> {
  const search = new PartSearch(files, options.folder);
  const judge = fitsFolder(files, options);
  const found: { -readonly [Kind in NetworkKind]?: Component<Kind> } = {};
  const missing: MissingPart[] = [];
  const opened = new Set<string>();
  const broken: CheckpointError[] = [];
  /** The result; undefined if a file is broken. */
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
    opened.add(path.done);
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
  const tinyVae = await attempt(async () => {
    const path = search.tinyVae(options.tinyVae);
    return path === undefined
      ? undefined
      : await readComponent(files, { kind: "tinyVae", path });
  });
  const tokenizer = await attempt(() => search.tokenizer(options.tokenizer));
  if (tokenizer && !tokenizer.done && options.tokenizer !== false) {
    missing.push(MISSING_TOKENIZER);
  }
  return {
    found,
    tinyVae: tinyVae?.done,
    tokenizer: tokenizer?.done,
    missing,
    unusedGguf: search.looseGguf().filter((path) => !opened.has(path)),
    // Unrecognized files matter only if a component is missing.
    broken: missing.length === 0 ? broken : onePerMessage([
      ...broken,
      ...search.broken,
    ]),
  };
}

/** One error for a file that was read for several components. */
function onePerMessage(
  errors: readonly CheckpointError[],
): readonly CheckpointError[] {
  return [...new Map(errors.map((error) => [error.message, error])).values()];
}
