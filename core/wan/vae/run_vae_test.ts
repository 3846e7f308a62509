import assert from "node:assert/strict";
import {
  assertClose,
  difference,
  readGolden,
} from "../../../tests/fixtures/golden.ts";
import { openTinyComponent } from "../../../tests/fixtures/tiny_checkpoint.ts";
import { CPU } from "../../onnx/runtime/device.ts";
import type { Tensor } from "../../base/tensor.ts";
import {
  decodeVideo,
  encodeVideo,
  tensorFrames,
  type VaeRunOptions,
} from "./run_vae.ts";

const vae = await openTinyComponent("vae");
const video = readGolden("vae/video.npy"); // [3, 17, 32, 48]

/** The manifest's tolerances. */
const LATENT = { max: 3e-5 }, DECODED = { max: 3e-4 };
const DECODED_MEAN = 2e-5;

/** Frames `[from, to)` of `[channels, frames, height, width]`. */
function frames(x: Tensor, from: number, to: number): Tensor {
  const [channels, , height, width] = x.dims as [
    number,
    number,
    number,
    number,
  ];
  const plane = height * width, length = x.dims[1]! * plane;
  const data = Array.from({ length: channels }, (_, c) => [
    ...x.data.subarray(c * length + from * plane, c * length + to * plane),
  ]).flat();
  return {
    dims: [channels, to - from, height, width],
    data: new Float32Array(data),
  };
}

function encode(film: Tensor, options: Partial<VaeRunOptions> = {}) {
  return encodeVideo(vae, tensorFrames(film), { device: CPU, ...options });
}

async function decode(latent: Tensor, options: Partial<VaeRunOptions> = {}) {
  const parts = await Array.fromAsync(
    decodeVideo(vae, latent, { device: CPU, ...options }),
  );
  return { parts, film: join(parts) };
}

function join(parts: readonly Tensor[]): Tensor {
  const [channels, , height, width] = parts[0]!.dims as [
    number,
    number,
    number,
    number,
  ];
  const data = Array.from(
    { length: channels },
    (_, c) =>
      parts.flatMap(({ dims, data }) => {
        const length = dims[1]! * height * width;
        return [...data.subarray(c * length, (c + 1) * length)];
      }),
  ).flat();
  const count = parts.reduce((sum, part) => sum + part.dims[1]!, 0);
  return {
    dims: [channels, count, height, width],
    data: new Float32Array(data),
  };
}

function meanDifference(a: Tensor, b: Tensor): number {
  let sum = 0;
  a.data.forEach((x, i) => sum += Math.abs(x - b.data[i]!));
  return sum / a.data.length;
}

for (const latentFramesPerRun of [1, 3, "all"] as const) {
  Deno.test(`films of 1, 5, 9 and 17 frames have the reference's latents (${latentFramesPerRun} at a time)`, async () => {
    for (const count of [1, 5, 9, 17]) {
      assertClose(
        `vae encode ${count} frames, ${latentFramesPerRun} at a time`,
        await encode(frames(video, 0, count), { latentFramesPerRun }),
        readGolden(`vae/latent_T${count}.npy`),
        LATENT,
      );
    }
  });

  Deno.test(`latents have the reference's films (${latentFramesPerRun} at a time)`, async () => {
    for (
      const [latent, expected] of [
        ["latent_T17", "decoded_T17"],
        ["rand_latent", "rand_decoded"],
      ]
    ) {
      const { film } = await decode(readGolden(`vae/${latent}.npy`), {
        latentFramesPerRun,
      });
      const golden = readGolden(`vae/${expected}.npy`);
      assertClose(
        `vae ${expected}, ${latentFramesPerRun} at a time`,
        film,
        golden,
        DECODED,
      );
      const mean = meanDifference(film, golden);
      assert.ok(mean <= DECODED_MEAN, `mean difference ${mean}`);
    }
    // A shorter film is the beginning of a longer one.
    const { film } = await decode(readGolden("vae/latent_T1.npy"), {
      latentFramesPerRun,
    });
    const first = frames(readGolden("vae/decoded_T17.npy"), 0, 1);
    assertClose("vae decode 1 frame", film, first, DECODED);
  });
}

