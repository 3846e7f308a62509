/**
 * Which tensors each of the four networks consists of, under the official
 * names: the one list by which an opened checkpoint is checked, a tiny random
 * one is made and the layout of the full-size model is written down.
 *
 * Source: the modules' constructors in `wan/modules/{model,t5,clip,vae}.py`
 * of Wan2.1; the order is that of their state dicts.
 *
 * @module
 */

import type {
  ClipParameters,
  NetworkKind,
  NetworkParameters,
  T5Parameters,
  TransformerParameters,
  VaeParameters,
} from "./components.ts";

/** A tensor that a network has. */
export interface LayoutTensor {
  /** Its official name. */
  readonly name: string;
  /** Its official shape, outermost axis first. */
  readonly shape: readonly number[];
  /** Present in the official file but not needed by ATI. */
  readonly optional?: boolean;
}

/** The 14B image-to-video transformer of Wan2.1 and ATI. */
export const WAN_14B_I2V: TransformerParameters = {
  dim: 5120,
  ffnDim: 13824,
  numHeads: 40,
  numLayers: 40,
  inDim: 36,
  outDim: 16,
  textDim: 4096,
  imageDim: 1280,
  freqDim: 256,
  textLen: 512,
  patchSize: [1, 2, 2],
  eps: 1e-6,
};

/** umt5-xxl, the text encoder of Wan2.1. */
export const UMT5_XXL: T5Parameters = {
  vocabSize: 256384,
  dim: 4096,
  dimAttn: 4096,
  dimFfn: 10240,
  numHeads: 64,
  numLayers: 24,
  numBuckets: 32,
};

/** The visual half of open-clip's XLM-RoBERTa ViT-H/14. */
export const CLIP_VIT_H_14: ClipParameters = {
  dim: 1280,
  mlpDim: 5120,
  numHeads: 16,
  numLayers: 32,
  imageSize: 224,
  patchSize: 14,
};

/** The video autoencoder of Wan2.1. */
export const WAN_VAE: VaeParameters = {
  dim: 96,
  zDim: 16,
  dimMult: [1, 2, 4, 4],
  numResBlocks: 2,
  temporalDownsample: [false, true, true],
};

/**
 * The tensors of one of the four networks.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { networkLayout, WAN_14B_I2V } from "./network_layout.ts";
 * import { sizeOf } from "../tensor.ts";
 * const tensors = networkLayout("transformer", WAN_14B_I2V);
 * const parameters = tensors.reduce((sum, t) => sum + sizeOf(t.shape), 0);
 * assert.equal(tensors.length, 1303);
 * assert.equal(Math.round(parameters / 1e8), 164);
 * ```
 */
export function networkLayout<Kind extends NetworkKind>(
  kind: Kind,
  parameters: NetworkParameters[Kind],
): readonly LayoutTensor[] {
  const layouts: {
    readonly [K in NetworkKind]: (p: NetworkParameters[K]) => LayoutTensor[];
  } = {
    t5: t5Layout,
    clip: clipLayout,
    vae: vaeLayout,
    transformer: transformerLayout,
  };
  return layouts[kind](parameters);
}

function linear(name: string, output: number, input: number): LayoutTensor[] {
  return [
    { name: `${name}.weight`, shape: [output, input] },
    { name: `${name}.bias`, shape: [output] },
  ];
}

function layerNorm(name: string, width: number): LayoutTensor[] {
  return [
    { name: `${name}.weight`, shape: [width] },
    { name: `${name}.bias`, shape: [width] },
  ];
}

function weight(name: string, ...shape: number[]): LayoutTensor {
  return { name: `${name}.weight`, shape };
}

function times<T>(count: number, make: (i: number) => T[]): T[] {
  return Array.from({ length: count }, (_, i) => make(i)).flat();
}

