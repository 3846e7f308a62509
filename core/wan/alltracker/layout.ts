/**
 * AllTracker: its config, and the names and shapes of its tensors.
 *
 * Source: the constructor of `Net` in aharley/alltracker (nets/alltracker.py).
 * The full network encodes frames with a ConvNeXt, the tiny one with a small
 * residual network; the file's tensors tell which.
 *
 * @module
 */

import {
  layerNorm,
  type LayoutTensor,
  linear,
  type NetworkDescriptor,
  type ShapeReader,
  times,
} from "../network_descriptor.ts";

/** The encoder of the full network: a ConvNeXt in three stages. */
export interface ConvNextEncoder {
  /** Which encoder. */
  readonly kind: "convnext";
  /** Channels of each stage (96, 192, 384). */
  readonly widths: readonly [number, number, number];
  /** Blocks of each stage (3, 3, 9). */
  readonly depths: readonly [number, number, number];
}

/** The encoder of the tiny network: four levels of two residual blocks. */
export interface BasicEncoder {
  /** Which encoder. */
  readonly kind: "basic";
  /** Channels of each level (64, 96, 128, 128). */
  readonly widths: readonly [number, number, number, number];
  /** Channels after the levels are joined (256). */
  readonly joined: number;
}

/** Config of AllTracker; the official values in parentheses. */
export interface AllTrackerConfig {
  /** How frames are encoded. */
  readonly encoder: ConvNextEncoder | BasicEncoder;
  /** Frames that are refined together (16). */
  readonly window: number;
  /** Channels of the state that is refined (128). */
  readonly dim: number;
  /** Channels of the encoder's result: 2 `dim` (full) or `dim` (tiny). */
  readonly features: number;
  /** Channels within the update (128). */
  readonly hidden: number;
  /** Pairs of a block over time and one over space (3). */
  readonly blocks: number;
  /** Channels of the motion encoder's convolutions (512, 192, 256, 64). */
  readonly motion: {
    readonly correlation: readonly [number, number];
    readonly flow: readonly [number, number];
  };
  /** Channels within the heads of flow, visibility, and upsampling (256). */
  readonly head: number;
}

/** Levels of the correlation pyramid. */
export const LEVELS = 5;
/** Positions of a look-up to each side of its center. */
export const RADIUS = 4;
/** Channels of a look-up. */
export const LOOK_UP = LEVELS * (2 * RADIUS + 1) ** 2;
/** Heads of the attention over time. */
export const HEADS = 8;
/** Px of the working size to one cell of the features. */
export const CELL = 8;
/** How often a window is refined. */
export const ITERATIONS = 4;

/** How AllTracker is recognized, checked and built. */
export const ALL_TRACKER_DESCRIPTOR: NetworkDescriptor<AllTrackerConfig> = {
  layout: allTrackerLayout,
  derive: deriveAllTracker,
  prefix: /^module\./,
  names: [],
  unused: [],
  mark: "update_block.compressor.weight",
};

/** Weight and bias of a convolution. */
function conv(
  name: string,
  output: number,
  input: number,
  kernel: number,
): LayoutTensor[] {
  return [
    { name: `${name}.weight`, shape: [output, input, kernel, kernel] },
    { name: `${name}.bias`, shape: [output] },
  ];
}

function convNextBlock(name: string, width: number): LayoutTensor[] {
  return [
    { name: `${name}.layer_scale`, shape: [width, 1, 1] },
    { name: `${name}.block.0.weight`, shape: [width, 1, 7, 7] },
    { name: `${name}.block.0.bias`, shape: [width] },
    ...layerNorm(`${name}.block.2`, width),
    ...linear(`${name}.block.3`, 4 * width, width),
    ...linear(`${name}.block.5`, width, 4 * width),
  ];
}

function timeBlock(name: string, width: number): LayoutTensor[] {
  return [
    { name: `${name}.layer_scale`, shape: [width, 1] },
    ...linear(`${name}.block.attn.to_q`, width, width),
    ...linear(`${name}.block.attn.to_kv`, 2 * width, width),
    ...linear(`${name}.block.attn.to_out`, width, width),
    ...linear(`${name}.block.mlp.fc1`, 4 * width, width),
    ...linear(`${name}.block.mlp.fc2`, width, 4 * width),
  ];
}

