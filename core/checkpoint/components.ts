/**
 * The parts of an ATI checkpoint: four networks, each with its tensors under
 * the official names, and what their shapes say about the network.
 *
 * @module
 */

import type { Dtype, TensorIndex } from "./tensor_index.ts";

/** The four networks, in the order in which a run needs them. */
export const NETWORKS = ["t5", "clip", "vae", "transformer"] as const;

/** The name of one of the four networks. */
export type NetworkKind = (typeof NETWORKS)[number];

/**
 * The video transformer: `wan/modules/model.py`, image-to-video. The values
 * of the 14B model stand in parentheses.
 */
export interface TransformerParameters {
  /** Width of a token (5120). */
  readonly dim: number;
  /** Width of the feed-forward layer (13824). */
  readonly ffnDim: number;
  /** Attention heads (40); `dim / numHeads` is the head's width (128). */
  readonly numHeads: number;
  /** Blocks (40). */
  readonly numLayers: number;
  /** Input channels: 16 of noise, 4 of mask, 16 of condition (36). */
  readonly inDim: number;
  /** Output channels (16). */
  readonly outDim: number;
  /** Width of the text features (4096). */
  readonly textDim: number;
  /** Width of the image features (1280). */
  readonly imageDim: number;
  /** Width of the sinusoidal time embedding (256). */
  readonly freqDim: number;
  /** Text tokens, padded with zeros up to here (512). */
  readonly textLen: number;
  /** Latent cells per token in frames, rows and columns (1, 2, 2). */
  readonly patchSize: readonly [number, number, number];
  /** Of the norms of the blocks (1e-6). */
  readonly eps: number;
}

/** The text encoder: `wan/modules/t5.py`. umt5-xxl's values in parentheses. */
export interface T5Parameters {
  /** Tokens known (256384). */
  readonly vocabSize: number;
  /** Width of a token (4096). */
  readonly dim: number;
  /** Width of all attention heads together (4096). */
  readonly dimAttn: number;
  /** Width of the feed-forward layer (10240). */
  readonly dimFfn: number;
  /** Attention heads (64). */
  readonly numHeads: number;
  /** Blocks (24). */
  readonly numLayers: number;
  /** Buckets of the relative position bias; every block has its own table (32). */
  readonly numBuckets: number;
}

/**
 * The image encoder: the visual half of `wan/modules/clip.py`. The values of
 * the ViT-H/14 stand in parentheses.
 */
export interface ClipParameters {
  /** Width of a token (1280). */
  readonly dim: number;
  /** Width of the feed-forward layer (5120). */
  readonly mlpDim: number;
  /** Attention heads; the weights do not tell (16). */
  readonly numHeads: number;
  /** Blocks in the file (32); the features are those of the last but one. */
  readonly numLayers: number;
  /** Edge of the square image, px (224). */
  readonly imageSize: number;
  /** Edge of a patch, px (14). */
  readonly patchSize: number;
}

/** The video autoencoder: `wan/modules/vae.py`. Wan2.1's values in parentheses. */
export interface VaeParameters {
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

/** The hyper-parameters of each network. */
export interface NetworkParameters {
  /** Of the text encoder. */
  readonly t5: T5Parameters;
  /** Of the image encoder. */
  readonly clip: ClipParameters;
  /** Of the video autoencoder. */
  readonly vae: VaeParameters;
  /** Of the video transformer. */
  readonly transformer: TransformerParameters;
}

/** How much of a network has one element type. */
export interface DtypeShare {
  /** How many tensors. */
  readonly tensors: number;
  /** How many numbers they hold. */
  readonly parameters: number;
  /** How many bytes they take. */
  readonly bytes: number;
}

/** One network of a checkpoint, opened. */
export interface Component<Kind extends NetworkKind = NetworkKind> {
  /** Which network. */
  readonly kind: Kind;
  /** Whose tensor names the files have: `official`, `transformers` or `diffusers`. */
  readonly naming: "official" | "transformers" | "diffusers";
  /** The files, symbolic links resolved: the paths that the entries name. */
  readonly files: readonly string[];
  /**
   * The tensors under their official names and with their official shapes.
   *
   * Where the files have more: `<module>.scale_weight`, a float32 scalar, is
   * the factor of an fp8 `<module>.weight`; `<module>.weight_...` stand for a
   * weight that is stored packed. Where they have it cut otherwise:
   * an attention whose official `to_qkv` is stored as three has `to_q`, `to_k`
   * and `to_v` instead. Tensors of no use to ATI are left out.
   */
  readonly tensors: TensorIndex;
  /** What the shapes (and config.json) say about the network. */
  readonly hyperparameters: NetworkParameters[Kind];
  /** The element types in use, the one with the most bytes first. */
  readonly dtypes: ReadonlyMap<Dtype, DtypeShare>;
  /** How many numbers the network has; packed weights count unpacked. */
  readonly parameters: number;
  /** How many bytes `tensors` takes. */
  readonly bytes: number;
  /** The free text entries of the files' `__metadata__`. */
  readonly metadata: ReadonlyMap<string, string>;
  /** What is worth knowing: renamed, left out, guessed. */
  readonly notes: readonly string[];
}

/** Files that stand in for those that a folder offers. */
export interface NamedParts {
  /** The transformer: a weights file, an index file, or a folder with either. */
  readonly transformer?: string;
  /** The video autoencoder, likewise. */
  readonly vae?: string;
  /** The text encoder, likewise. */
  readonly t5?: string;
  /** The image encoder, likewise. */
  readonly clip?: string;
  /** umt5's `tokenizer.json`, or a folder with it. */
  readonly tokenizer?: string;
}

/** A whole checkpoint, opened: the weights' places, not the weights. */
export interface AtiCheckpoint {
  /** The folder that was opened, as it was given. */
  readonly folder: string;
  /** The files that were named instead of looked for, as they were given. */
  readonly named: NamedParts;
  /** The text encoder. */
  readonly t5: Component<"t5">;
  /** The image encoder. */
  readonly clip: Component<"clip">;
  /** The video autoencoder. */
  readonly vae: Component<"vae">;
  /** The video transformer. */
  readonly transformer: Component<"transformer">;
  /** The path of umt5's `tokenizer.json`; undefined only where it was not asked for. */
  readonly tokenizer: string | undefined;
}
