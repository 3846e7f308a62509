/**
 * The video VAE: its config, the names and shapes of its tensors, and
 * the names under which other programs store them.
 *
 * Source: the constructors of `wan/modules/vae.py` in Wan2.1; the tensors are in the order of
 * the state dict.
 *
 * @module
 */

import {
  type LayoutTensor,
  type NetworkDescriptor,
  type ShapeReader,
  weight,
} from "../network_descriptor.ts";
import { type NameRule, renameByRules } from "../tensor_names.ts";

/** The video autoencoder: `wan/modules/vae.py`. Wan2.1's values in parentheses. */
export interface VaeConfig {
  /** Channels of the first level (96). */
  readonly dim: number;
  /** Channels of the latent (16). */
  readonly zDim: number;
  /** Channels of each level over `dim` (1, 2, 4, 4). */
  readonly dimMult: readonly number[];
  /** Residual blocks per level of the encoder; the decoder has one more (2). */
  readonly numResBlocks: number;
  /** Whether each change of level halves the frames too (false, true, true). */
  readonly temporalDownsample: readonly boolean[];
}

/** The video autoencoder of Wan2.1. */
export const WAN_VAE: VaeConfig = {
  dim: 96,
  zDim: 16,
  dimMult: [1, 2, 4, 4],
  numResBlocks: 2,
  temporalDownsample: [false, true, true],
};

/** Three residual blocks and the step up make a level of the decoder. */
const BLOCKS_PER_LEVEL = 4;

const DIFFUSERS_VAE: readonly NameRule[] = [
  [/^quant_conv\./, "conv1."],
  [/^post_quant_conv\./, "conv2."],
  [/^(encoder|decoder)\.conv_in\./, "$1.conv1."],
  [/^(encoder|decoder)\.norm_out\./, "$1.head.0."],
  [/^(encoder|decoder)\.conv_out\./, "$1.head.2."],
  [/^(encoder|decoder)\.mid_block\.attentions\.0\./, "$1.middle.1."],
  [/^(encoder|decoder)\.mid_block\.resnets\.0\./, "$1.middle.0."],
  [/^(encoder|decoder)\.mid_block\.resnets\.1\./, "$1.middle.2."],
  [/^encoder\.down_blocks\.(\d+)\./, "encoder.downsamples.$1."],
];

/** The parts of a residual block; applied after the rules above. */
const DIFFUSERS_RESIDUAL: readonly NameRule[] = [
  [/(\.\d+)\.norm1\.gamma$/, "$1.residual.0.gamma"],
  [/(\.\d+)\.conv1\.(weight|bias)$/, "$1.residual.2.$2"],
  [/(\.\d+)\.norm2\.gamma$/, "$1.residual.3.gamma"],
  [/(\.\d+)\.conv2\.(weight|bias)$/, "$1.residual.6.$2"],
  [/(\.\d+)\.conv_shortcut\./, "$1.shortcut."],
];

/** How deep the VAE may be; a name beyond it is not one of its blocks. */
const MAX_BLOCKS = 4096;

/** How the video VAE is recognized, checked and built. */
export const VAE_DESCRIPTOR: NetworkDescriptor<VaeConfig> = {
  layout: vaeLayout,
  derive: deriveVae,
  prefix: /^(?:model|vae|first_stage_model)\./,
  names: [{ naming: "diffusers", rename: officialVaeName }],
  unused: [],
  mark: "decoder.middle.0.residual.0.gamma",
};

function vaeLayout(p: VaeConfig): LayoutTensor[] {
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

function deriveVae(reader: ShapeReader): VaeConfig {
  const [dim] = reader.shape("encoder.conv1.weight", 5) as [number];
  const [zDim] = reader.shape("conv2.weight", 5) as [number];
  const dimMult: number[] = [];
  const temporalDownsample: boolean[] = [];
  let blocks = 0, numResBlocks = 0, width = dim;
  const endOfLevel = () => {
    numResBlocks ||= blocks;
    if (blocks === 0 || blocks !== numResBlocks || width % dim !== 0) {
      throw reader.fail(
        "wrong-shape",
        `level ${dimMult.length} of the encoder has ${blocks} blocks of width ${width}`,
      );
    }
    dimMult.push(width / dim);
    blocks = 0;
  };
  for (let i = 0; i < MAX_BLOCKS; i++) {
    const block = `encoder.downsamples.${i}`;
    if (reader.tensors.has(`${block}.residual.2.bias`)) {
      [width] = reader.shape(`${block}.residual.2.bias`, 1) as [number];
      blocks++;
    } else if (reader.tensors.has(`${block}.resample.1.bias`)) {
      temporalDownsample.push(reader.tensors.has(`${block}.time_conv.bias`));
      endOfLevel();
    } else break;
  }
  endOfLevel();
  return { dim, zDim, dimMult, numResBlocks, temporalDownsample };
}

function officialVaeName(name: string): string | undefined {
  const placed = renameByRules(DIFFUSERS_VAE, name) ?? flattenUpBlocks(name);
  return placed === undefined
    ? undefined
    : renameByRules(DIFFUSERS_RESIDUAL, placed) ?? placed;
}

/** diffusers groups the decoder's blocks by level; the official list is flat. */
function flattenUpBlocks(name: string): string | undefined {
  const match =
    /^decoder\.up_blocks\.(\d+)\.(?:resnets\.(\d+)|upsamplers\.0)\.(.+)$/
      .exec(name);
  if (!match) return undefined;
  const [, level, block, rest] = match;
  const index = Number(level) * BLOCKS_PER_LEVEL +
    (block === undefined ? BLOCKS_PER_LEVEL - 1 : Number(block));
  return `decoder.upsamples.${index}.${rest}`;
}
