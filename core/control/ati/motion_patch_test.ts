import assert from "node:assert/strict";
import {
  assertClose,
  readGolden,
  readGoldenJson,
} from "../../../tests/fixtures/golden.ts";
import { sizeOf, type Tensor } from "../../base/tensor.ts";
import { patchMotion } from "./motion_patch.ts";
import { patchMotionPlainly } from "../../../tests/fixtures/motion_patch_plain.ts";
import { seeded } from "../../base/seeded.ts";

/** The tolerances of the golden set's manifest. */
const TOLERANCE = { max: 3e-5 };
const MEAN_TOLERANCE = 1e-6;

interface Sums {
  sum: number;
  abs_sum: number;
  sq_sum: number;
}

interface Manifest {
  cases: Record<string, { mask: Sums; features_all16: Sums }>;
  realistic: {
    mask: Sums;
    features: Sums;
    per_channel_feature_sum: number[];
    per_frame_mask_sum: number[];
  };
}

const manifest = readGoldenJson<Manifest>("patch_motion/manifest.json");

/** Some channels of a (C, T, h, w) tensor; one channel loses its axis. */
function channels({ dims, data }: Tensor, wanted: number[] | number): Tensor {
  const each = sizeOf(dims.slice(1));
  const list = [wanted].flat();
  const picked = new Float32Array(each * list.length);
  list.forEach((c, i) =>
    picked.set(data.subarray(c * each, (c + 1) * each), i * each)
  );
  const rest = dims.slice(1);
  return {
    dims: Array.isArray(wanted) ? [list.length, ...rest] : rest,
    data: picked,
  };
}

function sums(data: Float32Array): Sums {
  let sum = 0, abs_sum = 0, sq_sum = 0;
  for (const v of data) {
    sum += v;
    abs_sum += Math.abs(v);
    sq_sum += v * v;
  }
  return { sum, abs_sum, sq_sum };
}

/** Sums of many numbers tell of a mean error up to the manifest's. */
function assertSums(label: string, data: Float32Array, expected: Sums) {
  const found = sums(data);
  const gap = Math.max(
    Math.abs(found.sum - expected.sum),
    Math.abs(found.abs_sum - expected.abs_sum),
    Math.abs(found.sq_sum - expected.sq_sum) / 4,
  ) / data.length;
  console.log(
    `${label}: mean difference ${
      gap.toExponential(2)
    } (tolerance ${MEAN_TOLERANCE})`,
  );
  assert.ok(gap <= MEAN_TOLERANCE, label);
}

/** The manifest's formula of the latent: (16, 21, h, w). */
function waves(height: number, width: number): Tensor {
  const volume = 21 * height * width;
  return {
    dims: [16, 21, height, width],
    data: Float32Array.from({ length: 16 * volume }, (_, k) => {
      const i = k + 4 * volume;
      return 1.5 * Math.sin(0.37 * i + 0.11 * Math.floor(i / 977));
    }),
  };
}

function goldenTracks(name: string): Tensor {
  if (name !== "n400") {
    const { dims, data } = readGolden(`patch_motion/small/${name}.tracks.npy`);
    return { dims: dims.slice(1), data };
  }
  const packed = readGolden("patch_motion/small/n400.tracks_i16.npy");
  const data = new Float32Array(81 * 400 * 4);
  for (let i = 0; i < 81 * 400; i++) {
    data[4 * i + 1] = packed.data[3 * i]! / 4096;
    data[4 * i + 2] = packed.data[3 * i + 1]! / 4096;
    data[4 * i + 3] = packed.data[3 * i + 2]!;
  }
  return { dims: [81, 400, 4], data };
}

Deno.test("the golden latent is the manifest's formula", () => {
  assertClose("vid", waves(10, 17), readGolden("patch_motion/small/vid.npy"), {
    max: 1e-6,
  });
});

for (const [name, expected] of Object.entries(manifest.cases)) {
  Deno.test(`patchMotion() agrees with the reference: ${name}`, () => {
    const latent = readGolden("patch_motion/small/vid.npy");
    const out = patchMotion(goldenTracks(name), latent);
    const path = `patch_motion/small/${name}`;
    for (let c = 0; c < 4; c++) {
      assertClose(
        `${name} mask ${c}`,
        channels(out, c),
        readGolden(`${path}.mask.npy`),
        TOLERANCE,
      );
    }
    assertSums(`${name} mask`, channels(out, 0).data, expected.mask);
    // In this case torch chooses among equal weights; only the mask is sure.
    if (name === "ties_split") return;
    assertClose(
      `${name} features`,
      channels(out, [4, 17]),
      readGolden(`${path}.feat.npy`),
      TOLERANCE,
    );
    assertSums(
      `${name} all features`,
      out.data.subarray(4 * 21 * 170),
      expected.features_all16,
    );
  });
}

