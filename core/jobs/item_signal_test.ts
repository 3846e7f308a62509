import assert from "node:assert/strict";
import { join } from "node:path";
import { temporaryFolder } from "../../tests/fixtures/temporary.ts";
import { writeFileAtomic } from "../files/files.ts";
import { createVideo } from "../media/video_writer.ts";
import { TrackSet } from "../tracks/track_set.ts";
import {
  checkSignalFiles,
  findSignalFiles,
  loadSignal,
  sourceOf,
} from "./item_signal.ts";

const VIDEO = { width: 32, height: 16, fps: 16, frameCount: 5 };
const image = {
  width: 64,
  height: 32,
  data: Uint8Array.from({ length: 3 * 64 * 32 }, (_, i) => (i * 31) % 256),
};

/** Tracks at some places that move by `dx` px in all. */
function moving(places: readonly (readonly [number, number])[], dx: number) {
  return TrackSet.fromPoints(
    places.map(([x, y]) =>
      Array.from({ length: 121 }, (_, t) => ({
        x: x + dx * t / 120,
        y,
        visible: true,
      }))
    ),
  );
}

async function writeVideo(
  path: string,
  { frames = 5, width = 32, height = 16, fps = 16, value = 255 } = {},
): Promise<string> {
  await using video = await createVideo(path, { width, height, fps });
  const data = new Uint8Array(3 * width * height).fill(value);
  for (let i = 0; i < frames; i++) await video.write({ width, height, data });
  await video.finish();
  return path;
}

Deno.test("a motion signal is a folder, or a video and its mask", async () => {
  await using temporary = await temporaryFolder();
  const folder = temporary.path;
  const signal = await writeVideo(join(folder, "motion_signal.mp4"));
  await assert.rejects(
    findSignalFiles({ signal: folder }),
    /it has no mask, expected ".*mask.mp4"\nHINT: .*--motion_mask/,
  );
  const mask = await writeVideo(join(folder, "mask.mp4"));
  assert.deepEqual(await findSignalFiles({ signal: folder }), { signal, mask });
  assert.deepEqual(await findSignalFiles({ signal }), { signal, mask });
  assert.deepEqual(await findSignalFiles({ signal, mask: "b.mp4" }), {
    signal,
    mask: "b.mp4",
  });
  assert.deepEqual(await findSignalFiles({ mask }), { mask });
  assert.deepEqual(await findSignalFiles({}), {});
  await assert.rejects(
    findSignalFiles({ signal: join(folder, "no") }),
    /no such video, and no folder with motion_signal.mp4/,
  );
  await checkSignalFiles({ signal, mask }, 5);
  await assert.rejects(
    checkSignalFiles({ signal }, 81),
    /has 5 frames, expected 81 or more\nHINT: Use --frame_num 5, or a longer/,
  );
  await writeFileAtomic(mask, "garbage", { overwrite: true });
  await assert.rejects(checkSignalFiles({ signal, mask }, 5), /mask.mp4/);
});

Deno.test("without files the signal is the motion preview, with the clocks of what moves", async () => {
  const inputs = { image, video: VIDEO };
  const object = await loadSignal({ mode: "auto" }, {
    ...inputs,
    tracks: moving([[10, 10]], 8),
  });
  assert.equal(object.mode, "object");
  assert.match(object.notes[0]!, /the tracks move objects/);
  assert.deepEqual(object.source, {});
  const { frames, masks } = object.signal;
  assert.deepEqual([frames.length, masks.length], [5, 5]);
  assert.deepEqual([frames[0]!.width, masks[4]!.height], [32, 16]);
  const corners = [4, 20, 36, 52, 60].flatMap((x) =>
    [4, 16, 28].map((y) => [x, y] as const)
  );
  const camera = await loadSignal({ mode: "auto" }, {
    ...inputs,
    tracks: moving(corners, 12),
  });
  assert.equal(camera.mode, "camera");
  const chosen = await loadSignal({ mode: "object" }, {
    ...inputs,
    tracks: moving(corners, 12),
  });
  assert.deepEqual([chosen.mode, chosen.notes.length], ["object", 0]);
});

Deno.test("the user's video and mask are cut to the video and remarked on", async () => {
  await using temporary = await temporaryFolder();
  const folder = temporary.path;
  const signal = await writeVideo(join(folder, "a.mp4"), {
    frames: 8,
    width: 32,
    height: 32,
    fps: 24,
  });
  const mask = await writeVideo(join(folder, "b.mp4"), { value: 0 });
  const loaded = await loadSignal({ mode: "object", signal, mask }, {
    image,
    tracks: TrackSet.fromPoints([]),
    video: VIDEO,
  });
  assert.equal(loaded.signal.frames.length, 5);
  assert.equal(loaded.signal.frames[0]!.height, 32);
  // The mask is brought to the video's size.
  assert.deepEqual(loaded.signal.masks[4], {
    width: 32,
    height: 16,
    data: new Uint8Array(3 * 32 * 16),
  });
  const notes = loaded.notes.join("\n");
  assert.match(notes, /3 frames more than the video/);
  assert.match(notes, /24 frames per second; they are used one by one at 16/);
  assert.match(notes, /32x32 px, the video 32x16: it is stretched/);
  assert.deepEqual(loaded.source, await sourceOf({ signal, mask }));
  assert.match(loaded.source.mask_sha256!, /^[0-9a-f]{64}$/);
  // The second segment of 8 frames: from frame 4 on, the last one held.
  const white = await writeVideo(join(folder, "c.mp4"), { frames: 8 });
  const part = { start: 4, total: 8 };
  const later = await loadSignal({ mode: "object", signal, mask: white }, {
    image,
    tracks: TrackSet.fromPoints([]),
    video: VIDEO,
    part,
  });
  assert.deepEqual(
    later.signal.frames.map(({ width }) => width),
    [64, 32, 32, 32, 32],
  );
  assert.equal(later.signal.frames[0], image);
  assert.equal(later.signal.frames[4], later.signal.frames[3]);
  assert.equal(later.signal.masks.length, 5);
  assert.ok(!later.notes.some((note) => /more than the video/.test(note)));
  await assert.rejects(
    loadSignal({ mode: "object", signal, mask }, {
      image,
      tracks: TrackSet.fromPoints([]),
      video: VIDEO,
      part,
    }),
    /b.mp4": it has 5 frames, expected 8 or more/,
  );
  // A mask of the user's for the preview.
  const mixed = await loadSignal({ mode: "object", mask }, {
    image,
    tracks: moving([[10, 10]], 8),
    video: VIDEO,
  });
  assert.equal(mixed.source.signal, undefined);
  assert.equal(mixed.signal.frames[0]!.height, 16);
  assert.deepEqual(mixed.signal.masks[0], loaded.signal.masks[0]);
});
