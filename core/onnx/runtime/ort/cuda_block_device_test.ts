import assert from "node:assert/strict";
import type { StreamedWeight } from "../../graph/graph_builder.ts";
import { runtimeBackend } from "../backend.ts";
import { onnxRuntimeLibrary } from "../onnx_runtime.ts";
import { CudaBlockDevice, type GpuDriver } from "./cuda_block_device.ts";
import { ortEnvironment } from "./environment.ts";
import {
  addressOf,
  NativeBlock,
  pointerAtOffset,
  readBytes,
  writeBytes,
} from "./native_memory.ts";
import type { OrtLibrary } from "./ort_library.ts";
import { OrtValue } from "./ort_value.ts";
import { WeightStream } from "./weight_stream.ts";

const ignore = runtimeBackend().kind !== "c-api";

/** Numbers in [0, 1), the same in every run. */
function randomNumbers(seed: number): () => number {
  let state = seed;
  return () =>
    (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) / 2 ** 32;
}

/** Work in a stream: does nothing and says no until it may be done. */
type Work = () => boolean;

/**
 * A GPU without one: what a stream gets is done later, in order, while other
 * streams are ahead or behind by chance, as far as events let them.
 */
class ChanceDriver implements GpuDriver {
  readonly #library: OrtLibrary;
  readonly #random: () => number;
  readonly blocks = new Map<bigint, NativeBlock>();
  readonly streams = new Map<bigint, Work[]>();
  /** How often an event was recorded, and the last record that was reached. */
  readonly #events = new Map<bigint, { recorded: number; reached: number }>();

  constructor(library: OrtLibrary, seed: number) {
    this.#library = library;
    this.#random = randomNumbers(seed);
  }

