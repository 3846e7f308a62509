import assert from "node:assert/strict";
import { type Path, tracksOf } from "../../tests/fixtures/track_paths.ts";
import { seeded } from "../base/seeded.ts";
import { atOnce } from "../base/steps.ts";
import { TRACK_FRAMES, TrackSet } from "../tracks/track_set.ts";
import { FEW, findKindred } from "./_kindred_tracks.ts";
import { IDENTITY, type Similarity } from "./_similarity.ts";

const SHORT = 360;

/** Tracks in crowds, each going its own way or its crowd's; some twice. */
function crowds(count: number, seed: number): TrackSet {
  const random = seeded(seed);
  const data: number[] = [];
  for (let n = 0; n < count; n++) {
    const crowd = Math.floor(4 * random());
    const stray = random() < 0.3, lost = random() < 0.1 ? 60 : TRACK_FRAMES;
    const x = 160 * crowd + 60 * random() ** 2, y = 200 * random() ** 2;
    const goes = stray ? [150 * random(), 150 * random()] : [40 * crowd, 30];
    const from = data.length;
    for (let t = 0; t < TRACK_FRAMES; t++) {
      const part = t / (TRACK_FRAMES - 1);
      data.push(x + goes[0]! * part, y + goes[1]! * part, +(t < lost));
    }
    if (random() < 0.1 && ++n < count) data.push(...data.slice(from));
  }
  return TrackSet.fromArray(data);
}

/** Tracks that stay in a grid, many of them equally far from each other. */
function grid(): TrackSet {
  return TrackSet.fromPoints(
    Array.from(
      { length: 60 },
      (_, n) =>
        Array.from({ length: TRACK_FRAMES }, () => ({
          x: 50 * ((7 * n) % 10),
          y: 50 * (n % 6),
          visible: true,
        })),
    ),
  );
}

/** Every pair, the nearest first: the rule itself, for few tracks. */
function byAllPairs(tracks: TrackSet) {
  const { count } = tracks;
  const parent = Array.from({ length: count }, (_, i) => i);
  const find = (i: number): number => parent[i] === i ? i : find(parent[i]!);
  const joins: { i: number; j: number; length: number }[] = [];
  const soft: (readonly [number, number])[] = [];
  for (let i = 0; i < count; i++) {
    for (let j = i + 1; j < count; j++) {
      const apart = (t: number) =>
        [
          tracks.x(i, t) - tracks.x(j, t),
          tracks.y(i, t) - tracks.y(j, t),
        ] as const;
      const [x, y] = apart(0);
      const length = Math.hypot(x, y);
      if (length > 0.42 * SHORT) continue;
      let stretch = 0, moved = 0;
      for (let t = 0; t < TRACK_FRAMES; t += 6) {
        if (!tracks.visible(i, t) || !tracks.visible(j, t)) continue;
        const [u, v] = apart(t);
        stretch = Math.max(stretch, Math.abs(Math.hypot(u, v) - length));
        moved = Math.max(moved, Math.hypot(u - x, v - y));
      }
      if (stretch <= 0.12 * length + 0.01 * SHORT) joins.push({ i, j, length });
      else if (length <= 0.3 * SHORT && moved <= length) soft.push([i, j]);
    }
  }
  joins.sort((a, b) => a.length - b.length);
  const lines: string[] = [];
  for (const { i, j } of joins) {
    if (find(i) === find(j)) continue;
    parent[find(i)] = find(j);
    lines.push(`${i}-${j}`);
  }
  return { roots: parent.map((_, i) => find(i)), lines: lines.sort(), soft };
}