function transformerLayout(p: TransformerParameters): LayoutTensor[] {
  const { dim, ffnDim } = p;
  const patch = p.patchSize[0] * p.patchSize[1] * p.patchSize[2];
  const attention = (name: string) => [
    ...linear(`${name}.q`, dim, dim),
    ...linear(`${name}.k`, dim, dim),
    ...linear(`${name}.v`, dim, dim),
    ...linear(`${name}.o`, dim, dim),
    weight(`${name}.norm_q`, dim),
    weight(`${name}.norm_k`, dim),
  ];
  return [
    weight("patch_embedding", dim, p.inDim, ...p.patchSize),
    { name: "patch_embedding.bias", shape: [dim] },
    ...linear("text_embedding.0", dim, p.textDim),
    ...linear("text_embedding.2", dim, dim),
    ...linear("time_embedding.0", dim, p.freqDim),
    ...linear("time_embedding.2", dim, dim),
    ...linear("time_projection.1", 6 * dim, dim),
    ...times(p.numLayers, (i) => [
      { name: `blocks.${i}.modulation`, shape: [1, 6, dim] },
      ...attention(`blocks.${i}.self_attn`),
      ...layerNorm(`blocks.${i}.norm3`, dim),
      ...attention(`blocks.${i}.cross_attn`),
      ...linear(`blocks.${i}.cross_attn.k_img`, dim, dim),
      ...linear(`blocks.${i}.cross_attn.v_img`, dim, dim),
      weight(`blocks.${i}.cross_attn.norm_k_img`, dim),
      ...linear(`blocks.${i}.ffn.0`, ffnDim, dim),
      ...linear(`blocks.${i}.ffn.2`, dim, ffnDim),
    ]),
    { name: "head.modulation", shape: [1, 2, dim] },
    ...linear("head.head", patch * p.outDim, dim),
    ...layerNorm("img_emb.proj.0", p.imageDim),
    ...linear("img_emb.proj.1", p.imageDim, p.imageDim),
    ...linear("img_emb.proj.3", dim, p.imageDim),
    ...layerNorm("img_emb.proj.4", dim),
  ];
}

function t5Layout(p: T5Parameters): LayoutTensor[] {
  const { dim, dimAttn, dimFfn } = p;
  return [
    weight("token_embedding", p.vocabSize, dim),
    ...times(p.numLayers, (i) => [
      weight(`blocks.${i}.norm1`, dim),
      weight(`blocks.${i}.attn.q`, dimAttn, dim),
      weight(`blocks.${i}.attn.k`, dimAttn, dim),
      weight(`blocks.${i}.attn.v`, dimAttn, dim),
      weight(`blocks.${i}.attn.o`, dim, dimAttn),
      weight(`blocks.${i}.norm2`, dim),
      weight(`blocks.${i}.ffn.gate.0`, dimFfn, dim),
      weight(`blocks.${i}.ffn.fc1`, dimFfn, dim),
      weight(`blocks.${i}.ffn.fc2`, dim, dimFfn),
      weight(`blocks.${i}.pos_embedding.embedding`, p.numBuckets, p.numHeads),
    ]),
    weight("norm", dim),
  ];
}

/** Width of the space that image and text share; only `visual.head` leads there. */
const CLIP_EMBED_DIM = 1024;

function clipLayout(p: ClipParameters): LayoutTensor[] {
  const { dim, mlpDim, patchSize } = p;
  const tokens = (p.imageSize / patchSize) ** 2 + 1;
  return [
    { name: "visual.cls_embedding", shape: [1, 1, dim] },
    { name: "visual.pos_embedding", shape: [1, tokens, dim] },
    { name: "visual.head", shape: [dim, CLIP_EMBED_DIM], optional: true },
    weight("visual.patch_embedding", dim, 3, patchSize, patchSize),
    ...layerNorm("visual.pre_norm", dim),
    ...times(p.numLayers, (i) => [
      ...layerNorm(`visual.transformer.${i}.norm1`, dim),
      ...linear(`visual.transformer.${i}.attn.to_qkv`, 3 * dim, dim),
      ...linear(`visual.transformer.${i}.attn.proj`, dim, dim),
      ...layerNorm(`visual.transformer.${i}.norm2`, dim),
      ...linear(`visual.transformer.${i}.mlp.0`, mlpDim, dim),
      ...linear(`visual.transformer.${i}.mlp.2`, dim, mlpDim),
    ]),
    ...layerNorm("visual.post_norm", dim).map((t) => ({
      ...t,
      optional: true,
    })),
  ];
}

