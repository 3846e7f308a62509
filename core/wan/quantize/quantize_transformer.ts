/**
 * The transformer or the text encoder in 8 or 4 bits per weight: the matrices
 * of the blocks, which are 96 % of the transformer, are quantized; what is
 * sensitive or small stays as it is: embeddings, time, head, biases, norms and
 * modulation. Matrices among those are stored in 16 bits.
 *
 * Of a GGUF file, Q8_0 and Q4_0 matrices are taken over number by number, the
 * other block types are quantized again, and what is not a matrix is written
 * out.
 *
 * The weights are read, quantized and written some rows at a time, so that the
 * 14B model needs no more memory than a tiny one.
 *
 * @module
 */

import type { ByteSource } from "../../base/byte_source.ts";
import { quote } from "../../base/errors.ts";
import { sizeOf } from "../../base/tensor.ts";
import { isBlockType } from "../../formats/gguf_blocks.ts";
import {
  planSafetensors,
  type TensorPlan,
} from "../../formats/safetensors_writer.ts";
import type {
  TensorDtype,
  TensorEntry,
  TensorIndex,
} from "../../formats/tensor_index.ts";
import {
  findScale,
  scaleRows,
  type WeightScale,
} from "../../formats/weight_scale.ts";
import { decodeNumbers } from "../../onnx/graph/decode_numbers.ts";
import {
  dequantizeRows,
  isBlockSize,
  type QuantizedBits,
  quantizedNames,
  quantizeRows,
} from "../../onnx/graph/quantized_weight.ts";
import type { Component } from "../networks.ts";
import {
  EXACT_BLOCK_SIZE,
  EXACT_BLOCKS,
  repackBlocks,
} from "./repack_blocks.ts";

/** The error of the quantized weights of a group of layers. */
export interface QuantizationError {
  /** The layers, by their name in every block: `self_attn.q`, `ffn.0`. */
  readonly group: string;
  /** How the weights were stored. */
  readonly from: TensorDtype;
  /** How they are stored now. */
  readonly to: "q8" | "q4" | "F16" | "F32";
  /** How many weights. */
  readonly weights: number;
  /** Root of the mean squared error over that of the weights. */
  readonly relative: number;
  /** The largest absolute error. */
  readonly largest: number;
}

/** Progress of a quantization. */
export interface QuantizationProgress {
  /** The tensor that was finished. */
  readonly name: string;
  /** The number of source bytes read so far. */
  readonly done: number;
  /** The number of source bytes in total. */
  readonly total: number;
}

/** The destination of the file's bytes. */
export interface RandomAccessSink {
  /** Writes all of `bytes` at `offset`. */
  write(offset: number, bytes: Uint8Array): void;
}

/** How {@linkcode quantizeTransformer} works. */
export interface QuantizeOptions {
  /**
   * Bits per weight. Left out, the matrices of a GGUF file keep theirs: Q8_0
   * and Q4_0 are taken over, other block types become 8 bits, and 16-bit
   * numbers stay as they are.
   */
  readonly bits?: QuantizedBits;
  /** How many numbers share a scale, of matrices that are not taken over. */
  readonly blockSize: number;
  /** Which network it is; the transformer by default. */
  readonly network?: QuantizableNetwork;
  /** Opens one of the component's files. */
  readonly open: (file: string) => ByteSource & Disposable;
  /** Where the result is written. */
  readonly sink: RandomAccessSink;
}

/** The number of elements in memory at a time. */
const CHUNK = 2 ** 22;

/** Matrices of at least this size are stored in 16 bits, smaller ones unchanged. */
const LARGE = 2 ** 12;

/** The networks whose matrices can be quantized. */
export type QuantizableNetwork = "transformer" | "t5";

/** The matrices of the blocks; the first group is their name in every block. */
const QUANTIZED: Readonly<Record<QuantizableNetwork, RegExp>> = {
  transformer:
    /^blocks\.\d+\.((?:self_attn|cross_attn)\.(?:q|k|v|o|k_img|v_img)|ffn\.[02])\.weight$/,
  t5: /^blocks\.\d+\.(attn\.[qkvo]|ffn\.(?:gate\.0|fc1|fc2))\.weight$/,
};

