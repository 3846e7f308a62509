/**
 * The weights of a network's blocks, read from their files into one of a few
 * slots of memory each, ahead of their use.
 *
 * @module
 */

import type { StreamedWeight } from "../../graph/graph_builder.ts";
import { withHint } from "../../../base/errors.ts";
import type { BlockDevice, DeviceMemory } from "./block_device.ts";
import { type SlotLayout, slotLayout } from "./slot_layout.ts";
import type { WeightReader } from "./weight_reader.ts";

/**
 * In which slot each block's weights are: the first `resident` blocks have
 * slots of their own, the others share two.
 */
export function slotOf(block: number, resident: number): number {
  return block < resident ? block : resident + (block - resident) % 2;
}

/** How many slots that takes. */
export function slotCount(blocks: number, resident: number): number {
  return Math.min(blocks, resident + 2);
}

/** What a stream is made of. */
export interface WeightStreamOptions {
  /** Where the slots are. */
  readonly device: BlockDevice;
  /** Reads the files. */
  readonly reader: WeightReader;
  /** The weights of each block, the same sizes in each. */
  readonly blocks: readonly (readonly StreamedWeight[])[];
  /** How many blocks stay in memory once they have been read. */
  readonly resident: number;
}

/**
 * The slots and what is in them. For each block in turn: {@linkcode ready},
 * then the work is queued, then {@linkcode used}.
 */
export class WeightStream implements AsyncDisposable {
  /** Where the weights are in each slot. */
  readonly layout: SlotLayout;
  /** The slots. */
  readonly slots: readonly DeviceMemory[];
  readonly #options: WeightStreamOptions;
  /** Which block each slot holds, or is being filled with. */
  readonly #holds: (number | undefined)[];
  readonly #filling: Promise<void>[];
  #bytesRead = 0;

  /** Allocates the slots; nothing is read yet. */
  constructor(options: WeightStreamOptions) {
    const { blocks, device, resident } = options;
    this.#options = options;
    this.layout = slotLayout(blocks[0] ?? []);
    const slots: DeviceMemory[] = [];
    try {
      for (let i = 0; i < slotCount(blocks.length, resident); i++) {
        slots.push(device.allocate(this.layout.byteLength));
      }
    } catch (cause) {
      for (const slot of slots) slot[Symbol.dispose]();
      throw new Error(
        withHint(
          `Cannot keep ${
            slotCount(blocks.length, resident)
          } blocks of ${this.layout.byteLength} bytes on the device: there is memory for ${slots.length}`,
          "Take fewer resident blocks, or a precision with fewer bits.",
        ),
        { cause },
      );
    }
    this.slots = slots;
    this.#holds = slots.map(() => undefined);
    this.#filling = slots.map(() => Promise.resolve());
  }

  /** How many bytes have been read into slots so far. */
  get bytesRead(): number {
    return this.#bytesRead;
  }

  /** The slot of a block. */
  slotOf(block: number): number {
    return slotOf(block, this.#options.resident);
  }

  /**
   * Starts to fill a block's slot unless it holds the block already. Call it
   * when the work that reads the slot's present content has been queued.
   */
  prefetch(block: number): void {
    const slot = this.slotOf(block);
    if (this.#holds[slot] === block) return;
    this.#holds[slot] = block;
    const { device, reader, blocks } = this.#options;
    const memory = this.slots[slot]!;
    const weights = blocks[block]!;
    const filling = device.fill(memory, async (into) => {
      await reader.read(weights, { into, layout: this.layout });
      this.#bytesRead += weights.reduce((sum, { length }) => sum + length, 0);
    });
    this.#filling[slot] = filling;
    filling.catch(() => {
      // The next call tells; the slot holds nothing then.
      if (this.#filling[slot] === filling) this.#holds[slot] = undefined;
    });
  }

  /** Waits until work that is queued from now on sees the block's weights. */
  async ready(block: number): Promise<void> {
    this.prefetch(block);
    const slot = this.slotOf(block);
    await this.#filling[slot];
    this.#options.device.beforeUse(this.slots[slot]!);
  }

  /** Called when the work that reads the block's weights has been queued. */
  used(block: number): void {
    this.#options.device.afterUse(this.slots[this.slotOf(block)]!);
  }

  /** Waits for what is being read and frees the slots. */
  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.allSettled(this.#filling);
    await this.#options.device.finished();
    for (const slot of this.slots) slot[Symbol.dispose]();
  }
}
