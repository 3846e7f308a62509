/**
 * Memory that native code may read and write at any time: the only module that
 * makes addresses.
 *
 * A native call on another thread goes on when JavaScript ends, be it by an
 * uncaught error or because its Worker is terminated. Memory of JavaScript is
 * gone by then, and the process would end in a segmentation fault; so nothing
 * of it is ever handed over. Numbers are copied into native memory before a
 * call and out of it after the call.
 *
 * @module
 */

/** Where blocks come from; sizes in bytes. */
export interface Allocator {
  /** A new block. Throws when there is no memory. */
  allocate(byteLength: number): Deno.PointerObject;
  /** Gives a block back. */
  free(pointer: Deno.PointerObject): void;
}

/** One block of native memory, which belongs to the caller that allocated it. */
export class NativeBlock implements Disposable {
  /** The size in bytes. */
  readonly byteLength: number;
  readonly #allocator: Allocator;
  #pointer: Deno.PointerObject | undefined;

  /** Allocates a block; it must be freed. */
  constructor(allocator: Allocator, byteLength: number) {
    this.#allocator = allocator;
    this.byteLength = byteLength;
    this.#pointer = allocator.allocate(Math.max(byteLength, 1));
  }

  /** Its address, for a native call. */
  get pointer(): Deno.PointerObject {
    if (this.#pointer === undefined) {
      throw new Error("Cannot use a block of native memory: it was freed");
    }
    return this.#pointer;
  }

  /** Copies bytes into the block. */
  write(bytes: Uint8Array, offset = 0): void {
    writeBytes(this.pointer, bytes, { offset, limit: this.byteLength });
  }

  /** Copies 64-bit integers into the block: sizes, dimensions or addresses. */
  writeIntegers(numbers: readonly (number | bigint)[]): void {
    const integers = BigInt64Array.from(numbers, BigInt);
    this.write(new Uint8Array(integers.buffer));
  }

  /** The address that native code has written at a place, counted in words. */
  readPointer(index = 0): Deno.PointerValue {
    this.#checkWord(index);
    return new Deno.UnsafePointerView(this.pointer).getPointer(8 * index);
  }

  /** The 64-bit integer at a place, counted in words. */
  readInteger(index = 0): number {
    this.#checkWord(index);
    return Number(
      new Deno.UnsafePointerView(this.pointer).getBigInt64(8 * index),
    );
  }

  /** The 32-bit integer at the start. */
  readInt32(): number {
    return new Deno.UnsafePointerView(this.pointer).getInt32();
  }

  #checkWord(index: number): void {
    if (index >= 0 && 8 * index + 8 <= this.byteLength) return;
    throw new RangeError(
      `Cannot read word ${index} of native memory: it has ${this.byteLength} bytes`,
    );
  }

  /** Gives the memory back. Idempotent. */
  free(): void {
    if (this.#pointer === undefined) return;
    this.#allocator.free(this.#pointer);
    this.#pointer = undefined;
  }

  /** Frees it at the end of a `using` block. */
  [Symbol.dispose](): void {
    this.free();
  }
}

/** Blocks that are freed together. */
export class NativeScope implements Disposable {
  readonly #allocator: Allocator;
  readonly #blocks: NativeBlock[] = [];

  /** A scope without blocks. */
  constructor(allocator: Allocator) {
    this.#allocator = allocator;
  }

  /** A block of that many bytes, whose content is undefined. */
  block(byteLength: number): NativeBlock {
    const block = new NativeBlock(this.#allocator, byteLength);
    this.#blocks.push(block);
    return block;
  }

  /** A copy of bytes. */
  bytes(bytes: Uint8Array): NativeBlock {
    const block = this.block(bytes.byteLength);
    block.write(bytes);
    return block;
  }

  /** A string as C takes it: UTF-8, ended by a zero byte. */
  text(text: string): NativeBlock {
    return this.bytes(new TextEncoder().encode(`${text}\0`));
  }

  /** An array of 64-bit integers. */
  integers(numbers: readonly (number | bigint)[]): NativeBlock {
    const block = this.block(8 * numbers.length);
    block.writeIntegers(numbers);
    return block;
  }

  /** An array of addresses. */
  pointers(pointers: readonly Deno.PointerValue[]): NativeBlock {
    return this.integers(pointers.map(addressOf));
  }

  /** An array of C strings. */
  texts(texts: readonly string[]): NativeBlock {
    return this.pointers(texts.map((text) => this.text(text).pointer));
  }

  /** Frees every block. Idempotent. */
  free(): void {
    for (const block of this.#blocks.splice(0)) block.free();
  }

  /** Frees it at the end of a `using` block. */
  [Symbol.dispose](): void {
    this.free();
  }
}

/** An address as a number; 0 for none. */
export function addressOf(pointer: Deno.PointerValue): bigint {
  return Deno.UnsafePointer.value(pointer);
}

/** A number as an address; null for 0. */
export function pointerAt(address: bigint): Deno.PointerValue {
  return Deno.UnsafePointer.create(address);
}

/** The address so many bytes behind another one. */
export function pointerAtOffset(
  pointer: Deno.PointerObject,
  offset: number,
): Deno.PointerObject {
  return Deno.UnsafePointer.offset(pointer, offset)!;
}

/** A C string that native code owns, copied. */
export function readText(pointer: Deno.PointerValue): string {
  if (pointer === null) return "";
  return new Deno.UnsafePointerView(pointer).getCString();
}

/** An array of addresses that native code owns, copied. */
export function readAddresses(
  pointer: Deno.PointerObject,
  length: number,
): bigint[] {
  const view = new Deno.UnsafePointerView(pointer);
  return Array.from({ length }, (_, i) => view.getBigUint64(8 * i));
}

/** Copies bytes into memory that native code owns, `limit` bytes large. */
export function writeBytes(
  pointer: Deno.PointerObject,
  bytes: Uint8Array,
  { offset = 0, limit }: { offset?: number; limit: number },
): void {
  if (offset < 0 || offset + bytes.byteLength > limit) {
    throw new RangeError(
      `Cannot write ${bytes.byteLength} bytes at ${offset} of native memory: it has ${limit} bytes`,
    );
  }
  if (bytes.byteLength === 0) return;
  // The view must not be kept: the memory may be freed under it.
  const view = Deno.UnsafePointerView.getArrayBuffer(
    pointer,
    bytes.byteLength,
    offset,
  );
  new Uint8Array(view).set(bytes);
}

/** Copies bytes out of memory that native code owns. */
export function readBytes(
  pointer: Deno.PointerObject,
  into: Uint8Array<ArrayBuffer>,
  offset = 0,
): void {
  if (into.byteLength === 0) return;
  Deno.UnsafePointerView.copyInto(pointer, into, offset);
}

/**
 * The address of memory of JavaScript, for a call on this thread that keeps no
 * address. The caller holds on to the array until it has read the result.
 */
export function borrowed(
  words: BigUint64Array<ArrayBuffer>,
): Deno.PointerObject {
  return Deno.UnsafePointer.of(words)!;
}
