/**
 * What a graph can run on, and how it is named: `cpu`, `webgpu`, `cuda`,
 * `cuda:1`.
 *
 * @module
 */

import { quote } from "../../base/errors.ts";

/** The kinds of device, the fastest first. */
export const DEVICE_KINDS = ["cuda", "webgpu", "cpu"] as const;

/** One kind of device. */
export type DeviceKind = typeof DEVICE_KINDS[number];

/** One device. */
export interface Device {
  /** Which part of ONNX Runtime runs the graphs. */
  readonly kind: DeviceKind;
  /** Which of several GPUs, from 0; always 0 for `cpu` and `webgpu`. */
  readonly index: number;
}

/** The processor, which is always there. */
export const CPU: Device = { kind: "cpu", index: 0 };

/**
 * The device of that name.
 *
 * @throws {TypeError} When there is no such kind, or a number stands behind
 * one of which only the first can be used.
 */
export function parseDevice(name: string): Device {
  const [, word, digits] = /^([a-z]+)(?::(\d{1,3}))?$/.exec(name) ?? [];
  const kind = DEVICE_KINDS.find((known) => known === word);
  if (!kind || (digits !== undefined && kind !== "cuda")) {
    throw new TypeError(
      `Cannot use the device ${
        quote(name)
      }: there is none of that name, expected cpu, webgpu, cuda or cuda:N`,
    );
  }
  return { kind, index: Number(digits ?? 0) };
}

/** The name of a device, as {@linkcode parseDevice} reads it. */
export function deviceName(device: Device): string {
  return device.index === 0 ? device.kind : `${device.kind}:${device.index}`;
}
