import assert from "node:assert/strict";
import type { StreamedWeight } from "../../graph/graph_builder.ts";
import type { BlockDevice, DeviceMemory } from "./block_device.ts";
import { slotLayout } from "./slot_layout.ts";
import { slotCount, slotOf, WeightStream } from "./weight_stream.ts";

/** One weight of 10 bytes; which block it is of shows in its offset. */
const weightOf = (block: number): StreamedWeight => ({
  name: "weight.0",
  type: "uint8",
  shape: [10],
  file: "/w",
  offset: block,
  length: 10,
});

/** A device that notes what is in each slot and complains about overtaking. */
class NotingDevice {
  readonly content = new Map<DeviceMemory, number>();
  readonly inUse = new Set<DeviceMemory>();
  allocated = 0;
  most = Infinity;

  allocate(byteLength: number): DeviceMemory {
    if (this.allocated >= this.most) throw new Error("out of memory");
    this.allocated++;
    // Which is only handed on here, never read.
    const pointer = {} as Deno.PointerObject;
    return {
      pointer,
      byteLength,
      [Symbol.dispose]: () => {
        this.allocated--;
      },
    };
  }

  async fill(
    memory: DeviceMemory,
    read: (into: Deno.PointerObject) => Promise<void>,
  ): Promise<void> {
    assert.ok(!this.inUse.has(memory), "a slot is filled while it is in use");
    this.content.delete(memory);
    await read(memory.pointer);
    this.content.set(memory, this.lastRead);
  }

  beforeUse(memory: DeviceMemory): void {
    this.inUse.add(memory);
  }

  afterUse(memory: DeviceMemory): void {
    assert.ok(this.inUse.delete(memory));
  }

  finished(): Promise<void> {
    return Promise.resolve();
  }

  lastRead = -1;
  readonly reader = {
    read: async (weights: readonly StreamedWeight[]) => {
      await new Promise((resolve) => setTimeout(resolve));
      if (weights[0]!.offset === this.broken) throw new Error("unreadable");
      this.lastRead = weights[0]!.offset;
    },
    [Symbol.dispose]() {},
  };
  broken = -1;

  stream(count: number, resident: number): WeightStream {
    return new WeightStream({
      device: this as unknown as BlockDevice,
      reader: this.reader,
      blocks: Array.from({ length: count }, (_, i) => [weightOf(i)]),
      resident,
    });
  }
}

Deno.test("weights are laid out one behind the other, each at a multiple of 256 bytes", () => {
  const lengths = [1, 256, 257, 10].map((length) => ({ length }));
  assert.deepEqual(slotLayout(lengths), {
    offsets: [0, 256, 512, 1024],
    byteLength: 1280,
  });
});

Deno.test("a block's slot has the block's parity, and blocks that follow each other differ", () => {
  for (let count = 1; count <= 8; count++) {
    for (let resident = 0; resident <= count; resident++) {
      const slots = Array.from(
        { length: count },
        (_, i) => slotOf(i, resident),
      );
      for (const [block, slot] of slots.entries()) {
        assert.equal(slot % 2, block % 2);
        assert.ok(slot < slotCount(count, resident));
        if (block > 0) assert.notEqual(slot, slots[block - 1]);
      }
    }
  }
});

Deno.test("each block finds its weights in its slot, and no slot is filled in use", async () => {
  for (const count of [1, 2, 3, 4, 7]) {
    for (const resident of [0, 1, 2, count]) {
      if (resident > count) continue;
      const device = new NotingDevice();
      const stream = device.stream(count, resident);
      assert.equal(stream.slots.length, slotCount(count, resident));
      for (let sweep = 0; sweep < 3; sweep++) {
        for (let block = 0; block < count; block++) {
          await stream.ready(block);
          const slot = stream.slots[stream.slotOf(block)]!;
          assert.equal(device.content.get(slot), block);
          if (block + 1 < count) stream.prefetch(block + 1);
          await Promise.resolve();
          assert.equal(device.content.get(slot), block);
          stream.used(block);
        }
      }
      if (count <= resident + 2) assert.equal(stream.bytesRead, 10 * count);
      await stream[Symbol.asyncDispose]();
      assert.equal(device.allocated, 0);
    }
  }
});

Deno.test("a block that cannot be read is an error, and is read again", async () => {
  const device = new NotingDevice();
  const stream = device.stream(4, 0);
  device.broken = 1;
  await stream.ready(0);
  stream.prefetch(1);
  await assert.rejects(stream.ready(1), { message: "unreadable" });
  device.broken = -1;
  await stream.ready(1);
  assert.equal(device.content.get(stream.slots[1]!), 1);
  await stream[Symbol.asyncDispose]();
});

Deno.test("slots for which there is no memory are an error with a hint, and none is left", () => {
  const device = new NotingDevice();
  device.most = 3;
  assert.throws(() => device.stream(9, 4), {
    message:
      /^Cannot keep 6 blocks of 256 bytes on the device: there is memory for 3\nHINT: /,
  });
  assert.equal(device.allocated, 0);
});