function realisticTracks(): Tensor {
  const data = new Float32Array(81 * 24 * 4);
  for (let t = 0; t < 81; t++) {
    for (let n = 0; n < 24; n++) {
      data.set([
        t / 40 - 1,
        1.6 * Math.sin(0.9 * n + 0.013 * t * (1 + n % 5)),
        0.95 * Math.cos(0.7 * n + 0.017 * t * (1 + n % 3)),
        (7 * n + t) % 11 < 8 ? 1 : -1,
      ], 4 * (24 * t + n));
    }
  }
  return { dims: [81, 24, 4], data };
}

Deno.test("patchMotion() agrees with the reference at 832x480, 24 tracks", () => {
  const out = patchMotion(realisticTracks(), waves(60, 104));
  const cells = 60 * 104;
  const frame = (c: number, t: number) =>
    out.data.subarray((c * 21 + t) * cells, (c * 21 + t + 1) * cells);
  const pair = (a: Float32Array, b: Float32Array): Tensor => ({
    dims: [2, 60, 104],
    data: Float32Array.from([...a, ...b]),
  });
  assertClose(
    "mask",
    pair(frame(0, 1), frame(0, 20)),
    readGolden("patch_motion/realistic/mask_t1_t20.npy"),
    TOLERANCE,
  );
  assertClose(
    "features",
    pair(frame(4, 20), frame(11, 1)),
    readGolden("patch_motion/realistic/feat_c4t20_c11t1.npy"),
    TOLERANCE,
  );
  const { realistic } = manifest;
  assertSums("mask", channels(out, 0).data, realistic.mask);
  assertSums(
    "features",
    out.data.subarray(4 * 21 * cells),
    realistic.features,
  );
  realistic.per_frame_mask_sum.forEach((expected, t) => {
    assert.ok(Math.abs(sums(frame(0, t)).sum - expected) < 6e-3, `frame ${t}`);
  });
  realistic.per_channel_feature_sum.forEach((expected, c) => {
    const found = sums(channels(out, 4 + c).data).sum;
    assert.ok(Math.abs(found - expected) < 0.13, `channel ${c}`);
  });
});

function randomTracks(count: number, seed: number): Tensor {
  const random = seeded(seed);
  return {
    dims: [81, count, 4],
    data: Float32Array.from(
      { length: 81 * count * 4 },
      (_, i) => i % 4 === 3 ? random() * 1.5 - 0.5 : random() * 5 - 2.5,
    ),
  };
}

for (
  const [label, options] of Object.entries({
    "the defaults": {},
    "one track per place": { topk: 1 },
    "five tracks per place": { topk: 5 },
    "more than there are": { topk: 100 },
    "wide footprints": { temperature: 3 },
    "narrow footprints": { temperature: 4000 },
  })
) {
  Deno.test(`patchMotion() leaves out nothing that the plain formula has: ${label}`, () => {
    for (
      const [count, height, width] of [[1, 7, 12], [30, 12, 7], [90, 9, 9]]
    ) {
      const tracks = randomTracks(count!, 7 * count!);
      const latent = waves(height!, width!);
      assertClose(
        `${count} tracks`,
        patchMotion(tracks, latent, options),
        patchMotionPlainly(tracks, latent, options),
        { max: 2e-6 },
      );
    }
  });
}

Deno.test("patchMotion() puts the lower index first among equal weights", () => {
  // Three tracks at one place; they differ in where they start.
  const data = new Float32Array(81 * 3 * 4);
  for (let i = 0; i < 81 * 3; i++) data[4 * i + 3] = 1;
  data.set([0, -0.8, -0.8, 1, 0, 0.8, 0.8, 1, 0, 0.8, -0.8, 1]);
  const latent = waves(5, 5);
  const one = (n: number) => {
    const tracks = new Float32Array(81 * 4);
    for (let t = 0; t < 81; t++) {
      tracks.set(data.subarray(4 * (3 * t + n), 4 * (3 * t + n) + 4), 4 * t);
    }
    return patchMotion({ dims: [81, 1, 4], data: tracks }, latent);
  };
  const all = patchMotion({ dims: [81, 3, 4], data }, latent);
  const middle = (tensor: Tensor, c: number) =>
    tensor.data[(c * 21 + 1) * 25 + 12]!;
  for (let c = 4; c < 20; c++) {
    assert.ok(
      Math.abs(
        middle(all, c) - middle(one(0), c) - middle(one(1), c),
      ) < 1e-5,
    );
  }
});

