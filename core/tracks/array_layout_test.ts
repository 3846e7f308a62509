import assert from "node:assert/strict";
import type { NpyArray } from "../formats/npy.ts";
import { FormatError } from "../base/errors.ts";
import { sizeOf } from "../base/tensor.ts";
import { type LayoutOptions, tracksFromArray } from "./array_layout.ts";

/** Value at (track, frame, axis): 100 * track + frame, 1000 more for y. */
const cell = (track: number, frame: number, axis: number) =>
  axis === 2 ? Number(frame < 2) : 100 * track + frame + 1000 * axis;

/** An array of the given shape; `axes` says what each axis counts. */
function array(
  dims: number[],
  axes: ("n" | "t" | "c" | "1")[],
  factor = 1,
): NpyArray & { readonly data: Float32Array } {
  const data = new Float32Array(sizeOf(dims));
  for (let i = 0; i < data.length; i++) {
    const index = { n: 0, t: 0, c: 0, "1": 0 };
    let rest = i;
    for (let axis = dims.length - 1; axis >= 0; axis--) {
      index[axes[axis]!] = rest % dims[axis]!;
      rest = Math.floor(rest / dims[axis]!);
    }
    data[i] = cell(index.n, index.t, index.c) * factor;
  }
  return { dims, descr: "<f4", data };
}

function read(
  npy: NpyArray,
  options: Omit<LayoutOptions, "name"> = {},
): { count: number; frames: number; notes: string } {
  const { tracks, notes } = tracksFromArray(npy, { name: "a.npy", ...options });
  const frames = tracks[0]!.length / 3;
  tracks.forEach((samples, n) => {
    for (let t = 0; t < frames; t++) {
      const seen = samples[t * 3 + 2]!;
      assert.ok(seen === 0 || seen === 1);
      assert.deepEqual([...samples.subarray(t * 3, t * 3 + 2)], [
        cell(n, t, 0),
        cell(n, t, 1),
      ]);
      if (npy.dims.at(-1) === 3) assert.equal(seen, cell(n, t, 2));
    }
  });
  return { count: tracks.length, frames, notes: notes.join(" ") };
}

