import assert from "node:assert/strict";
import { readGoldenJson } from "../../tests/fixtures/golden.ts";
import { CLIP_VIT_H_14 } from "./image_encoder/layout.ts";
import {
  deriveConfig,
  networkLayout,
  officialName,
  reasonUnused,
  recognizeNetwork,
} from "./networks.ts";
import { UMT5_XXL } from "./text_encoder/layout.ts";
import { WAN_14B_I2V } from "./transformer/layout.ts";
import { WAN_VAE } from "./vae/layout.ts";
import type { NetworkConfigs, NetworkKind } from "./networks.ts";

function names<Kind extends NetworkKind>(
  kind: Kind,
  parameters: NetworkConfigs[Kind],
): string[] {
  return networkLayout(kind, parameters).map(({ name }) => name);
}

Deno.test("networkLayout() lists the reference's state dicts, in their order", () => {
  assert.deepEqual(
    names("vae", WAN_VAE),
    readGoldenJson<string[]>("vae/state_dict_keys.json"),
  );
  assert.deepEqual(
    names("t5", { ...UMT5_XXL, numLayers: 2 }),
    readGoldenJson<string[]>("t5/state_dict_keys.json"),
  );
  assert.deepEqual(
    names("clip", { ...CLIP_VIT_H_14, numLayers: 4 }),
    readGoldenJson<string[]>("clip/state_dict_keys.json")
      .filter((name) => name.startsWith("visual.")),
  );
  const { weight_map: map } = readGoldenJson<
    { weight_map: Record<string, string> }
  >("ckpt/diffusion_pytorch_model.safetensors.index.json");
  assert.deepEqual(
    new Set(names("transformer", { ...WAN_14B_I2V, numLayers: 2 })),
    new Set(Object.keys(map)),
  );
});

Deno.test("networkLayout() counts the parameters that the models are known for", () => {
  const count = <Kind extends NetworkKind>(
    kind: Kind,
    parameters: NetworkConfigs[Kind],
  ) =>
    networkLayout(kind, parameters).reduce(
      (sum, { shape }) => sum + shape.reduce((product, n) => product * n, 1),
      0,
    );
  assert.equal(count("transformer", WAN_14B_I2V), 16_394_878_784);
  assert.equal(count("t5", UMT5_XXL), 5_680_910_336);
  assert.equal(count("vae", WAN_VAE), 126_892_531);
  assert.equal(count("clip", CLIP_VIT_H_14), 632_076_800);
});

Deno.test("names of other programs become the official ones", () => {
  assert.equal(
    officialName("transformer", "model.diffusion_model.head.modulation").name,
    "head.modulation",
  );
  assert.equal(
    officialName("t5", "encoder.block.3.layer.1.DenseReluDense.wo.weight").name,
    "blocks.3.ffn.fc2.weight",
  );
  assert.equal(officialName("vae", "mine").name, "mine");
});

Deno.test("a network is recognized by its tensors' names, or not at all", () => {
  assert.equal(
    recognizeNetwork(["vision_model.embeddings.position_embedding.weight"]),
    "clip",
  );
  assert.equal(recognizeNetwork(["lora_unet_a.lora_down.weight"]), undefined);
  assert.equal(reasonUnused("clip", "textual.norm.weight"), "text half");
  assert.equal(reasonUnused("clip", "visual.pos_embedding"), undefined);
});

Deno.test("the shapes say what the network's hyper-parameters are", () => {
  const tensors = new Map(
    networkLayout("t5", UMT5_XXL).map(({ name, shape }) => [
      name,
      { name, shape, dtype: "BF16", file: "a", offset: 0, length: 0 } as const,
    ]),
  );
  assert.deepEqual(deriveConfig("t5", { tensors, source: "a.pth" }), UMT5_XXL);
});
