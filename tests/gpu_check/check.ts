/**
 * What the GPU check is made of: sections, each of which yields rows.
 *
 * @module
 */

import type { ProbedDevice } from "../../core/onnx/runtime/devices.ts";

/**
 * `good`: it is as it should be. `bad`: it is wrong. `note`: a figure without
 * a right value, or a remark.
 */
export type RowState = "good" | "bad" | "note";

/** One line of a section's result. */
export interface Row {
  /** What was looked at. */
  readonly name: string;
  /** Whether it is right. */
  readonly state: RowState;
  /** The result, for people. */
  readonly text: string;
  /** The figures behind it, for programs; units are in the names. */
  readonly facts?: Readonly<Record<string, number | string | boolean>>;
}

/** What a section is given. */
export interface CheckContext {
  /** The device, which was probed in the section's own process. */
  readonly device: ProbedDevice;
  /** The name of the driver, if the device is the CPU under another name. */
  readonly software: string | undefined;
  /** Real sizes; else small ones, which show that the code works. */
  readonly full: boolean;
  /** A checkpoint, whose transformer is used instead of random weights. */
  readonly checkpoint: string | undefined;
  /** A folder for temporary files. */
  readonly folder: string;
  /** How long the section may take, in seconds from its start. */
  readonly seconds: number;
  /** Seconds that are left of them. */
  left(): number;
}

/** A part of the check. */
export interface Section {
  /** Its name on the command line and in the results. */
  readonly name: string;
  /** Its title on the page. */
  readonly title: string;
  /** On which kinds of device it can run. */
  readonly kinds: readonly ProbedDevice["device"]["kind"][];
  /** The most that it may take at full size, in seconds. */
  readonly seconds: number;
  /**
   * Runs it.
   *
   * @throws {CannotRun} When something is not there that it needs.
   */
  run(context: CheckContext): AsyncIterable<Row>;
}

/** A section cannot run here, which is not an error. */
export class CannotRun extends Error {
  /** The class name, as it appears in a printed error. */
  override readonly name = "CannotRun";
}

/** What came of a section: `skipped` is not a failure. */
export interface SectionResult {
  /** The section's name. */
  readonly section: string;
  /** Its title. */
  readonly title: string;
  /** The device's name. */
  readonly device: string;
  /** `ok`: no row is bad and it ran to its end. */
  readonly state: "ok" | "failed" | "skipped";
  /** Why it failed as a whole or was skipped. */
  readonly reason?: string;
  /** How long it took. */
  readonly seconds: number;
  /** Its rows, also those before a crash. */
  readonly rows: readonly Row[];
}

/** A row that compares a figure with its limit. */
export function compared(
  name: string,
  value: number,
  limit: number,
): Row {
  return {
    name,
    state: value <= limit ? "good" : "bad",
    text: `largest difference ${value.toExponential(2)} (at most ${limit})`,
    facts: { difference: value, limit },
  };
}