  #handle(): Deno.PointerObject {
    return this.allocate(1);
  }

  allocate(byteLength: number): Deno.PointerObject {
    const block = new NativeBlock(this.#library.memory, byteLength);
    block.write(new Uint8Array(byteLength).fill(255));
    this.blocks.set(addressOf(block.pointer), block);
    return block.pointer;
  }

  free(pointer: Deno.PointerObject): void {
    const block = this.blocks.get(addressOf(pointer));
    assert.ok(block, "memory is freed twice");
    this.blocks.delete(addressOf(pointer));
    block.free();
  }

  allocateHost = this.allocate;
  freeHost = this.free;
  destroyEvent = this.free;
  destroyStream = this.free;

  createStream(): Deno.PointerObject {
    const handle = this.#handle();
    this.streams.set(addressOf(handle), []);
    return handle;
  }

  createEvent(): Deno.PointerObject {
    const handle = this.#handle();
    this.#events.set(addressOf(handle), { recorded: 0, reached: 0 });
    return handle;
  }

  push(stream: bigint, work: Work): void {
    this.streams.get(stream)!.push(work);
  }

  record(event: Deno.PointerObject, stream: Deno.PointerObject): void {
    const state = this.#events.get(addressOf(event))!;
    const number = ++state.recorded;
    this.push(addressOf(stream), () => {
      state.reached = Math.max(state.reached, number);
      return true;
    });
  }

  waitFor(stream: Deno.PointerObject, event: Deno.PointerObject): void {
    const state = this.#events.get(addressOf(event))!;
    const number = state.recorded;
    this.push(addressOf(stream), () => state.reached >= number);
  }

  copyToDevice = this.#copy;
  copyToHost = this.#copy;

  #copy(
    { from, to, byteLength, stream }: Parameters<
      GpuDriver["copyToDevice"]
    >[0],
  ): void {
    this.push(addressOf(stream), () => {
      const bytes = new Uint8Array(byteLength);
      readBytes(from, bytes);
      writeBytes(to, bytes, { limit: byteLength });
      return true;
    });
  }

  async reached(event: Deno.PointerObject): Promise<void> {
    const state = this.#events.get(addressOf(event))!;
    const number = state.recorded;
    while (state.reached < number) {
      this.goOn();
      await Promise.resolve();
    }
  }

  /** Some stream does one thing, if it may. */
  goOn(): void {
    const streams = [...this.streams.values()].filter(({ length }) => length);
    const stream = streams[Math.floor(this.#random() * streams.length)];
    if (stream?.[0]?.()) stream.shift();
  }
}

function open(seed: number) {
  const { library } = ortEnvironment(onnxRuntimeLibrary()!);
  const driver = new ChanceDriver(library, seed);
  const device = new CudaBlockDevice(library, { kind: "cuda", index: 0 }, {
    driver,
  });
  const compute = BigInt(device.providerOptions["user_compute_stream"]!);
  return { library, driver, device, compute };
}

Deno.test({
  name: "whatever the GPU's streams do, each block reads its own weights",
  ignore,
  fn: async () => {
    const length = 100;
    for (let seed = 0; seed < 40; seed++) {
      const { driver, device, compute } = open(seed);
      const count = 3 + seed % 5, resident = seed % 3;
      const stream = new WeightStream({
        device,
        resident,
        blocks: Array.from({ length: count }, (_, offset) => [
          {
            name: "weight.0",
            type: "uint8",
            shape: [length],
            file: "/w",
            offset,
            length,
          } satisfies StreamedWeight,
        ]),
        reader: {
          // In two halves, so that a copy in between would be seen.
          read: async ([weight], { into }) => {
            const half = new Uint8Array(length / 2).fill(weight!.offset);
            writeBytes(into, half, { limit: length });
            await Promise.resolve();
            writeBytes(into, half, { offset: length / 2, limit: length });
          },
          [Symbol.dispose]() {},
        },
      });
      const seen: [block: number, bytes: string][] = [];
      for (let sweep = 0; sweep < 3; sweep++) {
        for (let block = 0; block < count; block++) {
          await stream.ready(block);
          if (block + 1 < count) stream.prefetch(block + 1);
          const slot = stream.slots[stream.slotOf(block)]!;
          for (let step = 0; step < 3; step++) { // a run of several kernels
            driver.push(compute, () => {
              const bytes = new Uint8Array(length);
              readBytes(slot.pointer, bytes);
              seen.push([block, [...new Set(bytes)].join()]);
              return true;
            });
          }
          stream.used(block);
          for (let i = 0; i < seed % 4; i++) driver.goOn();
        }
      }
      await stream[Symbol.asyncDispose]();
      await device[Symbol.asyncDispose]();
      assert.equal(seen.length, 9 * count);
      for (const [block, bytes] of seen) assert.equal(bytes, String(block));
      assert.equal(driver.blocks.size, 0, "memory is left");
    }
  },
});

Deno.test({
  name: "activations are copied in and out behind the work before, in pieces",
  ignore,
  fn: async () => {
    const { library, driver, device, compute } = open(7);
    const length = 2 ** 23 + 5; // of 4 bytes: a little more than one piece
    const memory = device.allocate(4 * length);
    using value = OrtValue.over(library, {
      type: "float32",
      dims: [length],
      address: memory.pointer,
      memoryInfo: device.memoryInfo.pointer,
      owner: memory,
    });
    const numbers = Float32Array.from({ length }, (_, i) => i);
    await device.write(value, numbers);
    driver.push(compute, () => {
      const last = new Uint8Array(new Float32Array([-1]).buffer);
      writeBytes(pointerAtOffset(memory.pointer, 4 * (length - 1)), last, {
        limit: 4,
      });
      return true;
    });
    const read = await device.read(value, new Float32Array(length));
    numbers[length - 1] = -1;
    assert.equal(read.findIndex((x, i) => x !== numbers[i]), -1);
    await device[Symbol.asyncDispose]();
  },
});

Deno.test({
  name: "fillings that are asked for at once do not overwrite each other",
  ignore,
  fn: async () => {
    const { driver, device } = open(3);
    const memories = Array.from({ length: 5 }, () => device.allocate(8));
    await Promise.all(
      memories.map((memory, i) =>
        device.fill(memory, async (into) => {
          for (let at = 0; at < 8; at++) {
            const byte = new Uint8Array([10 * i + at]);
            writeBytes(into, byte, { offset: at, limit: 8 });
            await Promise.resolve();
          }
        })
      ),
    );
    await device.finished();
    for (const [i, memory] of memories.entries()) {
      const bytes = new Uint8Array(8);
      readBytes(memory.pointer, bytes);
      assert.deepEqual(
        [...bytes],
        [0, 1, 2, 3, 4, 5, 6, 7].map((x) => x + 10 * i),
      );
      memory[Symbol.dispose]();
    }
    await device[Symbol.asyncDispose]();
    assert.equal(driver.blocks.size, 0);
  },
});
