/**
 * A GPU for a block loop: one stream computes, another one copies weights
 * ahead, and events keep each from overtaking the other.
 *
 * @module
 */

import type { Device } from "../device.ts";
import type { BlockDevice, DeviceMemory } from "./block_device.ts";
import { CudaDriver } from "./cuda_driver.ts";
import { MemoryInfo } from "./memory_info.ts";
import {
  addressOf,
  pointerAtOffset,
  readBytes,
  writeBytes,
} from "./native_memory.ts";
import type { OrtLibrary } from "./ort_library.ts";
import type { OrtValue } from "./ort_value.ts";

/** How many blocks of pinned memory weights are read into by turns. */
const STAGING_BLOCKS = 2;

/** The size of the piece by which activations are copied in and out, in bytes. */
const PIECE = 2 ** 25;

/** What is used of the driver. */
export type GpuDriver = Pick<
  CudaDriver,
  | "allocate"
  | "allocateHost"
  | "copyToDevice"
  | "copyToHost"
  | "createEvent"
  | "createStream"
  | "destroyEvent"
  | "destroyStream"
  | "free"
  | "freeHost"
  | "reached"
  | "record"
  | "waitFor"
>;

/** How a GPU is used. */
export interface CudaBlockDeviceOptions {
  /** The driver; by default the one of the machine. */
  readonly driver?: GpuDriver;
  /** The most that sessions may allocate for themselves, in bytes. */
  readonly arenaLimit?: number | undefined;
}

/** A piece of the GPU's memory, with what must be waited for. */
class CudaMemory implements DeviceMemory {
  readonly pointer: Deno.PointerObject;
  readonly byteLength: number;
  /** Reached when it has been filled. */
  readonly filled: Deno.PointerObject;
  /** Reached when the work that reads it is done. */
  readonly used: Deno.PointerObject;
  readonly #driver: GpuDriver;
  #freed = false;

  constructor(driver: GpuDriver, byteLength: number) {
    this.#driver = driver;
    this.byteLength = byteLength;
    this.pointer = driver.allocate(byteLength);
    this.filled = driver.createEvent();
    this.used = driver.createEvent();
  }

  [Symbol.dispose](): void {
    if (this.#freed) return;
    this.#freed = true;
    this.#driver.destroyEvent(this.filled);
    this.#driver.destroyEvent(this.used);
    this.#driver.free(this.pointer);
  }
}

/** Pinned memory, which may be written when its last copy is done. */
interface Staging {
  readonly pointer: Deno.PointerObject;
  readonly byteLength: number;
  /** Reached when its content has been copied. */
  readonly copied: Deno.PointerObject;
  /** Settles when it has been written and its copy queued; never rejected. */
  busy: Promise<void>;
}

/** A GPU; it must outlive every session that uses its stream. */
export class CudaBlockDevice implements BlockDevice {
  /** Which one. */
  readonly device: Device;
  /** Its memory. */
  readonly memoryInfo: MemoryInfo;
  /** Lets sessions compute in its stream. */
  readonly providerOptions: Readonly<Record<string, string>>;
  /** A run returns when it has been queued. */
  readonly runConfig = { disable_synchronize_execution_providers: "1" };
  /** Frees what the session's arena has, when the queued work is done. */
  readonly lastRunConfig: Readonly<Record<string, string>>;
  /** The driver. */
  readonly driver: GpuDriver;
  readonly #compute: Deno.PointerObject;
  readonly #copying: Deno.PointerObject;
  /** For waiting on either stream. */
  readonly #event: Deno.PointerObject;
  readonly #staging: Staging[] = [];
  #turn = 0;
  #piece: Staging | undefined;