Deno.test("a film comes chunk by chunk, each as soon as it is there", async () => {
  const latent = readGolden("vae/latent_T17.npy");
  const done: string[] = [];
  const chunks = decodeVideo(vae, latent, {
    device: CPU,
    onProgress: (part, total) => done.push(`${part}/${total}`),
  });
  const seen: number[] = [];
  for await (const chunk of chunks) {
    seen.push(chunk.dims[1]!);
    assert.equal(done.length, seen.length);
  }
  assert.deepEqual(seen, [1, 4, 4, 4, 4]);
  assert.deepEqual(done, ["1/5", "2/5", "3/5", "4/5", "5/5"]);
});

Deno.test("who stops reading a film stops the decoder", async () => {
  const latent = readGolden("vae/latent_T17.npy");
  let done = 0;
  for await (
    const _ of decodeVideo(vae, latent, {
      device: CPU,
      onProgress: () => done++,
    })
  ) break;
  assert.equal(done, 1);
  const abort = new AbortController();
  await assert.rejects(async () => {
    const film = decodeVideo(vae, latent, {
      device: CPU,
      signal: abort.signal,
    });
    for await (const _ of film) abort.abort(new Error("enough"));
  }, { message: "enough" });
});

Deno.test("a rest of fewer than four frames is left out", async () => {
  const seven = await encode(frames(video, 0, 7));
  assert.deepEqual(seven.dims, [16, 2, 4, 6]);
  const five = await encode(frames(video, 0, 5));
  assert.equal(difference(seven, five).max, 0);
});

Deno.test("81 frames, as long as every film of ATI", async () => {
  // The golden clip again and again: its first 17 frames tell what is right.
  const film = join([
    ...Array(5).fill(video).map((v, i) => frames(v, i === 0 ? 0 : 1, 17)),
  ]);
  assert.equal(film.dims[1], 81);
  const latent = await encode(film);
  assert.deepEqual(latent.dims, [16, 21, 4, 6]);
  assertClose(
    "vae encode 81 frames, the first 17",
    frames(latent, 0, 5),
    readGolden("vae/latent_T17.npy"),
    LATENT,
  );
  const inOneGo = await encode(film, { latentFramesPerRun: "all" });
  assertClose("vae encode 81 frames, looped", inOneGo, latent, LATENT);
  const decoded = (await decode(latent)).film;
  assert.equal(decoded.dims[1], 81);
  assertClose(
    "vae decode 81 frames, the first 17",
    frames(decoded, 0, 17),
    readGolden("vae/decoded_T17.npy"),
    DECODED,
  );
  assertClose(
    "vae decode 81 frames, looped",
    (await decode(latent, { latentFramesPerRun: "all" })).film,
    decoded,
    DECODED,
  );
});

Deno.test("what cannot be encoded or decoded is refused", async () => {
  await assert.rejects(
    encode({ dims: [3, 1, 12, 16], data: new Float32Array(576) }),
    {
      name: "RangeError",
      message:
        "Cannot encode a film of 1 frames of 16x12 px, expected a frame at least and multiples of 8 px",
    },
  );
  await assert.rejects(
    encode({ dims: [3, 0, 16, 16], data: new Float32Array(0) }),
    /0 frames/,
  );
  assert.throws(
    () => tensorFrames({ dims: [1, 16, 16], data: new Float32Array(256) }),
    {
      name: "RangeError",
      message:
        "Cannot read frames of [1, 16, 16], expected [3, frames, height, width]",
    },
  );
  await assert.rejects(
    decode({ dims: [4, 1, 2, 2], data: new Float32Array(16) }),
    {
      name: "RangeError",
      message:
        "Cannot decode a latent of [4, 1, 2, 2], expected [16, frames, height, width]",
    },
  );
  for (const latentFramesPerRun of [0, 1.5, -1]) {
    await assert.rejects(
      encode(video, { latentFramesPerRun }),
      /at a time, expected/,
    );
  }
});