/** Further matrices that are computed with packed, where a GGUF file has them so. */
const PACKABLE: Readonly<Record<QuantizableNetwork, RegExp>> = {
  transformer:
    /^(text_embedding\.[02]|time_embedding\.[02]|time_projection\.1|img_emb\.proj\.[13]|head\.head)\.weight$/,
  t5: /^(token_embedding)\.weight$/,
};

/** How one tensor is stored. */
type Task =
  | { readonly kind: "copy"; readonly entry: TensorEntry }
  | {
    readonly kind: "convert";
    readonly entry: TensorEntry;
    readonly to: "F16" | "F32";
  }
  | {
    readonly kind: "quantize";
    readonly entry: TensorEntry;
    readonly group: string;
    readonly bits: QuantizedBits;
    readonly scale: WeightScale | undefined;
  }
  | {
    readonly kind: "repack";
    readonly entry: TensorEntry;
    readonly group: string;
    readonly bits: QuantizedBits;
    readonly type: "Q8_0" | "Q4_0";
  };

/**
 * Quantizes `component` into the bytes of a safetensors file, which opens as
 * the transformer of a checkpoint. Yields after every tensor; returns the
 * error of each group of layers.
 *
 * @throws {RangeError} When MatMulNBits does not support the block size, or a
 * number is too large for 16 bits.
 * @throws {TypeError} When the component is already quantized.
 */
export function* quantizeTransformer(
  component: Pick<Component, "tensors" | "metadata">,
  options: QuantizeOptions,
): Generator<QuantizationProgress, QuantizationError[]> {
  const { blockSize, open, sink } = options;
  if (!isBlockSize(blockSize)) {
    throw new RangeError(
      `Cannot quantize in blocks of ${blockSize}, expected 16, 32, 64, 128 or 256`,
    );
  }
  const tasks = planTasks(component.tensors, options);
  const plans = tasks.map((task) => plansOf(task, blockSize));
  const { header, offsets } = planSafetensors(plans.flat(), {
    metadata: metadataOf(component, options),
  });
  sink.write(0, header);
  const errors = new Map<string, ErrorSum>();
  const sumOf = (
    group: string,
    facts: Pick<QuantizationError, "from" | "to">,
  ) => {
    const key = `${group} ${facts.from} ${facts.to}`;
    const sum = errors.get(key) ?? new ErrorSum({ group, ...facts });
    errors.set(key, sum);
    return sum;
  };
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
      const context = { source, sink, open, places, blockSize };
      switch (task.kind) {
        case "copy":
          for (const { bytes, from } of chunks(source, entry, 1)) {
            sink.write(places[0]! + from, bytes);
          }
          break;
        case "convert":
          convertTensor(task, {
            ...context,
            sum: isBlockType(entry.dtype)
              ? sumOf("others", { from: entry.dtype, to: task.to })
              : undefined,
          });
          break;
        default:
          packTensor(task, {
            ...context,
            sum: sumOf(task.group, {
              from: entry.dtype,
              to: task.bits === 8 ? "q8" : "q4",
            }),
          });
      }
      done += entry.length;
      yield { name: entry.name, done, total };
    }
  } finally {
    source?.[Symbol.dispose]();
  }
  return [...errors.values()].map((sum) => sum.result());
}

/**
 * How many bytes the file of {@linkcode quantizeTransformer} has; nothing is
 * read.
 *
 * @throws {TypeError} When the component is quantized already.
 */
export function quantizedSize(
  component: Pick<Component, "tensors" | "metadata">,
  options: Pick<QuantizeOptions, "bits" | "blockSize" | "network">,
): number {
  const plans = planTasks(component.tensors, options).map((task) =>
    plansOf(task, options.blockSize)
  );
  return planSafetensors(plans.flat(), {
    metadata: metadataOf(component, options),
  }).size;
}

