/**
 * The run that this page has started: what it does, how far it is, what came
 * of it. It goes on while the dialog is closed.
 *
 * @module
 */

import { computed, signal } from "npm:@preact/signals@2.11.4";
import { storeTracksNow } from "../actions.ts";
import {
  type Engine,
  type StartedGeneration,
  startGeneration,
} from "../api.ts";
import { pictureId, say, sayError } from "../state.ts";
import { unstored } from "./stored.ts";

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

/** Lines of the process that are kept. */
const KEPT_LINES = 40;

let started: StartedGeneration | undefined;

/** Stores the open picture where needed, and starts a run. */
export async function startRun(
  pictures: readonly string[],
  engine: Engine,
): Promise<void> {
  const begun: Run = {
    engine,
    pictures,
    state: "running",
    items: {},
    messages: [],
    began: Date.now(),
  };
  run.value = begun;
  const change = (part: Partial<Run>) => {
    if (run.value?.began === begun.began) {
      run.value = { ...run.value, ...part };
    }
  };
  try {
    const open = pictureId.value;
    if (open !== undefined && pictures.includes(open) && unstored.value) {
      await storeTracksNow();
      if (unstored.value) throw new Error("The tracks could not be stored");
    }
    started = await startGeneration(pictures, engine);
    if (run.value?.state === "cancelled") await started.cancel();
    for await (const event of started.events()) {
      if (event.type === "item") takeItem(event.item, change);
      else if (event.type === "message") {
        change({
          messages: [...run.value?.messages ?? [], event.text]
            .slice(-KEPT_LINES),
        });
      } else {
        change({ state: event.state });
        say(
          event.state === "done"
            ? "The video is ready"
            : event.state === "cancelled"
            ? "Cancelled"
            : "The video could not be made",
          event.state === "failed" ? "error" : "info",
        );
      }
    }
    // The stream broke off: the server is gone, and the run with it.
    if (run.value?.state === "running") change({ state: "failed" });
  } catch (error) {
    change({
      state: "failed",
      messages: [
        ...run.value?.messages ?? [],
        error instanceof Error ? error.message : String(error),
      ],
    });
    sayError(error);
  } finally {
    started = undefined;
  }
}

/** Asks the run to stop; it leaves no half file. */
export async function cancelRun(): Promise<void> {
  try {
    if (started) await started.cancel();
    else if (run.value) run.value = { ...run.value, state: "cancelled" };
  } catch (error) {
    sayError(error);
  }
}

/** One line of `tools/generate.ts --json-progress`. */
function takeItem(item: unknown, change: (part: Partial<Run>) => void): void {
  if (typeof item !== "object" || item === null) return;
  const line = item as Readonly<Record<string, unknown>>;
  const { name, status } = line;
  if (typeof name !== "string") return;
  const items = run.value?.items ?? {};
  const set = (next: RunItem) => change({ items: { ...items, [name]: next } });
  switch (status) {
    case "started":
      return set({ stage: "starting", share: 0 });
    case "progress":
      return set({
        stage: String(line["stage"]),
        share: Number(line["done"]) / Math.max(1, Number(line["total"])),
      });
    case "done":
    case "skipped":
    case "failed":
      return set({
        stage: status,
        share: 1,
        ended: status,
        ...typeof line["error"] === "string" && { fault: line["error"] },
      });
  }
}
