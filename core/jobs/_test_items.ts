/**
 * Items to run in tests, and an engine that makes next to nothing of them.
 *
 * @module
 */

import { join } from "node:path";
import type { Engine } from "../engines/engine.ts";
import { writeFileWhole } from "../files.ts";
import { encodeImage } from "../media/image.ts";
import { TrackSet } from "../tracks/track_set.ts";
import { writeTracks } from "../tracks/write_tracks.ts";
import { planRun, type RunItem } from "./plan_run.ts";
import { temporaryFolder } from "../../tests/_temporary.ts";

const SIZE = { width: 64, height: 48 };

/** An engine whose frames are grey; `fail` is thrown at its second frame. */
export function greyEngine(
  { name = "preview", fail }: {
    name?: Engine["name"];
    fail?: (text: string) => void;
  } = {},
): Engine {
  return {
    name,
    title: "grey",
    video: () => ({ ...SIZE, fps: 16, frameCount: 3 }),
    recipe: () => ({ shade: 99 }),
    async *render({ text }, { onProgress, signal } = {}) {
      for (let done = 1; done <= 3; done++) {
        signal?.throwIfAborted();
        if (done === 2) fail?.(text);
        yield { ...SIZE, data: new Uint8Array(3 * 64 * 48).fill(99) };
        onProgress?.({ stage: "frames", done, total: 3 });
        await Promise.resolve();
      }
    },
    async [Symbol.asyncDispose]() {},
  };
}

/** A folder with one picture and its track, and `count` items that use it. */
export async function withItems(
  count: number,
  body: (items: RunItem[], folder: string) => Promise<void>,
): Promise<void> {
  await using temporary = await temporaryFolder();
  const folder = temporary.path;
  const data = Uint8Array.from({ length: 3 * 64 * 48 }, (_, i) => i % 251);
  const image = join(folder, "a.jpg"), track = join(folder, "a.pth");
  const tracks = TrackSet.fromPoints([
    Array.from({ length: 121 }, (_, t) => ({
      x: 10 + t / 4,
      y: 20,
      visible: true,
    })),
  ]);
  await writeFileWhole(image, await encodeImage({ ...SIZE, data }, "jpeg"));
  await writeFileWhole(track, await writeTracks(tracks, "pth"));
  const items = planRun(
    Array.from({ length: count }, (_, index) => ({
      index,
      text: `item ${index}`,
      imageFile: { path: image },
      trackFile: { path: track },
    })),
    { out: join(folder, "out") },
  );
  await body(items, join(folder, "out"));
}

/** Every file below a folder, sorted. */
export function filesOf(folder: string): string[] {
  return [...Deno.readDirSync(folder)].flatMap(({ name, isDirectory }) =>
    isDirectory
      ? filesOf(join(folder, name)).map((file) => `${name}/${file}`)
      : [name]
  ).sort();
}