function metadataOf(
  { metadata }: Pick<Component, "metadata">,
  { bits, blockSize }: Pick<QuantizeOptions, "bits" | "blockSize">,
): Record<string, string> {
  return {
    ...Object.fromEntries(metadata),
    format: "pt",
    quantization: bits === undefined
      ? `ati from GGUF, blocks of ${EXACT_BLOCK_SIZE} or ${blockSize}`
      : `ati q${bits} in blocks of ${blockSize}`,
  };
}

function planTasks(
  tensors: TensorIndex,
  options: Pick<QuantizeOptions, "bits" | "network">,
): Task[] {
  const { network = "transformer" } = options;
  const tasks: Task[] = [];
  const used = new Set<string>();
  for (const entry of tensors.values()) {
    if (/\.weight_q[48](?:_scales)?$/.test(entry.name)) {
      throw new TypeError(
        `Cannot quantize ${quote(entry.file)}: it is already quantized`,
      );
    }
    const task = planTask(entry, { ...options, network, tensors });
    if (task.kind === "quantize" && task.scale) used.add(task.scale.entry.name);
    tasks.push(task);
  }
  return sameBits(tasks).filter(({ entry }) => !used.has(entry.name));
}

/**
 * A layer has the same bits in all blocks, so that their graphs are the same
 * and one session serves them all: where some of them have 8, 4 bits are taken
 * over as 8, which keeps every number.
 */
function sameBits(tasks: readonly Task[]): Task[] {
  const isPacked = (task: Task) =>
    task.kind === "quantize" || task.kind === "repack";
  const wide = new Set(
    tasks.filter(isPacked).filter(({ bits }) => bits === 8)
      .map(({ group }) => group),
  );
  return tasks.map((task) =>
    task.kind === "repack" && wide.has(task.group) ? { ...task, bits: 8 } : task
  );
}

function planTask(
  entry: TensorEntry,
  options: {
    bits?: QuantizedBits;
    network: QuantizableNetwork;
    tensors: TensorIndex;
  },
): Task {
  const { bits, network, tensors } = options;
  const { name, dtype, shape } = entry;
  const isBlocks = isBlockType(dtype);
  const group = QUANTIZED[network].exec(name)?.[1];
  const packable = group ?? PACKABLE[network].exec(name)?.[1];
  const own = EXACT_BLOCKS[dtype];
  if (
    own !== undefined && packable !== undefined && shape.length === 2 &&
    (group === undefined || bits === undefined || bits >= own)
  ) {
    const type = dtype as "Q8_0" | "Q4_0";
    return { kind: "repack", entry, group: packable, bits: own, type };
  }
  if (group !== undefined && (isBlocks || bits !== undefined)) {
    const scale = findScale(tensors, name);
    return { kind: "quantize", entry, group, bits: bits ?? 8, scale };
  }
  const large = shape.length > 1 && sizeOf(shape) >= LARGE;
  if (isBlocks) return { kind: "convert", entry, to: large ? "F16" : "F32" };
  return large && dtype === "F32"
    ? { kind: "convert", entry, to: "F16" }
    : { kind: "copy", entry };
}

/** The tensors that a task writes. */
function plansOf(task: Task, asked: number): TensorPlan[] {
  const { name, dtype, shape } = task.entry;
  if (task.kind === "copy") return [{ name, dtype, shape }];
  if (task.kind === "convert") return [{ name, dtype: task.to, shape }];
  const { bits } = task;
  const blockSize = task.kind === "repack" ? EXACT_BLOCK_SIZE : asked;
  const names = quantizedNames(name, bits);
  const [out, inner] = shape as [number, number];
  const blocks = Math.ceil(inner / blockSize);
  const bytes = blockSize * bits / 8;
  return [
    { name: names.packed, dtype: "U8", shape: [out, blocks, bytes] },
    { name: names.scales, dtype: "F16", shape: [out, blocks] },
  ];
}

