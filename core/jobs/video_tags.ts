/**
 * What a video's own metadata says about how it was made.
 *
 * @module
 */

import type { EngineName } from "./engine.ts";

/**
 * Which engine made a video, read from its tags; undefined for a video of
 * someone else.
 */
export function engineOf(
  metadata: Readonly<Record<string, string>>,
): EngineName | undefined {
  try {
    const { engine } = JSON.parse(metadata["description"] ?? "{}");
    return engine === "preview" || engine === "model" ? engine : undefined;
  } catch {
    return undefined;
  }
}
