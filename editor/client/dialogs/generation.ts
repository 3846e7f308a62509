/**
 * The run that this page has started: what it does, how far it is, what came
 * of it. It goes on while the dialog is closed.
 *
 * @module
 */

import { computed, signal } from "npm:@preact/signals@2.11.4";
import type { Engine } from "../api.ts";

/** One picture's share of a run. */
export interface RunItem {
  /** What is being done, in a word or two. */
  readonly stage: string;
  /** From 0 to 1 within the stage. */
  readonly share: number;
  /** How it ended, once it has. */
  readonly ended?: "done" | "skipped" | "failed";
  /** What went wrong. */
  readonly fault?: string;
}

/** A run of this page. */
export interface Run {
  /** Preview or model. */
  readonly engine: Engine;
  /** The pictures, by id. */
  readonly pictures: readonly string[];
  /** How it stands. */
  readonly state: "running" | "done" | "failed" | "cancelled";
  /** Each picture that has begun. */
  readonly items: Readonly<Record<string, RunItem>>;
  /** What the process said beside its steps, the last lines. */
  readonly messages: readonly string[];
  /** When it began, ms; part of the videos' addresses. */
  readonly began: number;
}

/** The last run of this page. */
export const run = signal<Run | undefined>(undefined);

/** How much of the run is done, from 0 to 1; a picture's stages count alike. */
export const runShare = computed(() => {
  const now = run.value;
  if (!now) return 0;
  if (now.state === "done") return 1;
  const sum = now.pictures.reduce((total, id) => {
    const item = now.items[id];
    return total + (item ? item.ended ? 1 : Math.min(0.99, item.share) : 0);
  }, 0);
  return sum / now.pictures.length;
});
