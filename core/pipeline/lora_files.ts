/**
 * Opens LoRA files for a pipeline.
 *
 * @module
 */

import { readSafetensors } from "../formats/safetensors.ts";
import type { TensorIndex } from "../formats/tensor_index.ts";
import { quote, withHint } from "../base/errors.ts";
import {
  fileExists,
  type FileSource,
  openFileSource,
  readFileText,
} from "../files/files.ts";
import { basename, dirname, isAbsolute, join } from "node:path";
import type { LayerAdapter } from "../onnx/graph/value.ts";
import { type Lora, loraAdapters, readLora } from "../wan/lora/lora.ts";
import { fingerprint, fingerprintWeights } from "./fingerprint.ts";

/** Opened LoRAs. */
export interface OpenedLoras {
  /** The adapters of the transformer's layers. */
  readonly adapters: ReadonlyMap<string, LayerAdapter>;
  /** Their identity: the file, the strength, and a fingerprint of the weights. */
  readonly info: readonly {
    readonly file: string;
    readonly strength: number;
    readonly weights: string;
    /** A fingerprint of scales that are stated outside of the tensors. */
    readonly scales?: string;
  }[];
  /** Remarks on tensors that have no effect. */
  readonly notes: readonly string[];
}

/**
 * Opens LoRA files for a transformer; without one they are only read.
 *
 * @throws {Deno.errors.NotFound} When one is missing.
 * @throws {CheckpointError} When one is not a safetensors file.
 * @throws {FormatError} When one belongs to another model.
 * @throws {RangeError} When a strength is not a number.
 */
export async function openLoras(
  choices: readonly { readonly file: string; readonly strength?: number }[],
  transformer: TensorIndex | undefined,
): Promise<OpenedLoras> {
  const notes: string[] = [];
  const opened = [];
  for (const { file, strength = 1 } of choices) {
    const path = resolveFile(file);
    using source = openLora(path, file);
    if (!transformer) {
      readSafetensors(source);
      continue;
    }
    const config = await adapterConfig(path);
    const lora = readLora(source, transformer, { config });
    const tensors = readSafetensors(source);
    const weights = await fingerprintWeights(tensors);
    const scales = await scalesOf(tensors, lora, config);
    opened.push({
      ...{ lora, file, strength, weights },
      ...(scales !== undefined && { scales }),
    });
    notes.push(...lora.notes.map((note) => `${quote(file)}: ${note}`));
    if (lora.ignored.length > 0) {
      const [first] = lora.ignored;
      notes.push(
        `${quote(file)}: ${lora.ignored.length} tensors have no effect, ` +
          `for example ${quote(first!.tensor)} (${first!.reason})`,
      );
    }
  }
  return {
    adapters: loraAdapters(opened),
    info: opened.map(({ lora: _, ...info }) => info),
    notes,
  };
}

/**
 * A fingerprint of the scales that are not in the tensors, but in the metadata
 * or the configuration; undefined where these say nothing.
 */
async function scalesOf(
  { metadata }: ReturnType<typeof readSafetensors>,
  { layers }: Lora,
  config: unknown,
): Promise<string | undefined> {
  if (config === undefined && !metadata.has("lora_adapter_metadata")) {
    return undefined;
  }
  const scales = [...layers].map(([name, { factors, product }]) => [
    name,
    (factors ?? product)?.scale,
  ]);
  return await fingerprint(JSON.stringify(scales));
}

/** @throws {Deno.errors.NotFound} With a HINT. */
function openLora(path: string, file: string): FileSource {
  try {
    return openFileSource(path);
  } catch (cause) {
    if (!(cause instanceof Deno.errors.NotFound)) throw cause;
    throw new Deno.errors.NotFound(
      withHint(
        `Cannot read the LoRA ${quote(file)}: no such file`,
        isAbsolute(file)
          ? "Check its path; a LoRA is one .safetensors file."
          : "It is looked for from the working directory; its whole path works from anywhere.",
      ),
      { cause },
    );
  }
}

/**
 * The path with its folder and all links resolved, as the weights of the
 * checkpoint have it: a graph names both relative to a folder that they share.
 */
function resolveFile(file: string): string {
  try {
    return Deno.realPathSync(file);
  } catch (error) {
    // Opening it says what is wrong.
    if (error instanceof Deno.errors.NotFound) return file;
    throw error;
  }
}

/** PEFT's description of an adapter, which is next to its weights. */
async function adapterConfig(path: string): Promise<unknown> {
  if (basename(path) !== "adapter_model.safetensors") return undefined;
  const config = join(dirname(path), "adapter_config.json");
  if (!await fileExists(config)) return undefined;
  try {
    return JSON.parse(await readFileText(config, { limit: 1024 * 1024 }));
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
