/**
 * Which tracks keep their distance: neighbors on one thing.
 *
 * Every pair within reach has to be looked at, the nearest first. Pairs are
 * taken ring by ring, each twice as wide as the one before, and cells of the
 * plane whose tracks are joined already are passed over.
 *
 * @module
 */

import type { Steps } from "../base/steps.ts";
import type { TrackPositions } from "../tracks/track_set.ts";
import { type Join, JoinedSets } from "./_joined_sets.ts";
import type { Similarity } from "./_similarity.ts";

/** Neighbors of one thing are closer than this, over the short side. */
const CLOSE = 0.42;
/** And keep their distance within this share of it. */
const GIVE = 0.12;
/** Neighbors that move against each other by less are one soft thing. */
const SOFT = 1;
/** They are closer than this, over the short side. */
const TOUCHING = 0.3;
/** Fewer tracks than these do not show a thing by themselves. */
export const FEW = 3;
/** Every how many frames is looked. */
export const STRIDE = 6;
/** Pairs of tracks between two pauses. */
const PAIRS = 20_000;

/** Tracks that keep their distance, and those that go against others. */
export interface Kindred {
  /** The tracks joined, counted by their place in `members`. */
  readonly sets: JoinedSets;
  /**
   * 1 where a track and a close neighbor of another set move against each
   * other, but softly; as far as one of the sets has fewer than
   * {@linkcode FEW} tracks.
   */
  readonly against: Uint8Array;
}

/** What of the pairs is looked at: their distance in frame 0, squared px. */
interface Ring {
  /** More than this. */
  readonly inner: number;
  /** At most this. */
  readonly outer: number;
}

/** Joins tracks that keep their distance, the nearest first. */
export function* findKindred(
  tracks: TrackPositions,
  options: {
    /** The tracks that are looked at, all of them visible in frame 0. */
    readonly members: readonly number[];
    /** What undoes the camera, frame by frame. */
    readonly undo: readonly Similarity[];
    /** The image's short side, px. */
    readonly short: number;
  },
): Steps<Kindred> {
  const { short, members: { length: count } } = options;
  const sets = new JoinedSets(count);
  const pairs = new Pairs(tracks, { ...options, sets });
  const reach = CLOSE * short;
  let inner = -1;
  for (let outer = reach / Math.max(1, count); count > 1;) {
    yield;
    const ring: Ring = { inner, outer: outer * outer };
    const cells = new Cells(pairs, { side: outer / 2, sets });
    let joins: Join[] = [], looked = 0;
    for (const [a, b] of cells.neighbors()) {
      looked += pairs.look(cells, { a, b, ring, joins });
      if (joins.length > 2 * count + 1000) joins = sets.needed(joins);
      if (++looked < PAIRS) continue;
      looked = 0;
      yield;
    }
    for (const { i, j } of sets.needed(joins)) sets.join(i, j);
    if (outer === reach) break;
    inner = ring.outer;
    outer = Math.min(reach, 2 * outer);
  }
  return { sets, against: pairs.against };
}

/** The paths of tracks, to be compared in pairs. */
class Pairs {
  /** The places in frame 0: x, y pairs, px. */
  readonly rest: Float64Array;
  /** As in {@linkcode Kindred}. */
  readonly against: Uint8Array;
  readonly #short: number;
  readonly #sets: JoinedSets;
  /** How often the tracks are looked at: every {@linkcode STRIDE} frames. */
  readonly #looks: number;
  /** (tracks, looks, 2): x and y, px. */
  readonly #places: Float32Array;
  /** (tracks, looks): 1 where a track is seen. */
  readonly #seen: Uint8Array;
  /** (looks, 2): the camera's turn and zoom that are undone. */
  readonly #turns: Float64Array;

