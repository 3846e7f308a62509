/**
 * What the folder of a network says about it, so that checkpoints can be read,
 * checked and made without knowing any network in particular.
 *
 * @module
 */

import { quote, withHint } from "../base/errors.ts";
import { CheckpointError } from "../formats/checkpoint_error.ts";
import type { TensorEntry, TensorIndex } from "../formats/tensor_index.ts";
import { findQuantized } from "../onnx/graph/quantized_weight.ts";
import type { NameRule, Naming } from "./tensor_names.ts";

/** A tensor that a network has. */
export interface LayoutTensor {
  /** Its official name. */
  readonly name: string;
  /** Its official shape, outermost axis first. */
  readonly shape: readonly number[];
  /** Present in the official file but not needed by ATI. */
  readonly optional?: boolean;
}

/** How a network is recognized, checked and built. */
export interface NetworkDescriptor<Config> {
  /** Its tensors under their official names, in the order of the state dict. */
  readonly layout: (config: Config) => LayoutTensor[];
  /** Its config, from the shapes of its tensors and `config.json`. */
  readonly derive: (reader: ShapeReader) => Config;
  /** What programs that save a whole model put in front of every name. */
  readonly prefix: RegExp;
  /** The projects whose names are known. */
  readonly names: readonly {
    /** Which project. */
    readonly naming: Exclude<Naming, "official">;
    /** The official name; undefined where no rule applies. */
    readonly rename: (name: string) => string | undefined;
  }[];
  /** The shape of a tensor that some format cannot keep; see `restoredShape`. */
  readonly restoreShape?: (
    entry: TensorEntry,
    tensors: TensorIndex,
  ) => readonly number[] | undefined;
  /** Tensors that its files may have and nothing here needs, with the reason. */
  readonly unused: readonly NameRule[];
  /** A tensor that only this network has. */
  readonly mark: string;
}

/** The values of config.json that are read, under either of their names. */
export interface ConfigFile {
  /** The file's name, for error messages. */
  readonly file: string;
  /** Its content. */
  readonly values: Readonly<Record<string, unknown>>;
}

/** A name beyond this many blocks is not one of the network's. */
const MAX_BLOCKS = 4096;

/** Reads hyperparameters off the shapes of a network's tensors. */
export class ShapeReader {
  readonly tensors: TensorIndex;
  readonly source: string;
  readonly config: ConfigFile | undefined;

  constructor(
    options: { tensors: TensorIndex; source: string; config?: ConfigFile },
  ) {
    this.tensors = options.tensors;
    this.source = options.source;
    this.config = options.config;
  }

  /**
   * The shape of a tensor, which must have that many axes. Of a packed weight
   * the last axis counts to the end of its last block.
   */
  shape(name: string, axes: number): readonly number[] {
    const shape = this.tensors.get(name)?.shape ?? this.#packedShape(name);
    if (!shape) {
      throw this.fail("tensor-not-found", `tensor ${quote(name)} is missing`);
    }
    if (shape.length !== axes || shape.includes(0)) {
      throw this.fail(
        "wrong-shape",
        `tensor ${quote(name)} is (${
          shape.join(", ")
        }), expected ${axes} axes, none of them empty`,
      );
    }
    return shape;
  }

  #packedShape(name: string): readonly number[] | undefined {
    const packed = findQuantized(this.tensors, name);
    if (!packed) return undefined;
    const [out, blocks] = packed.scales.shape;
    return [out!, blocks! * packed.blockSize];
  }

  /** How many of `<prefix>0`, `<prefix>1`, ... have a tensor `suffix`. */
  count(prefix: string, suffix: string): number {
    let count = 0;
    while (count < MAX_BLOCKS && this.tensors.has(prefix + count + suffix)) {
      count++;
    }
    return count;
  }

  /** A number of config.json, under the first of the names that it has. */
  number(...names: string[]): number | undefined {
    for (const name of names) {
      const value = this.config?.values[name];
      if (typeof value === "number" && value > 0) return value;
    }
    return undefined;
  }

  /** Throws where config.json says something else than the shapes. */
  agree(found: number, ...names: string[]): void {
    const stated = this.number(...names);
    if (stated === undefined || stated === found) return;
    throw this.fail(
      "wrong-shape",
      `${quote(this.config!.file)} has ${
        names.join(" or ")
      } ${stated}, the tensors' shapes say ${found}`,
    );
  }

  fail(
    code: "tensor-not-found" | "wrong-shape" | "unknown-layout",
    state: string,
    hint?: string,
  ): CheckpointError {
    const message = `Cannot open ${quote(this.source)}: ${state}`;
    return new CheckpointError(code, hint ? withHint(message, hint) : message);
  }
}

/** Weight and bias of a linear layer. */
export function linear(
  name: string,
  output: number,
  input: number,
): LayoutTensor[] {
  return [
    { name: `${name}.weight`, shape: [output, input] },
    { name: `${name}.bias`, shape: [output] },
  ];
}

/** Weight and bias of a layer norm. */
export function layerNorm(name: string, width: number): LayoutTensor[] {
  return [
    { name: `${name}.weight`, shape: [width] },
    { name: `${name}.bias`, shape: [width] },
  ];
}

/** A weight alone. */
export function weight(name: string, ...shape: number[]): LayoutTensor {
  return { name: `${name}.weight`, shape };
}

/** The tensors of `count` equal blocks. */
export function times<T>(count: number, make: (i: number) => T[]): T[] {
  return Array.from({ length: count }, (_, i) => make(i)).flat();
}