/** A film with waves and edges, `[3, 5, 64, 256]`: 8 x 32 latent cells. */
function largerFilm(): Tensor {
  const [count, height, width] = [5, 64, 256];
  const data = Float32Array.from(
    { length: 3 * count * height * width },
    (_, i) => {
      const x = i % width, y = Math.floor(i / width) % height;
      const t = Math.floor(i / (width * height)) % count;
      const wave = 0.6 * Math.sin((x + 4 * t) / 17) * Math.cos(y / 23);
      return wave + 0.2 * (((x >> 5) + (y >> 5)) & 1);
    },
  );
  return { dims: [3, count, height, width], data };
}

Deno.test("tiles change nothing when they share 14 cells, and little when they share 8", async () => {
  const film = largerFilm();
  const latent = await encode(film);
  const decoded = (await decode(latent)).film;
  const done: string[] = [];
  const exact = { size: 28, overlap: 14 }, blended = { size: 20, overlap: 8 };
  const exactLatent = await encode(film, { tiles: exact });
  assertClose(
    "vae encode, tiles that share 14 cells",
    exactLatent,
    latent,
    LATENT,
  );
  const exactFilm = (await decode(latent, { tiles: exact })).film;
  assertClose(
    "vae decode, tiles that share 14 cells",
    exactFilm,
    decoded,
    DECODED,
  );
  // 8 cells: a part in a hundred at worst, a part in ten thousand on average.
  const blendedLatent = await encode(film, {
    tiles: blended,
    onProgress: (part, total) => done.push(`${part}/${total}`),
  });
  assertClose("vae encode, tiles that share 8 cells", blendedLatent, latent, {
    max: 2e-2,
  });
  assert.ok(meanDifference(blendedLatent, latent) <= 5e-4);
  assert.equal(done.at(-1), "6/6"); // two tiles and the coarse part, two chunks each
  const { parts } = await decode(latent, { tiles: blended });
  assertClose("vae decode, tiles that share 8 cells", parts[0]!, decoded, {
    max: 1e-2,
  });
  assert.ok(meanDifference(parts[0]!, decoded) <= 1e-4);
  // One tile that is larger than the picture is no tile.
  const one = await encode(film, { tiles: { size: 64, overlap: 8 } });
  assert.equal(difference(one, latent).max, 0);
});

Deno.test("in float16 the autoencoder is off by what 11 bits of mantissa cost", async () => {
  // Some 30 convolutions one after the other, each rounded to 2^-11 = 5e-4 of
  // its numbers: 30 roundings add up to 3e-3 of the largest number when they
  // are independent, and to several times that at the worst of 78,000 pixels.
  const target = {
    compute: "float16",
    attention: "fused",
    float8: "cast",
  } as const;
  const latent = readGolden("vae/latent_T17.npy");
  assertClose(
    "vae encode in float16",
    await encode(video, { target }),
    latent,
    {
      relative: 3e-3,
    },
  );
  const { film } = await decode(latent, { target });
  const golden = readGolden("vae/decoded_T17.npy");
  assertClose("vae decode in float16", film, golden, { max: 2e-2 });
  const mean = meanDifference(film, golden);
  console.log(`mean difference ${mean.toExponential(2)}`);
  assert.ok(mean <= 1e-3, `mean difference ${mean}`);
});

Deno.test("there is no convolution in bfloat16: the autoencoder takes float32", async () => {
  const target = {
    compute: "bfloat16",
    attention: "fused",
    float8: "cast",
  } as const;
  assertClose(
    "vae encode where bfloat16 was asked for",
    await encode(video, { target }),
    readGolden("vae/latent_T17.npy"),
    LATENT,
  );
});
