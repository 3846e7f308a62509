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

Deno.test("tracksFromArray() doubts lengths by which points would jump", () => {
  // Grids of 9x9 and 11x11 points have as many points as videos have frames.
  for (const [frames, count] of [[50, 81], [81, 121], [100, 121]] as const) {
    const shape = (...axes: number[]) =>
      array(
        [...axes, 2],
        axes.length === 3 ? ["1", "t", "n", "c"] : ["t", "n", "c"],
      );
    assert.throws(
      () => read(shape(frames, count)),
      /Cannot tell tracks .* points would jump from frame to frame.*\nHINT: .*time-first/,
    );
    // The trackers' names and batches say what the lengths do not.
    for (
      const found of [
        read(shape(frames, count), { likely: "time-first" }),
        read(shape(1, frames, count)),
        read(shape(frames, count), { order: "time-first" }),
      ]
    ) {
      assert.deepEqual([found.count, found.frames], [count, frames]);
    }
  }
  // The same lengths the other way around are taken by their lengths.
  assert.equal(read(array([50, 81, 2], ["n", "t", "c"])).count, 50);
});

Deno.test("tracksFromArray() takes no depth for visibility", () => {
  const points = array([2, 121, 3], ["n", "t", "c"]);
  const third = (value: number) => {
    const data = points.data.slice();
    for (let at = 2; at < data.length; at += 3) data[at] = at < 9 ? 0 : value;
    return { ...points, data };
  };
  for (const value of [3.7, -2, 255]) {
    assert.throws(
      () => tracksFromArray(third(value), { name: "a.npy" }),
      /third numbers of its points are from .* expected visibility from 0 to 1\nHINT: Keep x and y only/,
    );
  }
  assert.throws(
    () => tracksFromArray(third(8), { name: "a.npy" }),
    /from 0 to 8, .*\nHINT: It looks like ATI's numbers, which are 8 times the px/,
  );
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

Deno.test("tracksFromArray() takes visibility with negative numbers as logits", () => {
  const logits = Float32Array.from({ length: 121 }, (_, t) => (60 - t) / 1000);
  for (const inverted of [false, true]) {
    const { tracks: [track] } = tracksFromArray(
      array([121, 1, 2], ["t", "n", "c"]),
      {
        name: "a.npy",
        inverted,
        visibility: { dims: [121, 1], descr: "<f4", data: logits },
      },
    );
    assert.equal(track![59 * 3 + 2], Number(!inverted));
    assert.equal(track![61 * 3 + 2], Number(inverted));
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