/** What the work on one tensor needs. */
interface WorkContext extends Pick<QuantizeOptions, "open" | "sink"> {
  readonly source: ByteSource;
  /** Where in the result its tensors begin. */
  readonly places: readonly number[];
  readonly blockSize: number;
}

function convertTensor(
  { entry, to }: Task & { kind: "convert" },
  context: WorkContext & { sum: ErrorSum | undefined },
): void {
  const { source, sink, places, sum } = context;
  let at = places[0]!;
  for (const { numbers } of chunks(source, entry, 1)) {
    const exact = numbers();
    checkFinite(exact, entry);
    const written = to === "F16" ? toHalf(exact, entry) : exact;
    sum?.add(exact, Float32Array.from(written));
    sink.write(at, new Uint8Array(written.buffer));
    at += written.byteLength;
  }
}

function packTensor(
  task: Task & { kind: "quantize" | "repack" },
  context: WorkContext & { sum: ErrorSum },
): void {
  const { entry, bits } = task;
  const { source, sink, sum, places } = context;
  const columns = entry.shape[1]!;
  const blockSize = task.kind === "repack"
    ? EXACT_BLOCK_SIZE
    : context.blockSize;
  const how = { bits, blockSize, columns };
  const scale = task.kind === "quantize" ? task.scale : undefined;
  const factors = scale && readAll(scale.entry, context);
  let [packedAt, scalesAt] = places as [number, number];
  let from = 0;
  for (const { numbers, bytes } of chunks(source, entry, columns)) {
    const rows = numbers();
    if (scale && factors) scaleRows(rows, { scale, factors, columns, from });
    checkFinite(rows, entry);
    from += rows.length / columns;
    const { packed, scales } = task.kind === "repack"
      ? repackBlocks(task.type, bytes, bits)
      : quantizeRows(rows, how);
    sum.add(rows, dequantizeRows({ packed, scales }, how));
    sink.write(packedAt, packed);
    sink.write(scalesAt, new Uint8Array(scales.buffer));
    packedAt += packed.byteLength;
    scalesAt += scales.byteLength;
  }
}

/** All numbers of a small tensor. */
function readAll(
  entry: TensorEntry,
  { open }: Pick<QuantizeOptions, "open">,
): Float32Array {
  using file = open(entry.file);
  return decodeNumbers(entry.dtype, file.read(entry.offset, entry.length));
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

/** What is not finite would become a number by rounding. */
function checkFinite(numbers: Float32Array, entry: TensorEntry): void {
  for (const value of numbers) {
    if (Number.isFinite(value)) continue;
    throw new RangeError(
      `Cannot quantize ${quote(entry.name)} of ${
        quote(entry.file)
      }: one of its numbers is ${value}, expected finite numbers`,
    );
  }
}

function toHalf(
  numbers: Float32Array,
  entry: TensorEntry,
): Float16Array<ArrayBuffer> {
  const halves = Float16Array.from(numbers);
  if (halves.some((x) => !Number.isFinite(x))) {
    throw new RangeError(
      `Cannot store ${quote(entry.name)} of ${
        quote(entry.file)
      } in 16 bits: a number is too large`,
    );
  }
  return halves;
}

class ErrorSum {
  readonly #facts: Pick<QuantizationError, "group" | "from" | "to">;
  #weights = 0;
  #squares = 0;
  #errors = 0;
  #largest = 0;

  constructor(facts: Pick<QuantizationError, "group" | "from" | "to">) {
    this.#facts = facts;
  }

  add(exact: Float32Array, rounded: Float32Array): void {
    this.#weights += exact.length;
    for (let i = 0; i < exact.length; i++) {
      const x = exact[i]!, gap = Math.abs(x - rounded[i]!);
      this.#squares += x * x;
      this.#errors += gap * gap;
      if (gap > this.#largest) this.#largest = gap;
    }
  }

  result(): QuantizationError {
    return {
      ...this.#facts,
      weights: this.#weights,
      relative: this.#squares === 0
        ? 0
        : Math.sqrt(this.#errors / this.#squares),
      largest: this.#largest,
    };
  }
}
