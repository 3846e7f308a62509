/**
 * Watching a run from its start to its end, and stopping it.
 *
 * @module
 */

import { runShare as videoShare } from "../../model/run_share.ts";
import { imageId, say, sayError } from "../state.ts";
import { refreshTakes } from "../takes.ts";
import type { StartedGeneration } from "./generation_request.ts";
import { isRunning, type Run, run, type RunItem } from "./generation.ts";

/** Lines of the process that are kept. */
const KEPT_LINES = 40;

/** What Cancel stops. */
interface Watched {
  /** Once the server has answered. */
  started?: StartedGeneration;
  /** Whether it was cancelled, perhaps before that. */
  isCancelled: boolean;
}

/** The run that the page shows. */
let watched: Watched | undefined;

/** Shows a run from its start to its end; one at a time. */
export async function followRun(
  { images, engine }: Pick<Run, "images" | "engine">,
  start: () => Promise<StartedGeneration>,
): Promise<void> {
  if (isRunning.peek()) {
    say("A run is under way: wait for it, or cancel it");
    return;
  }
  const mine: Watched = { isCancelled: false };
  watched = mine;
  run.value = {
    engine,
    images,
    state: "running",
    items: {},
    made: [],
    messages: [],
    began: Date.now(),
  };
  const change = (part: Partial<Run>) => {
    if (watched === mine) run.value = { ...run.value!, ...part };
  };
  try {
    mine.started = await start();
    // Cancelled before the server had it; another may be shown by now.
    if (mine.isCancelled) await mine.started.cancel();
    for await (const event of mine.started.events()) {
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
    if (isRunning.peek()) change({ state: "failed" });
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
    if (watched === mine) watched = undefined;
  }
}

/** Asks the run to stop; it leaves no half file. */
export async function cancelRun(): Promise<void> {
  try {
    if (!watched) return;
    watched.isCancelled = true;
    if (watched.started) await watched.started.cancel();
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
