/**
 * The page's side of `/api/generations`.
 *
 * @module
 */

import type { GenerateValues } from "../../model/generate_settings.ts";
import type { GenerationEvent, UnfinishedRun } from "../../server/generator.ts";
import { type Engine, request } from "../api.ts";

/** A run that was started. */
export interface StartedGeneration {
  /** Its number. */
  readonly id: number;
  /** What it says, until its end. */
  events(): AsyncIterable<GenerationEvent>;
  /** Asks it to stop. */
  cancel(): Promise<void>;
}

/** Starts a preview or a generation of stored images. */
export async function startGeneration(
  images: readonly string[],
  options: { readonly engine: Engine; readonly settings: GenerateValues },
): Promise<StartedGeneration> {
  return await begin({ images, ...options });
}

/** Goes on with a run that ended before it was done. */
export async function resumeGeneration(
  name: string,
): Promise<StartedGeneration> {
  return await begin({ resume: name });
}

/** The runs that can be gone on with. */
export async function fetchUnfinished(): Promise<readonly UnfinishedRun[]> {
  const answer = await (await request("GET", "api/generations")).json();
  return answer.unfinished;
}

/** Removes what a run has saved to go on from. */
export async function discardUnfinished(name: string): Promise<void> {
  const run = encodeURIComponent(name);
  await request("DELETE", `api/generations?run=${run}`);
}

async function begin(asked: unknown): Promise<StartedGeneration> {
  const response = await request("POST", "api/generations", {
    body: JSON.stringify(asked),
    headers: { "content-type": "application/json" },
  });
  const { id }: { id: number } = await response.json();
  const path = `api/generations/${id}`;
  return {
    id,
    async *events() {
      const { body } = await request("GET", path);
      let rest = "";
      const decoder = new TextDecoder();
      const reader = body!.getReader();
      for (;;) {
        const { done, value } = await reader.read();
        if (done) return;
        const blocks = (rest + decoder.decode(value, { stream: true }))
          .split("\n\n");
        rest = blocks.pop() ?? "";
        for (const block of blocks) {
          yield JSON.parse(block.replace(/^data: /, ""));
        }
      }
    },
    async cancel() {
      await request("DELETE", path);
    },
  };
}
