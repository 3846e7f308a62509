import assert from "node:assert/strict";
import { assertClose, readGolden } from "../../../tests/fixtures/golden.ts";
import { openTinyComponent } from "../../../tests/fixtures/tiny_checkpoint.ts";
import { GraphBuilder } from "../../onnx/graph/graph_builder.ts";
import type { Value } from "../../onnx/graph/value.ts";
import { CPU } from "../../onnx/runtime/device.ts";
import { openSession } from "../../onnx/runtime/session.ts";
import type { Tensor } from "../../base/tensor.ts";
import { FrameMemory, type FrameValues } from "../causal/causal_chunks.ts";
import {
  attentionBlock,
  causalConv,
  downsample,
  residualBlock,
} from "./_vae_modules.ts";
import { restoreLatent } from "./vae_chunks.ts";
import { decoderReach } from "./vae_decoder.ts";
import { encoderReach } from "./vae_encoder.ts";

const TOLERANCE = { relative: 3e-5 };
const vae = await openTinyComponent("vae");

/** Frame `at` of `[channels, frames, height, width]`, as `[1, channels, height, width]`. */
function frame(x: Tensor, at: number): Tensor {
  const [channels, frames, height, width] = x.dims as [
    number,
    number,
    number,
    number,
  ];
  const plane = height * width;
  const data = new Float32Array(channels * plane);
  for (let c = 0; c < channels; c++) {
    const start = (c * frames + at) * plane;
    data.set(x.data.subarray(start, start + plane), c * plane);
  }
  return { dims: [1, channels, height, width], data };
}

/** Runs modules on a frame and compares each named output with its golden. */
async function compare(
  x: Tensor,
  write: (x: Value, output: (name: string, video: FrameValues) => void) => void,
) {
  const g = new GraphBuilder("modules", { weights: vae.tensors });
  write(
    g.input("x", "float32", x.dims),
    (name, video) => g.output(name, video[0]!),
  );
  await using session = await openSession(g.build(), CPU);
  for (const [name, actual] of Object.entries(await session.run({ x }))) {
    const expected = frame(readGolden(`vae/act_${name}.npy`), 0);
    assertClose(`vae ${name}`, actual, expected, TOLERANCE);
  }
}

Deno.test("intermediate values of the VAE encoder are the reference's", async () => {
  const memory = new FrameMemory();
  await compare(frame(readGolden("vae/video.npy"), 0), (image, output) => {
    let x = causalConv([image], "encoder.conv1", memory);
    output("enc_conv1_chunk0", x);
    for (let i = 0; i <= 10; i++) {
      const name = `encoder.downsamples.${i}`;
      x = i < 9 && i % 3 === 2
        ? downsample(x, name, memory)
        : residualBlock(x, name, memory);
    }
    x = residualBlock(x, "encoder.middle.0", memory);
    output("enc_mid0_chunk0", x);
    output("enc_midattn_chunk0", attentionBlock(x, "encoder.middle.1"));
  });
});

Deno.test("intermediate values of the VAE decoder are the reference's", async () => {
  const memory = new FrameMemory();
  await compare(frame(readGolden("vae/latent_T9.npy"), 0), (latent, output) => {
    let x = causalConv([restoreLatent(latent)], "conv2", memory);
    output("dec_conv2", x);
    x = causalConv(x, "decoder.conv1", memory);
    x = residualBlock(x, "decoder.middle.0", memory);
    x = attentionBlock(x, "decoder.middle.1");
    output("dec_mid2_chunk0", residualBlock(x, "decoder.middle.2", memory));
  });
});

Deno.test("half of an overlap of 14 cells is the networks' receptive field to one side", () => {
  // Decoder: 1 px for the head, 7 each at 4, 2 and 1 px a cell of its levels.
  assert.equal(decoderReach(vae), Math.ceil((1 + 7 * (4 + 2 + 1)) / 8));
  assert.equal(decoderReach(vae), 7);
  // Encoder: 1 px for the first convolution, 5 each at 1, 2 and 4 px.
  assert.equal(encoderReach(vae), Math.ceil((1 + 5 * (1 + 2 + 4)) / 8));
  assert.equal(encoderReach(vae), 5);
});
