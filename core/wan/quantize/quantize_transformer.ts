/**
 * The transformer in 8 or 4 bits per weight: the matrices of the blocks, which
 * are 96 % of it, are quantised; what is sensitive or small stays as it is:
 * embeddings, time, head, biases, norms and modulation. Matrices among those
 * are stored in 16 bits.
 *
 * The weights are read, quantised and written some rows at a time, so that the
 * 14B model needs no more memory than a tiny one.
 *
 * @module
 */

import type { ByteSource } from "../../base/byte_source.ts";
import type { Component } from "../networks.ts";
import {
  planSafetensors,
  type TensorPlan,
} from "../../formats/safetensors_writer.ts";
import type { TensorEntry, TensorIndex } from "../../formats/tensor_index.ts";
import { quote } from "../../base/errors.ts";
import { decodeNumbers } from "../../onnx/graph/decode_numbers.ts";
import {
  dequantizeRows,
  isBlockSize,
  type Quantization,
  quantizedNames,
  quantizeRows,
} from "../../onnx/graph/quantized_weight.ts";
import { sizeOf } from "../../base/tensor.ts";

/** How far the quantised weights of a group of layers are from the stored ones. */
export interface QuantizationError {
  /** The layers, as they are called in every block: `self_attn.q`, `ffn.0`. */
  readonly group: string;
  /** How many weights. */
  readonly weights: number;
  /** Root of the mean squared error over that of the weights. */
  readonly relative: number;
  /** The largest absolute error. */
  readonly largest: number;
}

/** What is told while the weights are quantised. */
export interface QuantizationProgress {
  /** The tensor that was finished. */
  readonly name: string;
  /** How many source bytes were read so far. */
  readonly done: number;
  /** How many there are. */
  readonly total: number;
}

/** Where the file's bytes go. */
export interface RandomAccessSink {
  /** Writes all of `bytes` at `offset`. */
  write(offset: number, bytes: Uint8Array): void;
}

/** How {@linkcode quantizeTransformer} works. */
export interface QuantizeOptions extends Quantization {
  /** Opens one of the component's files. */
  readonly open: (file: string) => ByteSource & Disposable;
  /** Where the result is written. */
  readonly sink: RandomAccessSink;
}

/** How many numbers are in memory at a time. */
const CHUNK = 2 ** 22;

/** Matrices from this size on are stored in 16 bits, smaller ones as they are. */
const LARGE = 2 ** 12;

const QUANTIZED =
  /^blocks\.\d+\.((?:self_attn|cross_attn)\.(?:q|k|v|o|k_img|v_img)|ffn\.[02])\.weight$/;

/** What becomes of one tensor. */
type Task =
  | { readonly kind: "copy"; readonly entry: TensorEntry }
  | { readonly kind: "half"; readonly entry: TensorEntry }
  | {
    readonly kind: "quantize";
    readonly entry: TensorEntry;
    readonly group: string;
    readonly scale: TensorEntry | undefined;
  };

/**
 * Quantises `component` into the bytes of a safetensors file, which opens as
 * the transformer of a checkpoint. Yields after every tensor; returns the
 * error of each group of layers.
 *
 * @throws {RangeError} When the block size is none that MatMulNBits takes, or
 * a number is too large for 16 bits.
 * @throws {TypeError} When the component is quantised already.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { quantizeTransformer } from "./quantize_transformer.ts";
 * import { memorySource } from "../../base/byte_source.ts";
 * import { readSafetensors } from "../../formats/safetensors.ts";
 * import { writeSafetensors } from "../../formats/safetensors_writer.ts";
 *
 * const data = Float32Array.from({ length: 64 }, (_, i) => Math.sin(i));
 * const bytes = writeSafetensors([
 *   { name: "blocks.0.ffn.0.weight", dtype: "F32", shape: [2, 32], data },
 * ]);
 * const source = { ...memorySource(bytes, "dit"), [Symbol.dispose]() {} };
 * const written = new Uint8Array(4096);
 * const work = quantizeTransformer(readSafetensors(source), {
 *   bits: 8,
 *   blockSize: 32,
 *   open: () => source,
 *   sink: { write: (offset, part) => written.set(part, offset) },
 * });
 * let step = work.next();
 * while (!step.done) step = work.next();
 * assert.equal(step.value[0]!.group, "ffn.0");
 * assert.ok(step.value[0]!.relative < 0.01);
 * ```
 */
