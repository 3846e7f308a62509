/**
 * The findings of the doctor, and its verdict.
 *
 * @module
 */

import type {
  ComponentReport,
  WeightDtype,
} from "../../core/checkpoint/checkpoint_report.ts";
import type { TrainingFacts } from "../../core/checkpoint/training.ts";
import type { VideoShape } from "../../core/wan/activation_memory.ts";
import type { ComputeType } from "../../core/onnx/graph/graph_target.ts";
import type { MemoryPlan } from "../../core/pipeline/network_plan.ts";
import type { CudaParts, NvidiaGpu } from "./cuda_parts.ts";

/**
 * `good`: it works. `note`: a remark that prevents nothing. `bad`: it must be
 * fixed.
 */
export type FindingState = "good" | "note" | "bad";

/** The values of a finding, for programs. */
export type FindingFacts =
  | {
    readonly kind: "versions";
    readonly deno: string;
    readonly tested: string;
  }
  | {
    readonly kind: "memory";
    /** Total, in bytes. */
    readonly total: number;
    /** Available to programs, in bytes. */
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
    /** The GPU as described by its driver, if queried. */
    readonly gpu?: NvidiaGpu;
  }
  | ({ readonly kind: "cuda" } & CudaParts)
  | {
    readonly kind: "checkpoint";
    readonly folder: string;
    /** The networks that were found. */
    readonly networks: readonly ComponentReport[];
    /** The missing components: names as in `ComponentReport`, or `tokenizer`. */
    readonly missing: readonly string[];
    /** The memory of whole runs; empty unless all networks are found. */
    readonly runs: readonly RunMemory[];
    /** The size that the memory is estimated for. */
    readonly video: VideoShape;
    /** What the transformer was trained to follow, where something says it. */
    readonly training?: TrainingFacts;
  }
  | {
    readonly kind: "memory-plan";
    /** The device that is planned for. */
    readonly device: string;
    /** How each network is run on it. */
    readonly plan: MemoryPlan;
  }
  | {
    readonly kind: "smoke";
    readonly device: string;
    /** The device and dtype of the transformer: `cuda, bf16`. */
    readonly placement: string;
    readonly seconds: number;
    /**
     * The difference from the first device's video: root mean square of the
     * differences over that of the values. Absent for the first device.
     */
    readonly difference?: number;
  };

/** The memory of a whole run, whose networks are loaded one after the other. */
export interface RunMemory {
  /** The transformer's dtype; `stored` is that of its files. */
  readonly precision: WeightDtype | "stored";
  /** Bytes on the GPU with CUDA. */
  readonly cuda: number;
  /** Bytes with WebGPU, where the text encoder needs float32. */
  readonly webgpu: number;
  /** Bytes with either, with the text encoder on the CPU. */
  readonly withoutText: number;
  /** Bytes with CUDA, with the VAE in tiles of 256 px. */
  readonly tiled: number;
  /** Bytes with either, with both of these. */
  readonly least: number;
}

/** The result of one check. */
export interface Finding {
  /** The check's name: `deno`, `memory`, `device webgpu`. */
  readonly check: string;
  /** Whether it passed. */
  readonly state: FindingState;
  /** What was found; details follow the first line. */
  readonly message: string;
  /** How to fix or improve it. */
  readonly todo?: string;
  /** The values behind the message. */
  readonly facts?: FindingFacts;
}

/** The conclusion from all findings. */
export interface Verdict {
  /** Whether nothing must be fixed. */
  readonly ready: boolean;
  /** What must be fixed, in order. */
  readonly todo: readonly string[];
  /** What could be improved. */
  readonly advice: readonly string[];
}

/**
 * The conclusion from all findings, without duplicates.
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

/** The fix for a package whose files are damaged or incomplete. */
export const FETCH_PACKAGES =
  "Reinstall the packages: run deno clean, remove node_modules if it exists, and run the doctor again with a network connection.";

/** Splits the error of a check at its HINT. */
export function failure(
  error: unknown,
): { message: string; hint: string | undefined } {
  const text = error instanceof Error ? error.message : String(error);
  const [message = "", hint] = text.split("\nHINT: ");
  return { message: message.trim(), hint: hint?.trim() };
}

/** Whether an error is due to a missing Deno permission. */
export function isDenied(error: unknown): boolean {
  return error instanceof Deno.errors.NotCapable ||
    /NotCapable|Requires \w+ access|Deno's leave|--allow-ffi/.test(
      error instanceof Error ? error.message : String(error),
    );
}
