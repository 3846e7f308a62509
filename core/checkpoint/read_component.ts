/**
 * Opens one network of a checkpoint, and judges whether a file of a folder is
 * the one that is wanted. Opening reads headers only.
 *
 * @module
 */

import { quote } from "../base/errors.ts";
import { assembleComponent } from "./assemble.ts";
import { CheckpointError } from "../formats/checkpoint_error.ts";
import { PartSearch } from "./_part_search.ts";
import { type Judge, mismatch } from "./check_together.ts";
import type { CheckpointOptions } from "./checkpoint.ts";
import type { Component, ComponentKind, NetworkKind } from "../wan/networks.ts";
import { type FileView, folderOf, joinPath } from "../base/file_view.ts";
import type { ConfigFile } from "../wan/network_descriptor.ts";
import { readWeights } from "../formats/read_weights.ts";

const MAX_CONFIG = 1024 * 1024;

/**
 * Judges files of a folder: whether they open as the network, and make what
 * the transformer that was judged before them takes.
 */
export function fitsFolder(
  files: FileView,
  options: CheckpointOptions & { folder: string },
): Judge {
  const { folder, config } = options;
  const open = <Kind extends NetworkKind>(
    kind: Kind,
    path: string,
    convert = false,
  ) =>
    readComponent(files, {
      kind,
      path,
      folder,
      convert,
      ...(config === undefined ? {} : { config }),
    });
  /** The transformer that the others have to fit, GGUF to be converted too. */
  const findTransformer = async (convert: boolean) => {
    const path = options.transformer === undefined
      ? await new PartSearch(files, folder).find(
        "transformer",
        (kind, path) =>
          caught(async () => void await open(kind, path, convert)),
      )
      : new PartSearch(files, folder)
        .override("transformer", options.transformer);
    return path === undefined
      ? undefined
      : await open("transformer", path, true);
  };
  let transformer: Component<"transformer"> | undefined;
  let isSearched = false;
  return (kind, path) =>
    caught(async () => {
      const component = await open(kind, path);
      if (kind === "transformer") return;
      if (!isSearched) {
        isSearched = true;
        for (const convert of [false, true]) {
          // What is wrong with it is said where it is opened.
          await caught(async () => {
            transformer ??= await findTransformer(convert);
          });
        }
      }
      const reason = transformer && mismatch(component, transformer.config);
      if (reason !== undefined) {
        throw new CheckpointError("wrong-shape", reason);
      }
    });
}

/** The error of a checkpoint that `work` ends with, if any. */
async function caught(
  work: () => Promise<void>,
): Promise<CheckpointError | undefined> {
  try {
    await work();
    return undefined;
  } catch (error) {
    if (error instanceof CheckpointError) return error;
    throw error;
  }
}

/**
 * Opens one network from its weights file or index file.
 *
 * @param options.config config.json; for the transformer and the image
 * encoder the one next to the weights is taken where none is given
 * @param options.folder the checkpoint's folder, whose config.json is taken
 * where none lies next to the transformer's weights
 * @param options.convert whether the weights are to be converted: GGUF's blocks
 * are taken then
 * @throws {CheckpointError} What is wrong with it.
 */
export async function readComponent<Kind extends ComponentKind>(
  files: FileView,
  options: {
    kind: Kind;
    path: string;
    folder?: string;
    config?: string | Readonly<Record<string, unknown>>;
    convert?: boolean;
  },
): Promise<Component<Kind>> {
  const { kind, path, convert = false } = options;
  const read = await readWeights(files, path);
  const config = configOf(files, options);
  return assembleComponent(
    kind,
    read,
    config ? { config, convert } : {
      convert,
    },
  );
}

/** The config that was given, or the one next to the weights. */
function configOf(
  files: FileView,
  options: {
    kind: ComponentKind;
    path: string;
    folder?: string;
    config?: string | Readonly<Record<string, unknown>>;
  },
): ConfigFile | undefined {
  const { kind, path, folder, config } = options;
  if (kind === "transformer" && config !== undefined) {
    return typeof config === "string"
      ? readConfig(files, config)
      : { file: "config", values: config };
  }
  if (kind !== "transformer" && kind !== "clip") return undefined;
  // A transformer given by path may be in a folder without a config.json.
  const folders = [folderOf(path) || "."];
  if (kind === "transformer" && folder !== undefined) folders.push(folder);
  const belongs = kind === "transformer" ? isWanConfig : isVisionConfig;
  for (const candidate of folders) {
    const file = joinPath(candidate, "config.json");
    if (files.stat(file)?.kind !== "file") continue;
    // In a folder of single files, config.json may belong to another model.
    const found = readConfig(files, file);
    if (belongs(found.values)) return found;
  }
  return undefined;
}

function isWanConfig(values: Readonly<Record<string, unknown>>): boolean {
  return "_class_name" in values
    ? /^Wan/.test(String(values._class_name))
    : "num_heads" in values && "ffn_dim" in values;
}

function isVisionConfig(values: Readonly<Record<string, unknown>>): boolean {
  return !("_class_name" in values) && "patch_size" in values &&
    "num_attention_heads" in values;
}

function readConfig(files: FileView, path: string): ConfigFile {
  const fail = (state: string, cause?: unknown) =>
    new CheckpointError(
      "unknown-layout",
      `Cannot read ${quote(path)} as a model config: ${state}`,
      { cause },
    );
  const facts = files.stat(path);
  if (facts?.kind !== "file") throw fail("no such file");
  if (facts.size > MAX_CONFIG) {
    throw fail(`it has ${facts.size} bytes, expected at most ${MAX_CONFIG}`);
  }
  using file = files.open(facts.realPath);
  let json: unknown;
  try {
    json = JSON.parse(new TextDecoder().decode(file.read(0, file.size)));
  } catch (cause) {
    throw fail("it is not JSON", cause);
  }
  if (typeof json !== "object" || json === null || Array.isArray(json)) {
    throw fail("it is not a JSON object");
  }
  return { file: path, values: json as Readonly<Record<string, unknown>> };
}