function encoderLayout({ encoder, features }: AllTrackerConfig) {
  if (encoder.kind === "convnext") {
    const { widths: [a, b, c], depths } = encoder;
    const stage = (index: number, depth: number, width: number) =>
      times(depth, (i) => convNextBlock(`cnn.features.${index}.${i}`, width));
    return [
      ...conv("cnn.features.0.0", a, 3, 4),
      ...layerNorm("cnn.features.0.1", a),
      ...stage(1, depths[0], a),
      ...layerNorm("cnn.features.2.0", a),
      ...conv("cnn.features.2.1", b, a, 2),
      ...stage(3, depths[1], b),
      ...layerNorm("cnn.features.4.0", b),
      ...conv("cnn.features.4.1", c, b, 3),
      ...stage(5, depths[2], c),
      ...conv("dot_conv", features, c, 1),
    ];
  }
  const { widths, joined } = encoder;
  const total = widths.reduce((sum, width) => sum + width, 0);
  return [
    ...conv("fnet.conv1", widths[0], 3, 7),
    ...widths.flatMap((width, level) => {
      const name = `fnet.layer${level + 1}`, from = widths[level - 1] ?? width;
      return [
        ...conv(`${name}.0.conv1`, width, from, 3),
        ...conv(`${name}.0.conv2`, width, width, 3),
        ...(level === 0 ? [] : conv(`${name}.0.downsample.0`, width, from, 1)),
        ...conv(`${name}.1.conv1`, width, width, 3),
        ...conv(`${name}.1.conv2`, width, width, 3),
      ];
    }),
    ...conv("fnet.conv2", joined, total, 3),
    ...conv("fnet.conv3", features, joined, 1),
  ];
}

function allTrackerLayout(config: AllTrackerConfig): LayoutTensor[] {
  const { window, dim, hidden, head, motion: { correlation, flow } } = config;
  const update = "update_block", motion = `${update}.motion_encoder`;
  return [
    { name: "time_emb", shape: [1, window, dim] },
    ...encoderLayout(config),
    ...conv("upsample_weight.0", head, dim, 3),
    ...conv("upsample_weight.2", 9 * CELL * CELL, head, 1),
    ...["flow_head", "visconf_head"].flatMap((name) => [
      ...conv(`${name}.0`, head, dim, 3),
      ...conv(`${name}.2`, 2, head, 3),
    ]),
    ...conv(`${motion}.convc1`, correlation[0], LOOK_UP, 1),
    ...conv(`${motion}.convc2`, correlation[1], correlation[0], 3),
    ...conv(`${motion}.convf1`, flow[0], 2, 5),
    ...conv(`${motion}.convf2`, flow[1], flow[0], 3),
    ...conv(`${motion}.conv`, hidden - 2, correlation[1] + flow[1], 3),
    ...conv(`${update}.compressor`, hidden, 2 * dim + hidden + 2, 1),
    ...times(config.blocks, (i) => [
      ...timeBlock(`${update}.refine.${2 * i}`, hidden),
      ...convNextBlock(`${update}.refine.${2 * i + 1}`, hidden),
    ]),
    ...conv(`${update}.final_conv`, dim, hidden, 1),
  ];
}

function deriveAllTracker(reader: ShapeReader): AllTrackerConfig {
  const [, window, dim] = reader.shape("time_emb", 3) as [
    number,
    number,
    number,
  ];
  const out = (name: string) => reader.shape(`${name}.weight`, 4)[0]!;
  const hidden = out("update_block.compressor");
  if (window % 2 !== 0 || hidden % HEADS !== 0) {
    throw reader.fail(
      "unknown-layout",
      `it has a window of ${window} frames and ${hidden} channels`,
      `Only an even window and multiples of ${HEADS} channels can be used.`,
    );
  }
  const isFull = reader.tensors.has("dot_conv.weight");
  const stage = (index: number) =>
    reader.count(`cnn.features.${index}.`, ".layer_scale");
  const encoder: AllTrackerConfig["encoder"] = isFull
    ? {
      kind: "convnext",
      widths: [
        out("cnn.features.0.0"),
        out("cnn.features.2.1"),
        out("cnn.features.4.1"),
      ],
      depths: [stage(1), stage(3), stage(5)],
    }
    : {
      kind: "basic",
      widths: [
        out("fnet.layer1.0.conv1"),
        out("fnet.layer2.0.conv1"),
        out("fnet.layer3.0.conv1"),
        out("fnet.layer4.0.conv1"),
      ],
      joined: out("fnet.conv2"),
    };
  const motion = "update_block.motion_encoder";
  return {
    encoder,
    window,
    dim,
    features: isFull ? 2 * dim : dim,
    hidden,
    blocks: Math.floor(
      reader.count("update_block.refine.", ".layer_scale") / 2,
    ),
    motion: {
      correlation: [out(`${motion}.convc1`), out(`${motion}.convc2`)],
      flow: [out(`${motion}.convf1`), out(`${motion}.convf2`)],
    },
    head: out("flow_head.0"),
  };
}

/** The full network of aharley/alltracker. */
export const ALL_TRACKER: AllTrackerConfig = {
  encoder: { kind: "convnext", widths: [96, 192, 384], depths: [3, 3, 9] },
  window: 16,
  dim: 128,
  features: 256,
  hidden: 128,
  blocks: 3,
  motion: { correlation: [512, 192], flow: [256, 64] },
  head: 256,
};

/** The tiny network of aharley/alltracker. */
export const ALL_TRACKER_TINY: AllTrackerConfig = {
  ...ALL_TRACKER,
  encoder: { kind: "basic", widths: [64, 96, 128, 128], joined: 256 },
  features: 128,
};