  constructor(
    tracks: TrackPositions,
    { members, undo, short, sets }: {
      readonly members: readonly number[];
      readonly undo: readonly Similarity[];
      readonly short: number;
      readonly sets: JoinedSets;
    },
  ) {
    const count = members.length;
    this.#short = short;
    this.#sets = sets;
    this.rest = new Float64Array(2 * count);
    this.against = new Uint8Array(count);
    const looks = Math.floor((tracks.frames - 1) / STRIDE) + 1;
    this.#looks = looks;
    this.#places = new Float32Array(2 * looks * count);
    this.#seen = new Uint8Array(looks * count);
    this.#turns = Float64Array.from({ length: 2 * looks }, (_, k) => {
      const { a, b } = undo[STRIDE * (k >> 1)]!;
      return k % 2 === 0 ? a : b;
    });
    for (const [i, n] of members.entries()) {
      this.rest[2 * i] = tracks.x(n, 0);
      this.rest[2 * i + 1] = tracks.y(n, 0);
      for (let look = 0, at = looks * i; look < looks; look++, at++) {
        const frame = STRIDE * look;
        this.#places[2 * at] = tracks.x(n, frame);
        this.#places[2 * at + 1] = tracks.y(n, frame);
        this.#seen[at] = Number(tracks.visible(n, frame));
      }
    }
  }

  /**
   * Looks at all pairs of two cells that are in the ring. Tracks at the same
   * place are joined at once, other pairs that are to be joined are put to
   * `joins`. Returns how many pairs there were.
   */
  look(
    { first, next }: Cells,
    { a, b, ring, joins }: {
      readonly a: number;
      readonly b: number;
      readonly ring: Ring;
      readonly joins: Join[];
    },
  ): number {
    const rest = this.rest, sets = this.#sets;
    let pairs = 0;
    for (let i = first[a]!; i >= 0; i = next[i]!) {
      const x = rest[2 * i]!, y = rest[2 * i + 1]!;
      const start = a === b ? next[i]! : first[b]!;
      for (let j = start; j >= 0; j = next[j]!) {
        pairs++;
        const dx = x - rest[2 * j]!, dy = y - rest[2 * j + 1]!;
        const squared = dx * dx + dy * dy;
        if (squared <= ring.inner || squared > ring.outer) continue;
        if (sets.find(i) === sets.find(j)) continue;
        const length = Math.sqrt(squared);
        if (!this.#keepDistance(i, j, length)) continue;
        if (length === 0) sets.join(i, j);
        else joins.push({ i: Math.min(i, j), j: Math.max(i, j), length });
      }
    }
    return pairs;
  }

  /** Whether two tracks keep their distance; else whether they go against each other. */
  #keepDistance(i: number, j: number, length: number): boolean {
    const short = this.#short, turns = this.#turns;
    const places = this.#places, seen = this.#seen;
    const give = GIVE * length + 0.01 * short;
    let keep = true, soft = length <= TOUCHING * short && this.#matters(i, j);
    const startI = this.#looks * i, startJ = this.#looks * j;
    const x = places[2 * startI]! - places[2 * startJ]!;
    const y = places[2 * startI + 1]! - places[2 * startJ + 1]!;
    // What moves apart is farthest in the end.
    for (let look = this.#looks - 1; look > 0; look--) {
      const p = startI + look, q = startJ + look;
      if (seen[p] === 0 || seen[q] === 0) continue;
      const dx = places[2 * p]! - places[2 * q]!;
      const dy = places[2 * p + 1]! - places[2 * q + 1]!;
      const a = turns[2 * look]!, b = turns[2 * look + 1]!;
      const u = a * dx - b * dy, v = b * dx + a * dy;
      keep &&= Math.abs(Math.sqrt(u * u + v * v) - length) <= give;
      soft &&= (u - x) * (u - x) + (v - y) * (v - y) <=
        SOFT * SOFT * length * length;
      if (!keep && !soft) return false;
    }
    if (!keep && soft) this.against[i] = this.against[j] = 1;
    return keep;
  }

  /** Whether it is still to be known if two tracks go against each other. */
  #matters(i: number, j: number): boolean {
    if (this.against[i] && this.against[j]) return false;
    return this.#sets.sizeOf(i) < FEW || this.#sets.sizeOf(j) < FEW;
  }
}

/** Tracks sorted into square cells of the plane, by their place in frame 0. */
class Cells {
  /** The first track of each cell. */
  readonly first: Int32Array;
  /** After each track the next one of its cell, -1 after the last. */
  readonly next: Int32Array;
  /** For each cell the set of all its tracks, -1 where there are several. */
  readonly #sets: Int32Array;
  readonly #columns: Float64Array;
  readonly #rows: Float64Array;
  readonly #cells = new Map<number, number>();

  constructor(
    { rest }: Pairs,
    { side, sets }: { readonly side: number; readonly sets: JoinedSets },
  ) {
    const count = rest.length / 2;
    this.first = new Int32Array(count);
    this.next = new Int32Array(count);
    this.#sets = new Int32Array(count);
    this.#columns = new Float64Array(count);
    this.#rows = new Float64Array(count);
    // From the last to the first, so that each cell's tracks ascend.
    for (let i = count - 1; i >= 0; i--) {
      const column = Math.floor(rest[2 * i]! / side);
      const row = Math.floor(rest[2 * i + 1]! / side);
      const key = keyOf(column, row), set = sets.find(i);
      const cell = this.#cells.get(key) ?? this.#cells.size;
      if (cell === this.#cells.size) {
        this.#cells.set(key, cell);
        this.#columns[cell] = column;
        this.#rows[cell] = row;
        this.#sets[cell] = set;
        this.next[i] = -1;
      } else {
        this.next[i] = this.first[cell]!;
        if (this.#sets[cell] !== set) this.#sets[cell] = -1;
      }
      this.first[cell] = i;
    }
  }

  /** Pairs of cells that are at most two apart, if there is anything to join. */
  *neighbors(): Generator<readonly [number, number]> {
    for (let a = 0; a < this.#cells.size; a++) {
      const set = this.#sets[a]!;
      if (set < 0) yield [a, a];
      for (const [right, down] of AROUND) {
        const key = keyOf(this.#columns[a]! + right, this.#rows[a]! + down);
        const b = this.#cells.get(key);
        if (b === undefined || b === a) continue;
        if (set < 0 || this.#sets[b] !== set) yield [a, b];
      }
    }
  }
}

/** Half of the cells around a cell: the others have it in theirs. */
const AROUND = [
  [1, 0],
  [2, 0],
  ...[1, 2].flatMap((down) =>
    [-2, -1, 0, 1, 2].map((right) => [right, down] as const)
  ),
] as const;

/** A number for a cell; far out of any image two cells may share one. */
function keyOf(column: number, row: number): number {
  return column * 2 ** 27 + row;
}
