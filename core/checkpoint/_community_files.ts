/**
 * Checkpoints as the community's tools write them, made from the tiny one,
 * for tests. The renaming goes from official to foreign, as those tools'
 * converters do it, and shares nothing with the way back.
 */

import type { NetworkKind } from "./components.ts";
import { networkLayout } from "./network_layout.ts";
import { writeSafetensors } from "./safetensors_writer.ts";
import type { Dtype } from "./tensor_index.ts";
import { TINY_PARAMETERS } from "./tiny_checkpoint.ts";

/** A tensor that is to be written, its numbers all zero. */
export interface Blank {
  readonly name: string;
  readonly shape: readonly number[];
  readonly dtype: Dtype;
}

/** The official tensors of a tiny network. */
export function officialTensors(
  kind: NetworkKind,
  dtype: Dtype = "F16",
): Blank[] {
  return networkLayout(kind, TINY_PARAMETERS[kind])
    .map(({ name, shape }) => ({ name, shape, dtype }));
}

/** A safetensors file of those tensors. */
export function blankSafetensors(
  tensors: readonly Blank[],
): Uint8Array<ArrayBuffer> {
  const BYTES: Partial<Record<Dtype, number>> = {
    F32: 4,
    F16: 2,
    BF16: 2,
    F8_E4M3: 1,
    U8: 1,
    I64: 8,
  };
  return writeSafetensors(tensors.map((tensor) => ({
    ...tensor,
    data: new Uint8Array(
      tensor.shape.reduce((product, n) => product * n, BYTES[tensor.dtype]!),
    ),
  })));
}

function replaceAll(
  name: string,
  rules: readonly (readonly [string, string])[],
): string {
  return rules.reduce((text, [from, to]) => text.replace(from, to), name);
}

/** As diffusers names the transformer's tensors. */
export function diffusersTransformer(): Blank[] {
  return officialTensors("transformer", "BF16").map((tensor) => ({
    ...tensor,
    name: replaceAll(tensor.name, [
      ["time_embedding.0", "condition_embedder.time_embedder.linear_1"],
      ["time_embedding.2", "condition_embedder.time_embedder.linear_2"],
      ["text_embedding.0", "condition_embedder.text_embedder.linear_1"],
      ["text_embedding.2", "condition_embedder.text_embedder.linear_2"],
      ["time_projection.1", "condition_embedder.time_proj"],
      ["img_emb.proj.0", "condition_embedder.image_embedder.norm1"],
      ["img_emb.proj.1", "condition_embedder.image_embedder.ff.net.0.proj"],
      ["img_emb.proj.3", "condition_embedder.image_embedder.ff.net.2"],
      ["img_emb.proj.4", "condition_embedder.image_embedder.norm2"],
      ["head.modulation", "scale_shift_table"],
      ["head.head", "proj_out"],
      ["modulation", "scale_shift_table"],
      ["ffn.0", "ffn.net.0.proj"],
      ["ffn.2", "ffn.net.2"],
      ["norm3", "norm2"],
      ["cross_attn.k_img", "attn2.add_k_proj"],
      ["cross_attn.v_img", "attn2.add_v_proj"],
      ["cross_attn.norm_k_img", "attn2.norm_added_k"],
      ["self_attn.norm", "attn1.norm"],
      ["cross_attn.norm", "attn2.norm"],
      ["self_attn.o.", "attn1.to_out.0."],
      ["cross_attn.o.", "attn2.to_out.0."],
      ["self_attn.", "attn1.to_"],
      ["cross_attn.", "attn2.to_"],
      ["attn1.to_norm", "attn1.norm"],
      ["attn2.to_norm", "attn2.norm"],
      ["attn1.to_to_out", "attn1.to_out"],
      ["attn2.to_to_out", "attn2.to_out"],
    ]),
  }));
}

