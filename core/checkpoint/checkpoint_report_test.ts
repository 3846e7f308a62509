import assert from "node:assert/strict";
import { blankSafetensors, officialTensors } from "./_community_files.ts";
import { readComponent } from "./ati_checkpoint.ts";
import { reportCheckpoint, workingBytes } from "./checkpoint_report.ts";
import type { Component, NetworkKind } from "./components.ts";
import { memoryFiles } from "./file_view.ts";
import { WAN_14B_I2V, WAN_VAE } from "./network_layout.ts";
import { officialConfig, TINY_PARAMETERS } from "./tiny_checkpoint.ts";

function component<Kind extends NetworkKind>(
  kind: Kind,
): Promise<Component<Kind>> {
  return readComponent(
    memoryFiles({ "c/a.safetensors": blankSafetensors(officialTensors(kind)) }),
    {
      kind,
      path: "c/a.safetensors",
      config: officialConfig(TINY_PARAMETERS.transformer),
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
    for (const { weights, working } of memory) {
      assert(weights > 0 && working > 0 && working <= memory[0]!.working);
    }
  }
  // The text encoder never runs in fp16.
  assert(!report[0]!.memory.some(({ precision }) => precision === "fp16"));
});

Deno.test("workingBytes() grows with the video and stays below published peaks", () => {
  const transformer = {
    kind: "transformer" as const,
    hyperparameters: WAN_14B_I2V,
  };
  const small = { width: 832, height: 480, frames: 81 };
  const large = { width: 1280, height: 720, frames: 81 };
  const bytes = workingBytes(transformer, small, "bf16");
  // 32,760 tokens of 20 + 65 kB.
  assert.equal(bytes, 32_760 * (4 * 5120 + 2 * (5120 + 2 * 13_824)));
  assert.equal(
    workingBytes(transformer, large, "bf16") / bytes,
    (1280 * 720) / (832 * 480),
  );
  const vae = { kind: "vae" as const, hyperparameters: WAN_VAE };
  assert(workingBytes(vae, small, "fp32") < 8e9);
});

Deno.test("reportCheckpoint() widens one block at a time on the CPU", async () => {
  const kinds = ["t5", "clip", "vae", "transformer"] as const;
  const [t5, clip, vae, transformer] = [
    await component("t5"),
    await component("clip"),
    await component("vae"),
    await component("transformer"),
  ];
  const report = reportCheckpoint({ t5, clip, vae, transformer });
  const video = { width: 832, height: 480, frames: 81 };
  const sizes = [t5, clip, vae, transformer].map((network, i) => {
    const widened = report[i]!.hostMemory -
      workingBytes(network, video, "fp32");
    return widened / (4 * network.parameters);
  });
  console.log(kinds.map((kind, i) => `${kind} ${sizes[i]!.toFixed(2)}`).join());
  assert.equal(sizes[2], 1); // 16 bits, and all at once
  for (const i of [0, 1, 3]) assert.ok(sizes[i]! > 0 && sizes[i]! < 0.6);
});
