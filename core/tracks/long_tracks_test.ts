import assert from "node:assert/strict";
import { LongTracks } from "./long_tracks.ts";
import { MAX_LONG_FRAMES, TrackSet } from "./track_set.ts";
import { processTracks, trackFrameAt } from "./resample.ts";

/** A fast point on a curve, and one that is hidden for a while. */
function raw(frames: number): Float32Array[] {
  const point = (hidden: (frame: number) => boolean) =>
    Float32Array.from({ length: 3 * frames }, (_, i) => {
      const frame = Math.floor(i / 3);
      return [
        900 + 800 * Math.sin(frame / 20),
        500 + 3.7 * frame % 400,
        hidden(frame) ? 0 : 1,
      ][i % 3]!;
    });
  return [point(() => false), point((frame) => frame > 100 && frame < 160)];
}

Deno.test("LongTracks.fromRaw() takes what lasts longer than five seconds", () => {
  const take = (frames: number, fps?: number) =>
    LongTracks.fromRaw(raw(frames), {
      name: "a.npy",
      ...fps !== undefined && { fps },
    });
  assert.equal(take(121), undefined);
  assert.equal(take(122)!.frames, 122);
  assert.equal(take(81, 16), undefined);
  assert.equal(take(161, 16)!.frames, 241);
  assert.equal(take(301, 30)!.frames, 241);
  assert.equal(take(301, 60), undefined);
  assert.equal(take(MAX_LONG_FRAMES)!.frames, MAX_LONG_FRAMES);
  assert.throws(
    () => take(MAX_LONG_FRAMES + 24),
    /"a\.npy": they last 121 seconds, expected at most 120\nHINT/,
  );
  const broken = raw(130);
  broken[1]![200] = NaN;
  assert.throws(
    () => LongTracks.fromRaw(broken, { name: "b.npy" }),
    /track 1 of "b\.npy": a coordinate is not finite/,
  );
});

Deno.test("pieces of long tracks meet where one ends and the next begins", () => {
  const image = { width: 1920, height: 1080 };
  const frame = { width: 832, height: 464 };
  const scale = [832 / 1920, 464 / 1080] as const;
  const long = LongTracks.fromRaw(raw(400), { name: "a" })!;
  let largest = 0;
  for (const overlap of [0, 8]) {
    const joint = 80 - overlap; // the frame of the first that the second begins at
    for (const start of [0, 2 * joint]) {
      const first = long.piece(trackFrameAt(start), {
        scale: start === 0 ? [1, 1] : scale,
        keepHidden: true,
      });
      const next = long.piece(trackFrameAt(start + joint), {
        scale,
        keepHidden: true,
      });
      // As the model is told them, in px of the frame.
      const place = (
        { tracks }: typeof first,
        at: number,
        size: typeof image,
      ) => {
        const { data } = processTracks(tracks, size);
        const short = Math.min(size.width, size.height) / 2;
        return [1, 2].map((axis) =>
          (data[4 * at * tracks.count + axis]! * short +
            (axis === 1 ? size.width : size.height) / 2) *
          (axis === 1 ? frame.width / size.width : frame.height / size.height)
        );
      };
      for (let shared = 0; shared <= overlap; shared++) {
        const a = place(first, joint + shared, start === 0 ? image : frame);
        const b = place(next, shared, frame);
        largest = Math.max(
          largest,
          Math.abs(a[0]! - b[0]!),
          Math.abs(a[1]! - b[1]!),
        );
      }
    }
  }
  console.log(`positions at the joints: at most ${largest} px away`);
  assert.ok(largest < 0.5);
});

Deno.test("LongTracks.join() puts parts one after the other, and says how far they jump", () => {
  const part = (from: number, y: number) =>
    TrackSet.fromPoints([
      Array.from(
        { length: 121 },
        (_, i) => ({ x: from + i, y, visible: true }),
      ),
    ]);
  const parts = [part(0, 5), part(123, 9), part(243, 9)];
  const plain = LongTracks.join(parts);
  assert.equal(plain.tracks!.frames, 361);
  assert.equal(plain.jump, 5); // 3 px right, 4 px down
  const places = (tracks: LongTracks) =>
    [0, 120, 121, 240, 241, 360].map((i) => [tracks.x(0, i), tracks.y(0, i)]);
  assert.deepEqual(places(plain.tracks!), [
    [0, 5],
    [120, 5],
    [124, 9],
    [243, 9],
    [244, 9],
    [363, 9],
  ]);
  const shifted = LongTracks.join(parts, { shift: true });
  assert.deepEqual(places(shifted.tracks!), [
    [0, 5],
    [120, 5],
    [121, 5],
    [240, 5],
    [241, 5],
    [360, 5],
  ]);
  const more = LongTracks.join([plain.tracks!, part(363, 9)]);
  assert.deepEqual([more.tracks!.frames, more.jump], [481, 0]);
  assert.equal(more.tracks!.x(0, 240), 243);
  assert.throws(
    () => LongTracks.join([part(0, 1), TrackSet.fromPoints([])]),
    /join part 1: it has 0 tracks, expected 1 as in part 0/,
  );
});

Deno.test("LongTracks.piece() leaves out what is hidden at the start, and holds the end", () => {
  const long = LongTracks.fromRaw(raw(200), { name: "a" })!;
  assert.equal(long.piece(90).hidden, 0);
  const { tracks, hidden } = long.piece(120);
  assert.deepEqual([tracks.count, hidden], [1, 1]);
  assert.equal(tracks.x(0, 0), long.x(0, 120));
  assert.equal(tracks.x(0, 120), long.x(0, 199));
  assert.equal(long.piece(120, { keepHidden: true }).tracks.count, 2);
});