  /**
   * Opens a GPU.
   *
   * @throws {Error} When there is no driver or no such GPU.
   */
  constructor(
    library: OrtLibrary,
    device: Device,
    options: CudaBlockDeviceOptions = {},
  ) {
    this.device = device;
    this.driver = options.driver ?? new CudaDriver(library, device);
    this.memoryInfo = new MemoryInfo(library, device);
    this.#compute = this.driver.createStream();
    this.#copying = this.driver.createStream();
    this.#event = this.driver.createEvent();
    this.lastRunConfig = {
      "memory.enable_memory_arena_shrinkage": `gpu:${device.index}`,
    };
    this.providerOptions = {
      user_compute_stream: String(addressOf(this.#compute)),
      ...(options.arenaLimit === undefined
        ? {}
        : { gpu_mem_limit: String(options.arenaLimit) }),
    };
  }

  /** Memory of the GPU. */
  allocate(byteLength: number): DeviceMemory {
    return new CudaMemory(this.driver, byteLength);
  }

  /** Reads into pinned memory and queues the copy. */
  fill(
    memory: DeviceMemory,
    read: (into: Deno.PointerObject) => Promise<void>,
  ): Promise<void> {
    const { driver } = this;
    const { filled, used, pointer, byteLength } = this.#own(memory);
    const staging = this.#nextStaging(byteLength);
    const filling = staging.busy.then(async () => {
      await driver.reached(staging.copied);
      await read(staging.pointer);
      driver.waitFor(this.#copying, used);
      driver.copyToDevice({
        from: staging.pointer,
        to: pointer,
        byteLength,
        stream: this.#copying,
      });
      driver.record(filled, this.#copying);
      driver.record(staging.copied, this.#copying);
    });
    staging.busy = filling.catch(() => {});
    return filling;
  }

  /** Lets the computing stream wait for the copy. */
  beforeUse(memory: DeviceMemory): void {
    this.driver.waitFor(this.#compute, this.#own(memory).filled);
  }

  /** Marks where the computing stream is. */
  afterUse(memory: DeviceMemory): void {
    this.driver.record(this.#own(memory).used, this.#compute);
  }

  /** Copies piece by piece, in the computing stream. */
  async write(value: OrtValue, data: ArrayBufferView): Promise<void> {
    const piece = this.#pieceBuffer();
    for (let offset = 0; offset < data.byteLength; offset += PIECE) {
      const byteLength = Math.min(PIECE, data.byteLength - offset);
      await this.driver.reached(piece.copied);
      writeBytes(
        piece.pointer,
        new Uint8Array(data.buffer, data.byteOffset + offset, byteLength),
        { limit: PIECE },
      );
      this.driver.copyToDevice({
        from: piece.pointer,
        to: pointerAtOffset(value.address, offset),
        byteLength,
        stream: this.#compute,
      });
      this.driver.record(piece.copied, this.#compute);
    }
  }

  /** Copies piece by piece, in the computing stream. */
  async read<Data extends ArrayBufferView<ArrayBuffer>>(
    value: OrtValue,
    into: Data,
  ): Promise<Data> {
    const piece = this.#pieceBuffer();
    await this.driver.reached(piece.copied);
    for (let offset = 0; offset < into.byteLength; offset += PIECE) {
      const byteLength = Math.min(PIECE, into.byteLength - offset);
      this.driver.copyToHost({
        from: pointerAtOffset(value.address, offset),
        to: piece.pointer,
        byteLength,
        stream: this.#compute,
      });
      this.driver.record(piece.copied, this.#compute);
      await this.driver.reached(piece.copied);
      readBytes(
        piece.pointer,
        new Uint8Array(into.buffer, into.byteOffset + offset, byteLength),
      );
    }
    return into;
  }

  /** Waits for both streams. */
  async finished(): Promise<void> {
    for (const stream of [this.#copying, this.#compute]) {
      this.driver.record(this.#event, stream);
      await this.driver.reached(this.#event);
    }
  }

  /** Frees streams and pinned memory, after all work. */
  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#staging.map(({ busy }) => busy));
    await this.finished();
    const pinned = [...this.#staging, ...(this.#piece ? [this.#piece] : [])];
    for (const { pointer, copied } of pinned) {
      this.driver.destroyEvent(copied);
      this.driver.freeHost(pointer);
    }
    this.driver.destroyEvent(this.#event);
    this.driver.destroyStream(this.#compute);
    this.driver.destroyStream(this.#copying);
    this.memoryInfo[Symbol.dispose]();
  }

  #own(memory: DeviceMemory): CudaMemory {
    if (memory instanceof CudaMemory) return memory;
    throw new TypeError("Cannot use memory: it is of another device");
  }

  /** Pinned memory by turns, at least that large. */
  #nextStaging(byteLength: number): Staging {
    const turn = this.#turn++ % STAGING_BLOCKS;
    const known = this.#staging[turn];
    if (known && known.byteLength >= byteLength) return known;
    if (known) {
      throw new RangeError(
        `Cannot fill ${byteLength} bytes: staging blocks have ${known.byteLength}`,
      );
    }
    return this.#staging[turn] = this.#pin(byteLength);
  }

  #pieceBuffer(): Staging {
    return this.#piece ??= this.#pin(PIECE);
  }

  #pin(byteLength: number): Staging {
    return {
      pointer: this.driver.allocateHost(byteLength),
      byteLength,
      copied: this.driver.createEvent(),
      busy: Promise.resolve(),
    };
  }
}