Deno.test("kindred tracks are those that a look at every pair finds", () => {
  let sets = 0, against = 0;
  const all = [1, 2, 3, 4, 5].map((seed) => crowds(120, seed));
  for (const tracks of [...all, grid()]) {
    const members = Array.from({ length: tracks.count }, (_, n) => n);
    const expected = byAllPairs(tracks);
    const found = atOnce(findKindred(tracks, {
      members,
      undo: Array.from({ length: TRACK_FRAMES }, () => IDENTITY),
      short: SHORT,
    }));
    const roots = members.map((i) => found.sets.find(i));
    assert.deepEqual(roots, expected.roots);
    const lines = [...new Set(roots)].flatMap((root) =>
      [...found.sets.joinsOf(root)].map((pair) => pair.join("-"))
    );
    assert.deepEqual(lines.sort(), expected.lines);
    const small = (i: number) =>
      roots.filter((root) => root === roots[i]).length < FEW;
    assert.deepEqual(
      members.filter((i) => small(i) && found.against[i]),
      [...new Set(expected.soft.flat())].filter(small).sort((a, b) => a - b),
    );
    sets += new Set(roots).size;
    against += members.filter((i) => small(i) && found.against[i]).length;
  }
  console.log(`${sets} sets, ${against} tracks against others`);
  assert.ok(sets > 20 && against > 5);
});

Deno.test("kindred tracks are compared as the camera sees them, to the last within reach", () => {
  const short = 300;
  const found = (
    other: (t: number) => readonly [number, number],
    undo: (t: number) => Similarity = () => IDENTITY,
  ) => {
    const { sets, against } = atOnce(findKindred(
      tracksOf(() => [0, 0], other),
      {
        members: [0, 1],
        undo: Array.from(
          { length: TRACK_FRAMES },
          (_, frame) => undo(frame / (TRACK_FRAMES - 1)),
        ),
        short,
      },
    ));
    return sets.find(0) === sets.find(1) ? "joined" : `apart ${against}`;
  };
  assert.equal(found(() => [126, 0]), "joined");
  assert.equal(found(() => [126.01, 0]), "apart 0,0");
  // A camera that comes twice as near, and one that turns to the right.
  const zoom = (t: number) => ({ ...IDENTITY, a: 1 / (1 + t) });
  assert.equal(found((t) => [50 * (1 + t), 0]), "apart 1,1");
  assert.equal(found((t) => [50 * (1 + t), 0], zoom), "joined");
  const half = (t: number) => {
    const angle = t * Math.PI / 2, length = 50 - 25 * t;
    return [length * Math.cos(angle), length * Math.sin(angle)] as const;
  };
  const turn = (t: number) => ({
    ...IDENTITY,
    a: Math.cos(t * Math.PI / 2),
    b: -Math.sin(t * Math.PI / 2),
  });
  assert.equal(found(half), "apart 0,0");
  assert.equal(found(half, turn), "apart 1,1");
});

Deno.test("very many pairs are looked at with pauses", () => {
  // In one small place, each going its own way: there is nothing to join.
  const tracks = tracksOf(
    ...Array.from({ length: 500 }, (_, n): Path => {
      const angle = n * 2.4, x = n % 25, y = Math.floor(n / 25);
      return (
        t,
      ) => [x + 900 * t * Math.cos(angle), y + 900 * t * Math.sin(angle)];
    }),
  );
  const steps = findKindred(tracks, {
    members: Array.from({ length: 500 }, (_, n) => n),
    undo: Array.from({ length: TRACK_FRAMES }, () => IDENTITY),
    short: SHORT,
  });
  let pauses = 0;
  while (!steps.next().done) pauses++;
  const rings = Math.ceil(Math.log2(500)) + 1;
  assert.ok(pauses > rings + 3, `${pauses} pauses`);
});

Deno.test("a chain of very many tracks is one set, found with pauses", () => {
  // A row in which each has only its neighbor near: the longest way to a root.
  const count = 4000;
  const data = new Float32Array(3 * TRACK_FRAMES * count);
  for (let n = 0, at = 0; n < count; n++) {
    for (let t = 0; t < TRACK_FRAMES; t++) {
      data.set([10 * n, t, 1], at);
      at += 3;
    }
  }
  const steps = findKindred(TrackSet.fromArray(data), {
    members: Array.from({ length: count }, (_, n) => n),
    undo: Array.from({ length: TRACK_FRAMES }, () => IDENTITY),
    short: SHORT,
  });
  let pauses = 0, step = steps.next();
  for (; !step.done; step = steps.next()) pauses++;
  const { sets } = step.value;
  assert.equal(sets.sizeOf(0), count);
  assert.equal([...sets.joinsOf(0)].length, count - 1);
  assert.ok(pauses > 5, `${pauses} pauses`);
});
