/**
 * What an examination finds, and what follows from its findings.
 *
 * @module
 */

import type {
  ComponentReport,
  WeightDtype,
} from "../../core/checkpoint/checkpoint_report.ts";
import type { VideoShape } from "../../core/wan/activation_memory.ts";
import type { ComputeType } from "../../core/onnx/graph/graph_target.ts";
import type { CudaParts, NvidiaGpu } from "./cuda_parts.ts";

/**
 * `good`: it works. `note`: worth knowing, nothing stops for it. `bad`: it
 * stands in the way.
 */
export type FindingState = "good" | "note" | "bad";

/** The numbers of a finding, for programs. */
export type FindingFacts =
  | {
    readonly kind: "versions";
    readonly deno: string;
    readonly tested: string;
  }
  | {
    readonly kind: "memory";
    /** Bytes in all. */
    readonly total: number;
    /** Bytes that programs can still have. */
    readonly available: number;
  }
  | {
    readonly kind: "disk";
    readonly folder: string;
    /** Bytes. */
    readonly free: number;
  }
  | {
    readonly kind: "device";
    readonly device: string;
    readonly attention: "fused" | "manual";
    readonly compute: readonly ComputeType[];
    /** What its driver says, where it is asked. */
    readonly gpu?: NvidiaGpu;
  }
  | ({ readonly kind: "cuda" } & CudaParts)
  | {
    readonly kind: "checkpoint";
    readonly folder: string;
    /** The networks that are there. */
    readonly networks: readonly ComponentReport[];
    /** The parts that are not: names as in `ComponentReport`, or `tokenizer`. */
    readonly missing: readonly string[];
    /** What whole runs take; empty unless all networks are there. */
    readonly runs: readonly RunMemory[];
    /** The size that the memory is meant for. */
    readonly video: VideoShape;
  }
  | {
    readonly kind: "smoke";
    readonly device: string;
    /** Where the transformer ran: `cuda, bf16`. */
    readonly placement: string;
    readonly seconds: number;
    /**
     * How far the video is from the first device's: root mean square of the
     * differences over that of the values. Absent on the first.
     */
    readonly difference?: number;
  };

/** The memory of a whole run, whose networks are loaded one after the other. */
export interface RunMemory {
  /** The transformer's precision; `stored` is that of its files. */
  readonly precision: WeightDtype | "stored";
  /** Bytes on the GPU with CUDA. */
  readonly cuda: number;
  /** Bytes with WebGPU, where the text encoder needs float32. */
  readonly webgpu: number;
  /** Bytes with either, with the text encoder on the CPU. */
  readonly withoutText: number;
  /** Bytes with CUDA, with the autoencoder in tiles of 256 px. */
  readonly tiled: number;
  /** Bytes with either, with both. */
  readonly least: number;
}

/** One thing that was looked at. */
export interface Finding {
  /** What was looked at, one word or two: `deno`, `memory`, `device webgpu`. */
  readonly check: string;
  /** Whether it will do. */
  readonly state: FindingState;
  /** What was found; the first line says it, more lines tell details. */
  readonly message: string;
  /** What a person can do about it. */
  readonly todo?: string;
  /** The same in numbers. */
  readonly facts?: FindingFacts;
}

/** What follows from all findings. */
export interface Verdict {
  /** Whether nothing stands in the way. */
  readonly ready: boolean;
  /** What has to be done, in order. */
  readonly todo: readonly string[];
  /** What could be better. */
  readonly advice: readonly string[];
}

/**
 * What follows from all findings. What two of them ask for is said once.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { conclude } from "./finding.ts";
 * const verdict = conclude([
 *   { check: "deno", state: "good", message: "2.9.6" },
 *   { check: "images", state: "bad", message: "no sharp", todo: "Get it." },
 *   { check: "video", state: "bad", message: "no node-av", todo: "Get it." },
 * ]);
 * assert.deepEqual(verdict, { ready: false, todo: ["Get it."], advice: [] });
 * ```
 */
export function conclude(findings: readonly Finding[]): Verdict {
  const all = (state: FindingState) =>
    findings.flatMap((finding) =>
      finding.state === state && finding.todo !== undefined
        ? [finding.todo]
        : []
    );
  const todo = new Set(all("bad"));
  return {
    ready: findings.every(({ state }) => state !== "bad"),
    todo: [...todo],
    advice: [...new Set(all("note")).difference(todo)],
  };
}

/** What to do about a package whose files are damaged or incomplete. */
export const FETCH_PACKAGES =
  "Fetch the packages again: deno clean, remove node_modules where there is one, and run the doctor once more with the network at hand.";

/** Why a check could not be made: its error, split where its HINT begins. */
export function failure(
  error: unknown,
): { message: string; hint: string | undefined } {
  const text = error instanceof Error ? error.message : String(error);
  const [message = "", hint] = text.split("\nHINT: ");
  return { message: message.trim(), hint: hint?.trim() };
}

/** Whether an error comes of a permission that Deno was not given. */
export function isDenied(error: unknown): boolean {
  return error instanceof Deno.errors.NotCapable ||
    /NotCapable|Requires \w+ access|Deno's leave|--allow-ffi/.test(
      error instanceof Error ? error.message : String(error),
    );
}