function vaeLayout(p: VaeParameters): LayoutTensor[] {
  const { zDim, numResBlocks } = p;
  const levels = p.dimMult.length;
  const widths = p.dimMult.map((factor) => factor * p.dim);
  const convolution = (
    name: string,
    output: number,
    input: number,
    ...kernel: number[]
  ): LayoutTensor[] => [
    weight(name, output, input, ...kernel),
    { name: `${name}.bias`, shape: [output] },
  ];
  const residual = (name: string, input: number, output: number) => [
    { name: `${name}.residual.0.gamma`, shape: [input, 1, 1, 1] },
    ...convolution(`${name}.residual.2`, output, input, 3, 3, 3),
    { name: `${name}.residual.3.gamma`, shape: [output, 1, 1, 1] },
    ...convolution(`${name}.residual.6`, output, output, 3, 3, 3),
    ...(input === output
      ? []
      : convolution(`${name}.shortcut`, output, input, 1, 1, 1)),
  ];
  const middle = (name: string, width: number) => [
    ...residual(`${name}.0`, width, width),
    { name: `${name}.1.norm.gamma`, shape: [width, 1, 1] },
    ...convolution(`${name}.1.to_qkv`, 3 * width, width, 1, 1),
    ...convolution(`${name}.1.proj`, width, width, 1, 1),
    ...residual(`${name}.2`, width, width),
  ];
  const head = (name: string, width: number, output: number) => [
    { name: `${name}.0.gamma`, shape: [width, 1, 1, 1] },
    ...convolution(`${name}.2`, output, width, 3, 3, 3),
  ];

  const downsamples: LayoutTensor[] = [];
  let index = 0, width = p.dim;
  widths.forEach((output, level) => {
    for (let i = 0; i < numResBlocks; i++) {
      const name = `encoder.downsamples.${index++}`;
      downsamples.push(...residual(name, width, output));
      width = output;
    }
    if (level === levels - 1) return;
    const name = `encoder.downsamples.${index++}`;
    downsamples.push(...convolution(`${name}.resample.1`, width, width, 3, 3));
    if (p.temporalDownsample[level]) {
      downsamples.push(
        ...convolution(`${name}.time_conv`, width, width, 3, 1, 1),
      );
    }
  });

  const upsamples: LayoutTensor[] = [];
  const deepest = widths[levels - 1]!;
  index = 0;
  width = deepest;
  widths.toReversed().forEach((output, level) => {
    for (let i = 0; i <= numResBlocks; i++) {
      const name = `decoder.upsamples.${index++}`;
      upsamples.push(...residual(name, width, output));
      width = output;
    }
    if (level === levels - 1) return;
    const name = `decoder.upsamples.${index++}`;
    // The spatial step halves the channels, so the next level begins with half.
    upsamples.push(
      ...convolution(`${name}.resample.1`, width / 2, width, 3, 3),
    );
    if (p.temporalDownsample[levels - 2 - level]) {
      upsamples.push(
        ...convolution(`${name}.time_conv`, width * 2, width, 3, 1, 1),
      );
    }
    width /= 2;
  });

  return [
    ...convolution("encoder.conv1", p.dim, 3, 3, 3, 3),
    ...downsamples,
    ...middle("encoder.middle", deepest),
    ...head("encoder.head", deepest, 2 * zDim),
    ...convolution("conv1", 2 * zDim, 2 * zDim, 1, 1, 1),
    ...convolution("conv2", zDim, zDim, 1, 1, 1),
    ...convolution("decoder.conv1", deepest, zDim, 3, 3, 3),
    ...middle("decoder.middle", deepest),
    ...upsamples,
    ...head("decoder.head", p.dim, 3),
  ];
}