export function* quantizeTransformer(
  component: Pick<Component<"transformer">, "tensors" | "metadata">,
  options: QuantizeOptions,
): Generator<QuantizationProgress, QuantizationError[]> {
  const { blockSize, open, sink } = options;
  if (!isBlockSize(blockSize)) {
    throw new RangeError(
      `Cannot quantise in blocks of ${blockSize}, expected 16, 32, 64, 128 or 256`,
    );
  }
  const tasks = planTasks(component.tensors);
  const plans = tasks.map((task) => plansOf(task, options));
  const { header, offsets } = planSafetensors(plans.flat(), {
    metadata: metadataOf(component, options),
  });
  sink.write(0, header);
  const errors = new Map<string, ErrorSum>();
  const total = tasks.reduce((sum, { entry }) => sum + entry.length, 0);
  let done = 0, at = 0;
  let source: (ByteSource & Disposable) | undefined;
  try {
    for (const [i, task] of tasks.entries()) {
      const { entry } = task;
      if (source?.name !== entry.file) {
        source?.[Symbol.dispose]();
        source = open(entry.file);
      }
      const places = offsets.slice(at, at += plans[i]!.length);
      if (task.kind === "quantize") {
        const sum = errors.get(task.group) ?? new ErrorSum();
        errors.set(task.group, sum);
        quantizeTensor(task, { ...options, source, places, sum });
      } else {
        for (const { numbers, bytes, from } of chunks(source, entry, 1)) {
          const out = task.kind === "copy" ? bytes : toHalf(numbers(), entry);
          const ratio = task.kind === "copy" ? 1 : 2 / 4;
          sink.write(places[0]! + from * ratio, out);
        }
      }
      done += entry.length;
      yield { name: entry.name, done, total };
    }
  } finally {
    source?.[Symbol.dispose]();
  }
  return [...errors].map(([group, sum]) => ({ group, ...sum.result() }));
}

/**
 * How many bytes the file of {@linkcode quantizeTransformer} has; nothing is
 * read.
 *
 * @throws {TypeError} When the component is quantized already.
 */
export function quantizedSize(
  component: Pick<Component<"transformer">, "tensors" | "metadata">,
  options: Quantization,
): number {
  const plans = planTasks(component.tensors).map((task) =>
    plansOf(task, options)
  );
  return planSafetensors(plans.flat(), {
    metadata: metadataOf(component, options),
  }).size;
}

function metadataOf(
  { metadata }: Pick<Component<"transformer">, "metadata">,
  { bits, blockSize }: Quantization,
): Record<string, string> {
  return {
    ...Object.fromEntries(metadata),
    format: "pt",
    quantization: `ati q${bits} in blocks of ${blockSize}`,
  };
}

function planTasks(tensors: TensorIndex): Task[] {
  const tasks: Task[] = [];
  const scales = new Set<string>();
  for (const entry of tensors.values()) {
    const { name } = entry;
    if (/\.weight_q[48](?:_scales)?$/.test(name)) {
      throw new TypeError(
        `Cannot quantise ${quote(entry.file)}: it is quantised already`,
      );
    }
    const group = QUANTIZED.exec(name)?.[1];
    if (group !== undefined) {
      const key = name.replace(/weight$/, "scale_weight");
      const scale = tensors.get(key);
      if (scale) scales.add(key);
      tasks.push({ kind: "quantize", entry, group, scale });
    } else {
      const large = entry.shape.length > 1 && sizeOf(entry.shape) >= LARGE;
      const kind = large && entry.dtype === "F32" ? "half" : "copy";
      tasks.push({ kind, entry });
    }
  }
  return tasks.filter(({ entry }) => !scales.has(entry.name));
}

