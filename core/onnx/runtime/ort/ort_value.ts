/**
 * Tensors of the library.
 *
 * @module
 */

import type { DataType } from "../../graph/onnx_proto.ts";
import { sizeOf } from "../../../base/tensor.ts";
import { bytesPerElement, codeOf, typeOfCode } from "./element_type.ts";
import { NativeBlock, readBytes, writeBytes } from "./native_memory.ts";
import type { OrtLibrary } from "./ort_library.ts";

/**
 * A tensor in the library's own memory, or in memory of a device. It is freed
 * when its last holder lets go: its creator is the first one, and every
 * run that reads it is another.
 */
export class OrtValue implements Disposable {
  /** The length of each axis, outermost first. */
  readonly dims: readonly number[];
  /** The type of its elements. */
  readonly type: DataType;
  readonly #library: OrtLibrary;
  readonly #pointer: Deno.PointerObject;
  /** What must outlive the tensor: the memory that it is in, or its session. */
  readonly #memory: Disposable | undefined;
  #holders = 1;

  private constructor(
    library: OrtLibrary,
    options: {
      pointer: Deno.PointerObject;
      type: DataType;
      dims: readonly number[];
      memory?: Disposable | undefined;
    },
  ) {
    this.#library = library;
    this.#pointer = options.pointer;
    this.type = options.type;
    this.dims = options.dims;
    this.#memory = options.memory;
  }

  /** A tensor of the CPU, whose numbers are undefined until they are written. */
  static allocate(
    library: OrtLibrary,
    { type, dims }: { type: DataType; dims: readonly number[] },
  ): OrtValue {
    using shape = new NativeBlock(library.memory, 8 * dims.length);
    shape.writeIntegers(dims);
    const pointer = library.make((out) =>
      library.api.CreateTensorAsOrtValue(
        library.allocator,
        shape.pointer,
        BigInt(dims.length),
        codeOf(type),
        out,
      )
    );
    return new OrtValue(library, { pointer, type, dims: [...dims] });
  }

  /** A tensor of the CPU with those numbers, as they are in memory. */
  static copyOf(
    library: OrtLibrary,
    options: {
      type: DataType;
      dims: readonly number[];
      data: ArrayBufferView;
    },
  ): OrtValue {
    const value = OrtValue.allocate(library, options);
    try {
      value.write(options.data);
    } catch (error) {
      value.release();
      throw error;
    }
    return value;
  }

  /**
   * A tensor over memory that is there already: `memoryInfo` says on which
   * device, `address` where, and `owner` is disposed of after the tensor.
   */
  static over(
    library: OrtLibrary,
    options: {
      type: DataType;
      dims: readonly number[];
      address: Deno.PointerObject;
      memoryInfo: Deno.PointerObject;
      owner?: Disposable;
    },
  ): OrtValue {
    const { type, dims, address, memoryInfo, owner } = options;
    using shape = new NativeBlock(library.memory, 8 * dims.length);
    shape.writeIntegers(dims);
    const pointer = library.make((out) =>
      library.api.CreateTensorWithDataAsOrtValue(
        memoryInfo,
        address,
        BigInt(sizeOf(dims) * bytesPerElement(type)),
        shape.pointer,
        BigInt(dims.length),
        codeOf(type),
        out,
      )
    );
    return new OrtValue(library, {
      pointer,
      type,
      dims: [...dims],
      memory: owner,
    });
  }

  /**
   * A tensor that the library has made, which belongs to the caller; `owner`
   * is disposed of after the tensor.
   */
  static adopt(
    library: OrtLibrary,
    pointer: Deno.PointerObject,
    owner?: Disposable,
  ): OrtValue {
    const { api, make, check } = library;
    let info: Deno.PointerObject | undefined;
    try {
      info = make((out) => api.GetTensorTypeAndShape(pointer, out));
      using word = new NativeBlock(library.memory, 8);
      check(api.GetTensorElementType(info, word.pointer));
      const code = word.readInt32();
      const type = typeOfCode(code);
      if (type === undefined) {
        throw new TypeError(
          `Cannot read a tensor: its element type is ${code}, which is not used here`,
        );
      }
      check(api.GetDimensionsCount(info, word.pointer));
      const rank = word.readInteger();
      using shape = new NativeBlock(library.memory, 8 * rank);
      check(api.GetDimensions(info, shape.pointer, BigInt(rank)));
      const dims = Array.from({ length: rank }, (_, i) => shape.readInteger(i));
      return new OrtValue(library, { pointer, type, dims, memory: owner });
    } catch (error) {
      api.ReleaseValue(pointer);
      owner?.[Symbol.dispose]();
      throw error;
    } finally {
      if (info !== undefined) api.ReleaseTensorTypeAndShapeInfo(info);
    }
  }

  /** For a native call. */
  get pointer(): Deno.PointerObject {
    this.#checkAlive();
    return this.#pointer;
  }

  /** The size of its numbers in bytes. */
  get byteLength(): number {
    return sizeOf(this.dims) * bytesPerElement(this.type);
  }

  /** Where its numbers are; of use to native calls on that device only. */
  get address(): Deno.PointerObject {
    const { api, make } = this.#library;
    return make((out) => api.GetTensorMutableData(this.pointer, out));
  }

  /** Copies numbers into a tensor of the CPU, as they are in memory. */
  write(data: ArrayBufferView): void {
    this.#checkSize(data);
    if (data.byteLength === 0) return; // which has no address
    writeBytes(
      this.address,
      new Uint8Array(data.buffer, data.byteOffset, data.byteLength),
      { limit: this.byteLength },
    );
  }

  /** Copies the numbers of a tensor of the CPU into an array of their size. */
  read<Data extends ArrayBufferView<ArrayBuffer>>(into: Data): Data {
    this.#checkSize(into);
    if (into.byteLength === 0) return into;
    readBytes(
      this.address,
      new Uint8Array(into.buffer, into.byteOffset, into.byteLength),
    );
    return into;
  }

  /** One more holder, who must call {@linkcode release} as well. */
  hold(): this {
    this.#checkAlive();
    this.#holders++;
    return this;
  }

  /** One holder less; with the last one the tensor is freed. */
  release(): void {
    this.#checkAlive();
    if (--this.#holders > 0) return;
    this.#library.api.ReleaseValue(this.#pointer);
    this.#memory?.[Symbol.dispose]();
  }

  /** Frees it at the end of a `using` block. */
  [Symbol.dispose](): void {
    this.release();
  }

  #checkAlive(): void {
    if (this.#holders <= 0) {
      throw new Error("Cannot use a tensor: it was freed");
    }
  }

  #checkSize(data: ArrayBufferView): void {
    if (data.byteLength === this.byteLength) return;
    throw new RangeError(
      `Cannot copy a tensor of ${this.type} [${
        this.dims.join(", ")
      }]: the array has ${data.byteLength} bytes, expected ${this.byteLength}`,
    );
  }
}
