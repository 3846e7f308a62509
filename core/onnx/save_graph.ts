/**
 * Graphs as `.onnx` files, for other programs.
 *
 * @module
 */

import {
  basename,
  dirname,
  isAbsolute,
  join,
  relative,
  resolve,
  sep,
} from "node:path";
import { quote, withHint } from "../base/errors.ts";
import { fileError } from "../files/file_error.ts";
import {
  openAtomicFile,
  openFileSource,
  writeFileAtomic,
} from "../files/files.ts";
import type { BuiltGraph } from "./graph/graph_builder.ts";
import type { ExternalData } from "./graph/onnx_proto.ts";
import { relocateWeights } from "./graph/relocate_weights.ts";

/** How a graph is saved. */
export interface SaveGraphOptions {
  /**
   * Where the weights are to be. `reference`, the default, leaves them in the
   * checkpoint's files: the `.onnx` has a few hundred kB, and must be in a
   * folder above these files (ONNX allows no `..` in a weight's path). `copy`
   * writes those that the graph uses into one file, `<path>.data`: the two can
   * then be moved anywhere together.
   */
  readonly weights?: "reference" | "copy";
  /** Whether existing files are replaced. */
  readonly overwrite?: boolean;
  /** Stops the copying of weights; nothing is left behind. */
  readonly signal?: AbortSignal;
}

/**
 * Saves a graph as an ONNX model (operator set 23) with external data. A
 * program that opens the model by its path finds the weights.
 *
 * Its attention, rotary embedding and 8- and 4-bit products are operators of
 * ONNX Runtime (`com.microsoft`); build it for a target with `attention:
 * "manual"` to have the attention in ONNX's own.
 *
 * @throws {RangeError} When weights are to be referred to that are not below
 * the model's folder.
 * @throws {Deno.errors.AlreadyExists} When a file exists and `overwrite` is not
 * set.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { GraphBuilder, saveGraph } from "@ati/ati";
 *
 * const g = new GraphBuilder("half");
 * g.output("y", g.input("x", "float32", [2]).mul(0.5));
 *
 * const folder = await Deno.makeTempDir();
 * await saveGraph(g.build(), `${folder}/half.onnx`);
 * assert.ok((await Deno.stat(`${folder}/half.onnx`)).size > 0);
 * await Deno.remove(folder, { recursive: true });
 * ```
 */
export async function saveGraph(
  graph: BuiltGraph,
  path: string,
  options: SaveGraphOptions = {},
): Promise<void> {
  const { weights = "reference", overwrite = false, signal } = options;
  if (weights !== "reference" && weights !== "copy") {
    throw new TypeError(
      `Cannot save a graph with weights ${
        quote(weights)
      }: expected reference or copy`,
    );
  }
  if (weights === "copy" && graph.weightFiles.size > 0) {
    await saveWithWeights(graph, path, { overwrite, signal });
    return;
  }
  const folder = await realFolder(path);
  const model = relocateWeights(graph.model, (place) => ({
    ...place,
    location: placeBelow(folder, resolve(graph.weightsFolder, place.location)),
  }));
  await writeFileAtomic(path, model, { overwrite });
}

/** The folder of a path, links resolved, as the weights' paths have them. */
async function realFolder(path: string): Promise<string> {
  const folder = resolve(dirname(path));
  try {
    return await Deno.realPath(folder);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return folder;
    throw fileError("write", path, error);
  }
}

/** A weight file as seen from the model's folder, with forward slashes. */
function placeBelow(folder: string, file: string): string {
  const location = relative(folder, file).replaceAll(sep, "/");
  if (!location.startsWith("../") && !isAbsolute(location)) return location;
  throw new RangeError(
    withHint(
      `Cannot save a graph in ${quote(folder)}: its weights are in ${
        quote(file)
      }, expected a file below that folder`,
      `Save it in ${quote(dirname(file))}, or with weights: "copy".`,
    ),
  );
}

/** A page, at which a weight in a file can be mapped. */
const ALIGNMENT = 4096;

/** How much is copied at a time. */
const CHUNK = 2 ** 24;

/** Writes the weights into one file next to the model, then the model. */
async function saveWithWeights(
  graph: BuiltGraph,
  path: string,
  options: { overwrite: boolean; signal: AbortSignal | undefined },
): Promise<void> {
  const { overwrite, signal } = options;
  const dataPath = `${path}.data`;
  // Both are opened first, so that an existing file is an error at once.
  await using model = await openAtomicFile(path, { overwrite });
  await using data = await openAtomicFile(dataPath, { overwrite });
  const moved = new Map<
    string,
    ExternalData & { readonly from: ExternalData }
  >();
  let end = 0;
  const bytes = relocateWeights(graph.model, (from) => {
    const key = `${from.location}:${from.offset}:${from.length}`;
    let place = moved.get(key);
    if (!place) {
      const offset = Math.ceil(end / ALIGNMENT) * ALIGNMENT;
      end = offset + from.length;
      const location = basename(dataPath);
      place = { location, offset, length: from.length, from };
      moved.set(key, place);
    }
    return place;
  });
  try {
    await data.file.truncate(end);
    for (const { from, offset } of moved.values()) {
      using source = openFileSource(join(graph.weightsFolder, from.location));
      await data.file.seek(offset, Deno.SeekMode.Start);
      for (let at = 0; at < from.length; at += CHUNK) {
        signal?.throwIfAborted();
        const length = Math.min(CHUNK, from.length - at);
        await writeAll(data.file, source.read(from.offset + at, length));
      }
    }
    await writeAll(model.file, bytes);
  } catch (cause) {
    signal?.throwIfAborted();
    throw fileError("write", dataPath, cause);
  }
  await data.commit();
  await model.commit();
}

async function writeAll(file: Deno.FsFile, bytes: Uint8Array): Promise<void> {
  let written = 0;
  while (written < bytes.length) {
    written += await file.write(bytes.subarray(written));
  }
}
