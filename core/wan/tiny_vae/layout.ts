/**
 * The small decoder: its config, and the names and shapes of its tensors.
 *
 * Source: the constructor of `TAEHV` in madebyollin/taehv; the files of Wan2.1's
 * latent are called taew2_1, and lightx2v's own training of it lighttaew2_1.
 *
 * @module
 */

import {
  type LayoutTensor,
  type NetworkDescriptor,
  type ShapeReader,
  weight,
} from "../network_descriptor.ts";

/** Config of the small decoder; Wan2.1's values in parentheses. */
export interface TinyVaeConfig {
  /** Channels of the latent (16). */
  readonly zDim: number;
  /** Channels of the three levels, and after the last one (256, 128, 64, 64). */
  readonly widths: readonly [number, number, number, number];
  /** Frames that each level makes of one (1, 2, 2). */
  readonly frames: readonly [number, number, number];
}

/** The small decoder of Wan2.1. */
export const TAEW_2_1: TinyVaeConfig = {
  zDim: 16,
  widths: [256, 128, 64, 64],
  frames: [1, 2, 2],
};

/** Blocks that remember a frame, in each level. */
export const BLOCKS_PER_LEVEL = 3;

/**
 * The indices in `decoder` of a level: its blocks, what multiplies its frames,
 * and the convolution after it. `decoder.6`, `12`, and `18` are upsamplings.
 */
export function levelIndices(
  level: number,
): { blocks: readonly number[]; grow: number; conv: number } {
  const first = 3 + 6 * level;
  return {
    blocks: Array.from({ length: BLOCKS_PER_LEVEL }, (_, i) => first + i),
    grow: first + 4,
    conv: first + 5,
  };
}

/** The index of the last convolution, which makes colors. */
export const LAST = 22;

/** How the small decoder is recognized, checked and built. */
export const TINY_VAE_DESCRIPTOR: NetworkDescriptor<TinyVaeConfig> = {
  layout: tinyVaeLayout,
  derive: deriveTinyVae,
  prefix: /^(?:taehv|model|vae)\./,
  names: [],
  unused: [[/^encoder\./, "the small encoder"]],
  mark: `decoder.${levelIndices(0).grow}.conv.weight`,
};

function tinyVaeLayout({ zDim, widths, frames }: TinyVaeConfig) {
  const conv = (index: string, output: number, input: number) => [
    weight(`decoder.${index}`, output, input, 3, 3),
    { name: `decoder.${index}.bias`, shape: [output] },
  ];
  const tensors: LayoutTensor[] = conv("1", widths[0], zDim);
  frames.forEach((count, level) => {
    const { blocks, grow, conv: next } = levelIndices(level);
    const width = widths[level]!;
    for (const block of blocks) {
      tensors.push(
        ...conv(`${block}.conv.0`, width, 2 * width),
        ...conv(`${block}.conv.2`, width, width),
        ...conv(`${block}.conv.4`, width, width),
      );
    }
    tensors.push(
      weight(`decoder.${grow}.conv`, count * width, width, 1, 1),
      weight(`decoder.${next}`, widths[level + 1]!, width, 3, 3),
    );
  });
  tensors.push(...conv(String(LAST), 3, widths[3]));
  return tensors;
}

function deriveTinyVae(reader: ShapeReader): TinyVaeConfig {
  const [first, zDim] = reader.shape("decoder.1.weight", 4) as [number, number];
  const widths = [first];
  const frames = [0, 1, 2].map((level) => {
    const { grow, conv } = levelIndices(level);
    const [output, input] = reader.shape(`decoder.${grow}.conv.weight`, 4) as [
      number,
      number,
    ];
    if (output % input !== 0) {
      throw reader.fail(
        "wrong-shape",
        `level ${level} of the decoder makes ${output} channels of ${input}`,
      );
    }
    widths.push(reader.shape(`decoder.${conv}.weight`, 4)[0]!);
    return output / input;
  });
  const [colors] = reader.shape(`decoder.${LAST}.weight`, 4);
  if (colors !== 3 || frames.join() !== "1,2,2") {
    throw reader.fail(
      "unknown-layout",
      `the decoder makes ${frames.join(" x ")} frames of ${colors} channels`,
      "Only taew2_1 and lighttaew2_1 decode Wan2.1's latent.",
    );
  }
  return {
    zDim,
    widths: widths as unknown as TinyVaeConfig["widths"],
    frames: frames as unknown as TinyVaeConfig["frames"],
  };
}