/** As diffusers names the VAE's tensors. */
export function diffusersVae(): Blank[] {
  return officialTensors("vae", "F32").map((tensor) => {
    let name = tensor.name;
    const up = /^decoder\.upsamples\.(\d+)\.(.*)$/.exec(name);
    if (up) {
      const [level, block] = [Math.floor(Number(up[1]) / 4), Number(up[1]) % 4];
      const place = block === 3 ? "upsamplers.0" : `resnets.${block}`;
      name = `decoder.up_blocks.${level}.${place}.${up[2]}`;
    }
    if (/^conv[12]\./.test(name)) {
      name = name.replace("conv1", "quant_conv")
        .replace("conv2", "post_quant_conv");
    } else {
      name = replaceAll(name, [
        ["coder.conv1", "coder.conv_in"],
        ["encoder.downsamples", "encoder.down_blocks"],
        ["middle.0", "mid_block.resnets.0"],
        ["middle.1", "mid_block.attentions.0"],
        ["middle.2", "mid_block.resnets.1"],
        ["head.0", "norm_out"],
        ["head.2", "conv_out"],
        ["residual.0", "norm1"],
        ["residual.2", "conv1"],
        ["residual.3", "norm2"],
        ["residual.6", "conv2"],
        ["shortcut", "conv_shortcut"],
      ]);
    }
    return { ...tensor, name };
  });
}

/** As transformers (and so ComfyUI) names the text encoder's tensors. */
export function transformersT5(dtype: Dtype = "F16"): Blank[] {
  return officialTensors("t5", dtype).map((tensor) => ({
    ...tensor,
    name: replaceAll(tensor.name, [
      ["token_embedding", "shared"],
      ["blocks.", "encoder.block."],
      ["norm1", "layer.0.layer_norm"],
      ["norm2", "layer.1.layer_norm"],
      ["attn", "layer.0.SelfAttention"],
      [
        "pos_embedding.embedding",
        "layer.0.SelfAttention.relative_attention_bias",
      ],
      ["ffn.gate.0", "layer.1.DenseReluDense.wi_0"],
      ["ffn.fc1", "layer.1.DenseReluDense.wi_1"],
      ["ffn.fc2", "layer.1.DenseReluDense.wo"],
    ]).replace(/^norm\./, "encoder.final_layer_norm."),
  }));
}

/** As transformers (and so ComfyUI) names and cuts the image encoder's tensors. */
export function transformersClip(): Blank[] {
  return officialTensors("clip").flatMap((tensor) => {
    const name = replaceAll(tensor.name, [
      ["visual.cls_embedding", "vision_model.embeddings.class_embedding"],
      [
        "visual.pos_embedding",
        "vision_model.embeddings.position_embedding.weight",
      ],
      ["visual.patch", "vision_model.embeddings.patch"],
      ["visual.pre_norm", "vision_model.pre_layrnorm"],
      ["visual.post_norm", "vision_model.post_layernorm"],
      ["visual.transformer", "vision_model.encoder.layers"],
      ["norm1", "layer_norm1"],
      ["norm2", "layer_norm2"],
      ["attn.proj", "self_attn.out_proj"],
      ["mlp.0", "mlp.fc1"],
      ["mlp.2", "mlp.fc2"],
    ]);
    if (name === "visual.head") {
      return [{
        ...tensor,
        name: "visual_projection.weight",
        shape: tensor.shape.toReversed(),
      }];
    }
    if (name.includes("to_qkv")) {
      const [width, ...input] = tensor.shape as [number, ...number[]];
      return ["q", "k", "v"].map((part) => ({
        ...tensor,
        name: name.replace("attn.to_qkv", `self_attn.${part}_proj`),
        shape: [width / 3, ...input],
      }));
    }
    return [{
      ...tensor,
      name,
      // transformers has no axes of length 1 in front.
      shape: /embeddings\.(?:class|position)/.test(name)
        ? tensor.shape.filter((axis) => axis !== 1)
        : tensor.shape,
    }];
  });
}

/** The transformer as scaled fp8: fp8 matrices, each with a factor. */
export function scaledFloat8(prefix = ""): Blank[] {
  const tensors: Blank[] = [
    { name: "scaled_fp8", shape: [0], dtype: "F8_E4M3" },
  ];
  for (const tensor of officialTensors("transformer")) {
    const isMatrix = tensor.name.endsWith(".weight") &&
      tensor.shape.length === 2;
    tensors.push({ ...tensor, dtype: isMatrix ? "F8_E4M3" : "F16" });
    if (!isMatrix) continue;
    const module = tensor.name.slice(0, -".weight".length);
    for (const scale of ["scale_weight", "scale_input"]) {
      tensors.push({ name: `${module}.${scale}`, shape: [], dtype: "F32" });
    }
  }
  return tensors.map((t) => ({ ...t, name: prefix + t.name }));
}
