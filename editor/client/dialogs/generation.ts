/**
 * The run that this page has started: what it does, how far it is, what came
 * of it. It continues while the dialog is closed.
 *
 * @module
 */

import { computed, signal } from "npm:@preact/signals@2.11.4";
import type { Engine } from "../api.ts";

/** One image's share of a run. */
export interface RunItem {
  /** What is being done, briefly. */
  readonly stage: string;
  /** From 0 to 1, over all stages. */
  readonly share: number;
  /** How it ended, once it has. */
  readonly ended?: "done" | "skipped" | "failed";
  /** What went wrong. */
  readonly fault?: string;
}

/** A video that a run has made. */
export interface MadeTake {
  /** The image. */
  readonly image: string;
  /** Which of its takes it is. */
  readonly number: number;
}

/** A run of this page. */
export interface Run {
  /** Preview or model. */
  readonly engine: Engine;
  /** The images, by id. */
  readonly images: readonly string[];
  /** Its state. */
  readonly state: "running" | "done" | "failed" | "cancelled";
  /** How many runs are before it. */
  readonly waiting?: number;
  /** Each image that has begun. */
  readonly items: Readonly<Record<string, RunItem>>;
  /** What it has made so far. */
  readonly made: readonly MadeTake[];
  /** The last lines that the process printed besides its progress. */
  readonly messages: readonly string[];
  /** When it began, ms; part of the videos' addresses. */
  readonly began: number;
}

/** The last run of this page. */
export const run = signal<Run | undefined>(undefined);

/** Whether it is going on. */
export const isRunning = computed(() => run.value?.state === "running");

/** How much of the run is done, from 0 to 1; its images count alike. */
export const runShare = computed(() => {
  const now = run.value;
  if (!now) return 0;
  if (now.state === "done") return 1;
  const sum = now.images.reduce((total, id) => {
    const item = now.items[id];
    return total + (item ? item.ended ? 1 : Math.min(0.99, item.share) : 0);
  }, 0);
  return sum / now.images.length;
});
