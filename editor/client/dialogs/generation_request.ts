/**
 * The page's side of `/api/generations`.
 *
 * @module
 */

import type { GenerateValues } from "../../model/generate_settings.ts";
import type { GenerationEvent } from "../../server/generator.ts";
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
  const response = await request("POST", "api/generations", {
    body: JSON.stringify({ images, ...options }),
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