Deno.test("tracksFromArray() reads ATI's (N, 121, 1, 3) with its scale of 8", () => {
  const { count, frames, notes } = read(
    array([2, 121, 1, 3], ["n", "t", "1", "c"], 8),
  );
  assert.deepEqual([count, frames], [2, 121]);
  assert.match(notes, /ATI's layout: 2 tracks of 121 frames\. .* divided by 8/);
  // One track: (1, 121, 1, 3) is not mistaken for one clip.
  assert.equal(
    read(array([1, 121, 1, 3], ["n", "t", "1", "c"], 8)).frames,
    121,
  );
});

Deno.test("tracksFromArray() takes another scale when told", () => {
  const { notes } = read(array([2, 121, 1, 3], ["n", "t", "1", "c"]), {
    scale: 1,
  });
  assert.match(notes, /taken as px/);
  const twice = array([2, 121, 2], ["n", "t", "c"], 2);
  assert.match(read(twice, { scale: 2 }).notes, /divided by 2/);
});

Deno.test("tracksFromArray() finds time by its 121 or 81 frames", () => {
  for (const depth of [2, 3]) {
    for (const frames of [121, 81]) {
      const first = read(array([frames, 5, depth], ["t", "n", "c"]));
      assert.deepEqual([first.count, first.frames], [5, frames]);
      assert.match(first.notes, /frames x tracks/);
      const second = read(array([5, frames, depth], ["n", "t", "c"]));
      assert.deepEqual([second.count, second.frames], [5, frames]);
      assert.match(second.notes, /tracks x frames/);
    }
    // 81 tracks of 121 frames: 121 is time.
    assert.equal(read(array([81, 121, depth], ["n", "t", "c"])).frames, 121);
  }
});

Deno.test("tracksFromArray() asks where time cannot be told", () => {
  for (const dims of [[5, 60, 2], [121, 121, 2], [81, 81, 3]]) {
    const npy = array(dims, ["n", "t", "c"]);
    assert.throws(
      () => read(npy),
      /Cannot tell tracks from frames .*\nHINT: .*"tracks-first"/,
    );
    assert.equal(read(npy, { order: "tracks-first" }).count, dims[0]);
    const turned = array(dims, ["t", "n", "c"]);
    assert.equal(read(turned, { order: "time-first" }).frames, dims[0]);
  }
});

/** Points at (track, frame) by a function, as an array with these axes. */
function points(
  dims: number[],
  axes: "nt" | "tn",
  at: (track: number, frame: number) => [x: number, y: number],
): NpyArray {
  const [rows, columns] = dims.slice(-3) as [number, number];
  const data = Float32Array.from(
    Array.from({ length: rows * columns }, (_, cell) => {
      const row = Math.floor(cell / columns), column = cell % columns;
      return axes === "nt" ? at(row, column) : at(column, row);
    }).flat(),
  );
  return { dims, descr: "<f4", data };
}

Deno.test("tracksFromArray() takes no grid of points for frames", () => {
  // Grids of 9x9 and 11x11 points have as many points as videos have frames.
  for (const [frames, count] of [[50, 81], [81, 121], [10, 121]] as const) {
    const side = Math.sqrt(count);
    // Over an image of 832x480, line by line or column by column.
    const lines = (track: number, frame: number): [number, number] => [
      20 + (track % side) * 800 / side + 4 * frame + Math.sin(track + frame),
      20 + Math.floor(track / side) * 450 / side + 3 * Math.sin(frame),
    ];
    const columns = (track: number, frame: number) =>
      lines((track % side) * side + Math.floor(track / side), frame);
    for (const at of [lines, columns]) {
      for (const axes of ["nt", "tn"] as const) {
        const dims = axes === "nt" ? [count, frames, 2] : [frames, count, 2];
        const order = axes === "nt" ? "tracks-first" : "time-first";
        const npy = points(dims, axes, at);
        const read = (options: Omit<LayoutOptions, "name">, array = npy) => {
          const { tracks } = tracksFromArray(array, {
            name: "a.npy",
            ...options,
          });
          return [tracks.length, tracks[0]!.length / 3];
        };
        assert.throws(
          () => read({}),
          new RegExp(
            `axis of ${count} jumps back every ${side}, as a grid of ${side}x${side} points does, expected .*\nHINT: .*time-first`,
          ),
        );
        // The trackers' names and batches say what the lengths do not.
        assert.deepEqual(read({ likely: order }), [count, frames]);
        assert.deepEqual(read({ order }), [count, frames]);
        if (axes === "nt") continue;
        const batch = points([1, ...dims], axes, at);
        assert.deepEqual(read({}, batch), [count, frames]);
      }
    }
  }
});

Deno.test("tracksFromArray() doubts no lengths of dense, fast, or shaking points", () => {
  const motions: Record<
    string,
    (track: number, frame: number) => [number, number]
  > = {
    "1 px apart, 5 px per frame": (n, t) => [100 + n + 5 * t, 50],
    "at rest": (n) => [100 + n, 50 + n],
    "shaking": (n, t) => [100 + n + 40 * Math.sin(t * t), 50 + 40 * (t % 2)],
    "a new position every third frame": (n, t) => [
      100 + n + 9 * Math.floor(t / 3),
      50,
    ],
    "turning, once in 11 frames": (n, t) => [
      200 + n * Math.cos(t / 1.75),
      200 + n * Math.sin(t / 1.75),
    ],
    "a new position every 9th frame": (
      n,
      t,
    ) => [100 + n, 9 * Math.floor(t / 9)],
    "a new position every 11th frame": (
      n,
      t,
    ) => [100 + n, 9 * Math.floor(t / 11)],
    "again and again": (n, t) => [100 + n + 9 * Math.floor(t % 9 / 3), 50],
    "lost": () => [NaN, NaN],
  };
  for (const [what, at] of Object.entries(motions)) {
    for (const frames of [121, 81]) {
      for (const count of [30, 500]) {
        const { tracks } = tracksFromArray(
          points([frames, count, 2], "tn", at),
          { name: "a.npy" },
        );
        assert.equal(tracks.length, count, what);
      }
    }
    // Without a length that says it the batch does, never in doubt.
    const { tracks } = tracksFromArray(
      points([1, 60, 30, 2], "tn", at),
      { name: "a.npy" },
    );
    assert.equal(tracks.length, 30, what);
  }
});

Deno.test("tracksFromArray() takes no depth for visibility", () => {
  const points = array([2, 121, 3], ["n", "t", "c"]);
  const third = (value: number) => {
    const data = points.data.slice();
    for (let at = 2; at < data.length; at += 3) data[at] = at < 9 ? 0 : value;
    return { ...points, data };
  };
  for (const value of [3.7, -2, 254, 1.02, -1.02]) {
    assert.throws(
      () => tracksFromArray(third(value), { name: "a.npy" }),
      /third numbers of its points are from .* expected visibility from 0 to 1\nHINT: Keep x and y only/,
    );
  }
  assert.throws(
    () => tracksFromArray(third(8), { name: "a.npy" }),
    /from 0 to 8, .*\nHINT: It looks like ATI's numbers, which are 8 times the px/,
  );
  // Interpolated, and a mask.
  for (const value of [1.0001, 1.01, 255]) {
    const [track] = tracksFromArray(third(value), { name: "a.npy" }).tracks;
    assert.deepEqual([track![2], track![5 * 3 + 2]], [0, 1], `${value}`);
  }
  const scaled = tracksFromArray(third(8), { name: "a.npy", scale: 8 });
  assert.equal(scaled.tracks[0]![5 * 3], 5 / 8);
  const { tracks, notes } = tracksFromArray(third(3.7), {
    name: "a.npy",
    visibility: {
      dims: [2, 121],
      descr: "|b1",
      data: Uint8Array.from({ length: 242 }, (_, i) => Number(i > 0)),
    },
  });
  assert.deepEqual([tracks[0]![2], tracks[0]![5]], [0, 1]);
  assert.match(notes.join(" "), /the third number was left out/);
});

Deno.test("tracksFromArray() tells logits from probabilities by their range", () => {
  const seen = (first: number[], inverted = false) => {
    const { tracks: [track] } = tracksFromArray(
      array([121, 1, 2], ["t", "n", "c"]),
      {
        name: "a.npy",
        inverted,
        visibility: {
          dims: [121, 1],
          descr: "<f4",
          data: Float32Array.from({ length: 121 }, (_, t) => first[t] ?? 0),
        },
      },
    );
    return first.map((_, t) => track![t * 3 + 2]);
  };
  for (const inverted of [false, true]) {
    const [yes, no] = [Number(!inverted), Number(inverted)];
    assert.deepEqual(seen([6.2, 0.2, -4.8], inverted), [yes, yes, no]);
    assert.deepEqual(seen([2.1, 0.2, -0.3], inverted), [yes, yes, no]);
    assert.deepEqual(seen([0.4, -7.5], inverted), [yes, no]);
    assert.deepEqual(seen([1, -1], inverted), [yes, no]);
    // Probabilities after bicubic resampling.
    assert.deepEqual(seen([1, 0.2, -1e-7], inverted), [yes, no, no]);
    assert.deepEqual(seen([1.07, 0.4, -0.07], inverted), [yes, no, no]);
  }
});

Deno.test("tracksFromArray() reads CoTracker's (1, T, N, 2) and visibility", () => {
  const tracks = array([1, 60, 3, 2], ["1", "t", "n", "c"]);
  const hidden = new Uint8Array(60 * 3).fill(1);
  hidden[1 * 3 + 2] = 0; // frame 1, track 2
  for (const dims of [[1, 60, 3], [1, 60, 3, 1], [60, 3]]) {
    const { tracks: result } = tracksFromArray(tracks, {
      name: "a.npy",
      visibility: { dims, descr: "|b1", data: hidden },
    });
    assert.equal(result.length, 3);
    assert.equal(result[2]![1 * 3 + 2], 0);
    assert.equal(result[2]![2 * 3 + 2], 1);
    assert.equal(result[1]![1 * 3 + 2], 1);
  }
  assert.match(read(tracks).notes, /no visibility: every sample/);
});

Deno.test("tracksFromArray() takes visibility as probability", () => {
  const { tracks } = tracksFromArray(
    array([121, 1, 2], ["t", "n", "c"]),
    {
      name: "a.npy",
      visibility: {
        dims: [121, 1],
        descr: "<f4",
        data: Float32Array.from({ length: 121 }, (_, t) => t / 100),
      },
    },
  );
  assert.equal(tracks[0]![49 * 3 + 2], 0);
  assert.equal(tracks[0]![51 * 3 + 2], 1);
});

Deno.test("tracksFromArray() refuses visibility of another shape", () => {
  const tracks = array([121, 4, 2], ["t", "n", "c"]);
  for (const dims of [[4, 121], [121], [121, 4, 2], [120, 4]]) {
    assert.throws(() =>
      tracksFromArray(tracks, {
        name: "a.npy",
        visibility: { dims, descr: "|b1", data: new Uint8Array(sizeOf(dims)) },
      }), /Cannot take visibility of shape/);
  }
});

Deno.test("tracksFromArray() reads one track and other element types", () => {
  assert.equal(read(array([30, 2], ["t", "c"])).count, 1);
  const { dims, data } = array([2, 121, 2], ["n", "t", "c"]);
  for (
    const [descr, values] of [
      ["<f8", Float64Array.from(data)],
      ["<i8", BigInt64Array.from(data, (value) => BigInt(value))],
      ["<u2", Uint16Array.from(data)],
      ["<f2", Float16Array.from(data)],
    ] as const
  ) read({ dims, descr, data: values });
});

Deno.test("tracksFromArray() forgives NaN only where a point is invisible", () => {
  const npy = array([1, 121, 3], ["n", "t", "c"]);
  npy.data[0] = NaN; // frame 0 is visible
  npy.data[5 * 3] = NaN; // frame 5 is not
  const [track] = tracksFromArray(npy, { name: "a.npy" }).tracks;
  assert.ok(Number.isNaN(track![0]));
  assert.deepEqual([...track!.subarray(15, 18)], [0, 0, 0]);
});

Deno.test("tracksFromArray() refuses shapes and scales that are none", () => {
  for (
    const dims of [[], [3], [2, 2, 4], [2, 121, 3, 2], [1, 1, 1, 1, 2], [4, 4]]
  ) {
    assert.throws(
      () =>
        tracksFromArray(
          { dims, descr: "<f4", data: new Float32Array(sizeOf(dims)) },
          { name: "a.npy" },
        ),
      FormatError,
    );
  }
  for (const scale of [0, -1, NaN, Infinity]) {
    assert.throws(
      () => read(array([1, 121, 2], ["n", "t", "c"]), { scale }),
      RangeError,
    );
  }
});

Deno.test("tracksFromArray() counts exactly half as visible, but keeps ATI's own numbers", () => {
  const seen = (npy: NpyArray, options: Omit<LayoutOptions, "name"> = {}) =>
    tracksFromArray(npy, { name: "a.npy", ...options })
      .tracks.map((samples) => samples[2]);
  const float = (dims: number[], data: number[]): NpyArray => ({
    dims,
    descr: "<f4",
    data: Float32Array.from(data),
  });
  const below = (value: number) => value - 2 ** -20;
  const column = (half: number) =>
    Array.from(
      { length: 2 * 121 },
      (_, i) => [8, 8, i < 121 ? half : below(half)],
    ).flat();
  // As stored by ATI: everything is 8 times as large, and nothing is rounded.
  assert.deepEqual(seen(float([2, 121, 1, 3], column(4))), [
    0.5,
    Math.fround(below(4)) / 8,
  ]);
  // As trackers write it: a third column, or an array of its own.
  assert.deepEqual(
    seen(float([2, 121, 3], column(0.5)), { order: "tracks-first" }),
    [1, 0],
  );
  assert.deepEqual(
    seen(float([2, 121, 2], Array(2 * 121 * 2).fill(8)), {
      order: "tracks-first",
      visibility: float(
        [2, 121],
        Array.from({ length: 242 }, (_, i) => i < 121 ? 0.5 : below(0.5)),
      ),
    }),
    [1, 0],
  );
});
