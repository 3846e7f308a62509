/**
 * Starting and stopping a run, and what it says of itself.
 *
 * @module
 */

import type { GenerateValues } from "../../model/generate_settings.ts";
import { runShare as videoShare } from "../../model/run_share.ts";
import type { UnfinishedRun } from "../../server/generator.ts";
import type { Engine } from "../api.ts";
import { imageId, say, sayError } from "../state.ts";
import { refreshTakes } from "../takes.ts";
import {
  resumeGeneration,
  type StartedGeneration,
  startGeneration,
} from "./generation_request.ts";
import { type Run, run, type RunItem } from "./generation.ts";
import { storeNow } from "./store_now.ts";
import { stored } from "./stored.ts";

/** Lines of the process that are kept. */
const KEPT_LINES = 40;

let started: StartedGeneration | undefined;

/** Stores the open image where needed, and starts a run. */
export async function startRun(
  images: readonly string[],
  engine: Engine,
  settings: GenerateValues = {},
): Promise<void> {
  await follow({ images, engine }, async () => {
    const open = imageId.value;
    if (open !== undefined && images.includes(open)) {
      if (stored.value !== "current") await storeNow();
      if (stored.value !== "current") {
        throw new Error("The tracks could not be stored");
      }
    }
    return await startGeneration(images, { engine, settings });
  });
}

/** Goes on with a run that was cancelled, as it was asked for then. */
export async function resumeRun(
  { name, images, engine }: UnfinishedRun,
): Promise<void> {
  await follow({ images, engine }, () => resumeGeneration(name));
}

/** Shows a run from its start to its end. */
async function follow(
  { images, engine }: Pick<Run, "images" | "engine">,
  start: () => Promise<StartedGeneration>,
): Promise<void> {
  const begun: Run = {
    engine,
    images,
    state: "running",
    items: {},
    made: [],
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
    started = await start();
    if (run.value?.state === "cancelled") await started.cancel();
    for await (const event of started.events()) {
      if (event.type === "item") takeItem(event.item, change);
      else if (event.type === "take") {
        const { image, number } = event;
        change({ made: [...run.value?.made ?? [], { image, number }] });
        if (image === imageId.value) void refreshTakes();
      } else if (event.type === "queued") change({ waiting: event.ahead });
      else if (event.type === "started") change({ waiting: 0 });
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
            : "Generation failed",
          event.state === "failed" ? "error" : "info",
        );
      }
    }
    // The stream was interrupted: the server is gone, and the run with it.
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
        share: videoShare(
          String(line["stage"]),
          Number(line["done"]) / Math.max(1, Number(line["total"])),
        ),
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
