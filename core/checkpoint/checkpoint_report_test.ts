import assert from "node:assert/strict";
import {
  blankSafetensors,
  officialTensors,
} from "../../tests/fixtures/community_files.ts";
import { readComponent } from "./read_component.ts";
import { reportCheckpoint, reportComponent } from "./checkpoint_report.ts";
import { activationBytes } from "../wan/activation_memory.ts";
import type { Component, NetworkKind } from "../wan/networks.ts";
import { memoryFiles } from "../base/file_view.ts";
import { WAN_14B_I2V } from "../wan/transformer/layout.ts";
import { WAN_VAE } from "../wan/vae/layout.ts";
import { officialConfig, TINY_CONFIG } from "./tiny_checkpoint.ts";

function component<Kind extends NetworkKind>(
  kind: Kind,
): Promise<Component<Kind>> {
  return readComponent(
    memoryFiles({ "c/a.safetensors": blankSafetensors(officialTensors(kind)) }),
    {
      kind,
      path: "c/a.safetensors",
      config: officialConfig(TINY_CONFIG.transformer),
    },
  );
}

Deno.test("reportCheckpoint() counts and estimates each network", async () => {
  const checkpoint = {
    t5: await component("t5"),
    clip: await component("clip"),
    vae: await component("vae"),
    transformer: await component("transformer"),
  };
  const report = reportCheckpoint(checkpoint);
  assert.deepEqual(report.map(({ kind }) => kind), [
    "t5",
    "clip",
    "vae",
    "transformer",
  ]);
  for (const { kind, dtypes, parameters, bytes, memory } of report) {
    assert.equal(dtypes, "F16");
    assert.equal(bytes, 2 * parameters, kind);
    assert.equal(memory[0]!.weights, 4 * parameters);
    for (const { weights, activations: working } of memory) {
      assert(weights > 0 && working > 0 && working <= memory[0]!.activations);
    }
  }
  // The text encoder never runs in fp16.
  assert(
    !report[0]!.memory.some(({ dtype: precision }) => precision === "fp16"),
  );
});

Deno.test("activationBytes() covers what the CUDA provider asks for", () => {
  const transformer = {
    kind: "transformer" as const,
    config: WAN_14B_I2V,
  };
  const small = { width: 832, height: 480, frames: 81 };
  const large = { width: 1280, height: 720, frames: 81 };
  const bytes = activationBytes(transformer, small, "bf16");
  // Video, precision, and the GB that were counted in addition to the weights.
  for (
    const [video, precision, counted] of [
      [small, "bf16", 5.1],
      [small, "fp8", 5.5],
      [small, "fp32", 7.5],
      [large, "bf16", 12.9],
      [large, "fp8", 13.0],
      [large, "fp32", 14.8],
    ] as const
  ) {
    const estimate = activationBytes(transformer, video, precision) / 1e9;
    console.log(
      `${video.width}x${video.height} ${precision}: ${
        estimate.toFixed(1)
      } GB, counted ${counted} GB`,
    );
    assert.ok(estimate >= counted && estimate < 1.2 * counted);
  }
  assert.equal(
    activationBytes(transformer, large, "bf16") / bytes,
    (1280 * 720) / (832 * 480),
  );
  const vae = { kind: "vae" as const, config: WAN_VAE };
  assert(
    activationBytes(vae, small, "fp16") < activationBytes(vae, small, "fp32"),
  );
});

Deno.test("reportCheckpoint() widens one block at a time on the CPU", async () => {
  const video = { width: 832, height: 480, frames: 81 };
  for (const kind of ["t5", "clip", "transformer"] as const) {
    const network = await component(kind);
    const widened = reportComponent(network, video).hostMemory -
      activationBytes(network, video, "fp32");
    const share = widened / (4 * network.parameters);
    console.log(`${kind}: ${share.toFixed(2)} of its weights at a time`);
    assert.ok(share > 0 && share < 0.6, kind);
  }
});

Deno.test("reportCheckpoint() tells the VAE's memory on the CPU apart", async () => {
  const vae = await component("vae");
  const at = (width: number) =>
    reportComponent(vae, { width, height: 480, frames: 81 }).hostMemory;
  // Frame by frame there; the same step in size adds the same.
  assert.equal(at(960) - at(640), at(640) - at(320));
  const video = { width: 832, height: 480, frames: 81 };
  const longer = reportComponent(vae, { ...video, frames: 161 }).hostMemory;
  assert.equal(longer, reportComponent(vae, video).hostMemory);
});