Deno.test("patchMotion() without tracks only adds the first frame's mask", () => {
  const latent = waves(4, 6);
  const out = patchMotion(
    { dims: [81, 0, 4], data: new Float32Array() },
    latent,
  );
  assert.deepEqual(out.data.subarray(4 * 21 * 24), latent.data);
  assert.equal(sums(out.data.subarray(0, 4 * 21 * 24)).sum, 4 * 24);
});

Deno.test("patchMotion() drops tails as the training does", () => {
  const tracks = randomTracks(2, 5);
  for (let i = 3; i < tracks.data.length; i += 4) tracks.data[i] = 1;
  const latent = waves(6, 6);
  // Track 0 is kept (0.9 > 0.2); track 1 ends at 0.5 of the 80 frames.
  const draws = [0.9, 0.1, 0.3, 0.5];
  const dropped = patchMotion(tracks, latent, {
    tailDropout: { probability: 0.2, random: () => draws.shift()! },
  });
  assert.equal(draws.length, 0);
  for (let t = 40; t < 81; t++) tracks.data[4 * (2 * t + 1) + 3] = -1;
  assert.deepEqual(dropped.data, patchMotion(tracks, latent).data);
});

Deno.test("patchMotion() drops a tail where the draw equals the probability", () => {
  const tracks = randomTracks(1, 5);
  for (let i = 3; i < tracks.data.length; i += 4) tracks.data[i] = 1;
  const draws = [0.2, 0];
  const { data } = patchMotion(tracks, waves(6, 6), {
    tailDropout: { probability: 0.2, random: () => draws.shift()! },
  });
  // Nothing is left of the track but the first frame's mask.
  assert.equal(sums(data.subarray(0, 21 * 36)).sum, 36);
});

Deno.test("patchMotion() reaches as far as float32 has a weight, and no further", () => {
  const tracks = { dims: [5, 1, 4], data: new Float32Array(20) };
  for (let t = 0; t < 5; t++) tracks.data[4 * t + 3] = 1;
  const width = 401;
  const latent = {
    dims: [16, 2, 1, width],
    data: new Float32Array(16 * 2 * width),
  };
  const temperature = 0.01;
  const mask = patchMotion(tracks, latent, { temperature })
    .data.subarray(width, 2 * width);
  mask.forEach((weight, i) => {
    const x = -width + 2 * width * i / (width - 1);
    const expected = Math.fround(Math.exp(-temperature * x * x));
    assert.equal(weight > 0, expected > 0, `${weight} at ${x}`);
  });
  assert.ok(mask.some((weight) => weight > 0 && weight < 2 ** -140));
  assert.ok(mask.some((weight) => weight === 0));
});

Deno.test("patchMotion() refuses what does not fit", () => {
  const tracks = randomTracks(1, 1), latent = waves(4, 4);
  const cases: [Tensor, Tensor, Parameters<typeof patchMotion>[2], RegExp][] = [
    [{ dims: [1, 81, 1, 4], data: tracks.data }, latent, {}, /\(81, N, 4\)/],
    [
      { dims: [80, 1, 4], data: tracks.data.subarray(4) },
      latent,
      {},
      /80 frames/,
    ],
    [
      tracks,
      { dims: [20, 21, 4, 4], data: latent.data },
      {},
      /\(16, T, h, w\)/,
    ],
    [tracks, latent, { topk: 0 }, /topk 0/],
    [tracks, latent, { temperature: NaN }, /temperature NaN/],
    [
      tracks,
      latent,
      { tailDropout: { probability: 2, random: Math.random } },
      /probability 2/,
    ],
  ];
  for (const [a, b, options, message] of cases) {
    assert.throws(() => patchMotion(a, b, options), (error) => {
      assert.ok(error instanceof RangeError);
      assert.match(error.message, message);
      return true;
    });
  }
});