/** The tensors that a task writes. */
function plansOf(task: Task, options: Quantization): TensorPlan[] {
  const { name, dtype, shape } = task.entry;
  if (task.kind === "copy") return [{ name, dtype, shape }];
  if (task.kind === "half") return [{ name, dtype: "F16", shape }];
  const { bits, blockSize } = options;
  const names = quantizedNames(name, bits);
  const [out, inner] = shape as [number, number];
  const blocks = Math.ceil(inner / blockSize);
  const bytes = blockSize * bits / 8;
  return [
    { name: names.packed, dtype: "U8", shape: [out, blocks, bytes] },
    { name: names.scales, dtype: "F16", shape: [out, blocks] },
  ];
}

function quantizeTensor(
  task: Task & { kind: "quantize" },
  context: QuantizeOptions & {
    source: ByteSource;
    places: readonly number[];
    sum: ErrorSum;
  },
): void {
  const { entry, scale } = task;
  const { source, sink, sum, places, open } = context;
  let factor = 1;
  if (scale) {
    using file = open(scale.file);
    factor = decodeNumbers(
      scale.dtype,
      file.read(scale.offset, scale.length),
    )[0]!;
  }
  const columns = entry.shape[1]!;
  const how = { ...context, columns };
  let [packedAt, scalesAt] = places as [number, number];
  for (const { numbers } of chunks(source, entry, columns)) {
    const rows = numbers();
    if (factor !== 1) {
      for (let i = 0; i < rows.length; i++) rows[i]! *= factor;
    }
    const { packed, scales } = quantizeRows(rows, how);
    sum.add(rows, dequantizeRows({ packed, scales }, how));
    sink.write(packedAt, packed);
    sink.write(scalesAt, new Uint8Array(scales.buffer));
    packedAt += packed.byteLength;
    scalesAt += scales.byteLength;
  }
}

/** A tensor in parts of whole rows of `columns` numbers; `from` is in bytes. */
function* chunks(
  source: ByteSource,
  entry: TensorEntry,
  columns: number,
): Generator<{ bytes: Uint8Array; numbers: () => Float32Array; from: number }> {
  const size = sizeOf(entry.shape);
  const bytesEach = entry.length / size;
  const most = Math.max(1, Math.floor(CHUNK / columns)) * columns;
  for (let i = 0; i < size; i += most) {
    const from = i * bytesEach;
    const length = Math.min(most, size - i) * bytesEach;
    const bytes = source.read(entry.offset + from, length);
    yield { bytes, numbers: () => decodeNumbers(entry.dtype, bytes), from };
  }
}

function toHalf(numbers: Float32Array, entry: TensorEntry): Uint8Array {
  const halves = Float16Array.from(numbers);
  if (halves.some((x) => !Number.isFinite(x))) {
    throw new RangeError(
      `Cannot store ${quote(entry.name)} of ${
        quote(entry.file)
      } in 16 bits: a number is too large`,
    );
  }
  return new Uint8Array(halves.buffer);
}

class ErrorSum {
  #weights = 0;
  #squares = 0;
  #errors = 0;
  #largest = 0;

  add(exact: Float32Array, rounded: Float32Array): void {
    this.#weights += exact.length;
    for (let i = 0; i < exact.length; i++) {
      const x = exact[i]!, gap = Math.abs(x - rounded[i]!);
      this.#squares += x * x;
      this.#errors += gap * gap;
      if (gap > this.#largest) this.#largest = gap;
    }
  }

  result(): Omit<QuantizationError, "group"> {
    return {
      weights: this.#weights,
      relative: this.#squares === 0
        ? 0
        : Math.sqrt(this.#errors / this.#squares),
      largest: this.#largest,
    };
  }
}
