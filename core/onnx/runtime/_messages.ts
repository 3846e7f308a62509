/**
 * What is said between a runtime and its worker. Every request has a number,
 * and exactly one reply with that number follows.
 */

import type { Device } from "./device.ts";

/** The arrays that can be fed; ONNX calls them float32, int32, int64 and uint8. */
export type FeedData =
  | Float32Array<ArrayBufferLike>
  | Int32Array<ArrayBufferLike>
  | BigInt64Array<ArrayBufferLike>
  | Uint8Array<ArrayBufferLike>;

/** A tensor on its way to the worker, or the number of one that is there. */
export type Feed =
  | {
    readonly kind: "tensor";
    readonly dims: readonly number[];
    readonly data: FeedData;
  }
  | { readonly kind: "kept"; readonly value: number };

/** An output that is wanted: handed back, or kept in the worker as `value`. */
export interface Fetch {
  readonly name: string;
  /** The output's static shape. */
  readonly dims: readonly number[];
  /** The number to keep it under; left out when it is to be handed back. */
  readonly keep?: number;
}

/** How a session is opened. */
export interface SessionSettings {
  /** Where it runs. */
  readonly device: Device;
  /** The folder that external data is relative to; empty when there is none. */
  readonly weightsFolder: string;
  /** How many threads one session uses; left out for one per core. */
  readonly threads?: number;
}

/** A request to the worker. */
export type Request =
  & { readonly id: number }
  & (
    | {
      readonly kind: "open";
      readonly session: number;
      readonly model: Uint8Array;
      readonly settings: SessionSettings;
    }
    | {
      readonly kind: "run";
      readonly session: number;
      readonly feeds: Readonly<Record<string, Feed>>;
      readonly fetches: readonly Fetch[];
    }
    | { readonly kind: "release"; readonly session: number }
    | { readonly kind: "drop"; readonly values: readonly number[] }
    | {
      readonly kind: "keep";
      readonly value: number;
      readonly dims: readonly number[];
      readonly data: Float32Array<ArrayBuffer>;
    }
    | { readonly kind: "close" }
  );

/** A tensor on its way back, or one that stays in the worker. */
export interface Values {
  readonly dims: readonly number[];
  readonly data: Float32Array<ArrayBuffer>;
}

/** A reply of the worker. */
export type Reply =
  & { readonly id: number }
  & (
    | { readonly kind: "done" }
    | {
      readonly kind: "ran";
      readonly outputs: Readonly<Record<string, Values>>;
    }
    | { readonly kind: "failed"; readonly message: string }
  );
