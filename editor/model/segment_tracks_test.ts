import assert from "node:assert/strict";
import { LongTracks } from "../../core/tracks/long_tracks.ts";
import { numbersOf, segmentTracks } from "./segment_tracks.ts";
import { positionsOf } from "./track_positions.ts";

Deno.test("the tracks of a segment are those that a run takes", () => {
  const points = [0, 1, 2].map((track) =>
    Array.from({ length: 301 }, (_, t) => ({
      x: t / 3 + track,
      y: 5 * track,
      visible: track !== 1 || t < 120 || t > 250,
    }))
  );
  const drawn = positionsOf(points, { frames: 301 });
  const long = LongTracks.fromPoints(points, { frames: 301 });
  for (const segment of [0, 1, 2]) {
    const { tracks } = long.piece(120 * segment, {
      keepHidden: segment === 0,
    });
    const mine = segmentTracks(drawn, segment);
    assert.equal(mine.count, segment === 1 || segment === 2 ? 2 : 3);
    assert.deepEqual(numbersOf(mine), tracks.toArray());
    assert.deepEqual([...mine], [...tracks]);
  }
});
