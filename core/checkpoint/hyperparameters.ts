/**
 * What the shapes of its tensors say about a network, so that a tiny model
 * and the 14B open by the same code. The few values that shapes do not tell
 * come from config.json or are those of the official model.
 *
 * @module
 */

import { quote, withHint } from "../errors.ts";
import { CheckpointError } from "./checkpoint_error.ts";
import type {
  ClipParameters,
  NetworkKind,
  NetworkParameters,
  T5Parameters,
  TransformerParameters,
  VaeParameters,
} from "./components.ts";
import type { TensorIndex } from "./tensor_index.ts";

/** The values of config.json that are read, under either of their names. */
export interface NetworkConfig {
  /** The file's name, for error messages. */
  readonly file: string;
  /** Its content. */
  readonly values: Readonly<Record<string, unknown>>;
}

/** Every official Wan transformer has heads of this width. */
const HEAD_WIDTH = 128;

/** The image encoder's heads; transformers' configuration may say otherwise. */
const CLIP_HEADS = 16;

/** The VAE shrinks by at most this; a name beyond it is no block of ours. */
const MAX_BLOCKS = 4096;

/**
 * The hyper-parameters of a network.
 *
 * @param options.tensors the tensors under their official names
 * @param options.source what to call the file in an error
 * @param options.config config.json, where there is one
 * @throws {CheckpointError} `tensor-not-found` when a tensor that tells is
 * missing, `wrong-shape` when shapes or config.json contradict each other,
 * `unknown-layout` when it is a related network that ATI cannot use.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { deriveParameters } from "./hyperparameters.ts";
 * import { networkLayout, UMT5_XXL } from "./network_layout.ts";
 * const tensors = new Map(networkLayout("t5", UMT5_XXL).map(({ name, shape }) =>
 *   [name, { name, shape, dtype: "BF16", file: "a", offset: 0, length: 0 } as const]
 * ));
 * const { numHeads } = deriveParameters("t5", { tensors, source: "a.pth" });
 * assert.equal(numHeads, 64);
 * ```
 */
export function deriveParameters<Kind extends NetworkKind>(
  kind: Kind,
  options: { tensors: TensorIndex; source: string; config?: NetworkConfig },
): NetworkParameters[Kind] {
  const reader = new ShapeReader(options);
  const derive: {
    readonly [K in NetworkKind]: (reader: ShapeReader) => NetworkParameters[K];
  } = {
    transformer: deriveTransformer,
    t5: deriveT5,
    clip: deriveClip,
    vae: deriveVae,
  };
  return derive[kind](reader);
}

class ShapeReader {
  readonly tensors: TensorIndex;
  readonly source: string;
  readonly config: NetworkConfig | undefined;

  constructor(
    options: { tensors: TensorIndex; source: string; config?: NetworkConfig },
  ) {
    this.tensors = options.tensors;
    this.source = options.source;
    this.config = options.config;
  }

  /** The shape of a tensor, which must have that many axes. */
  shape(name: string, axes: number): readonly number[] {
    const entry = this.tensors.get(name);
    if (!entry) {
      throw this.fail("tensor-not-found", `tensor ${quote(name)} is missing`);
    }
    if (entry.shape.length !== axes || entry.shape.includes(0)) {
      throw this.fail(
        "wrong-shape",
        `tensor ${quote(name)} is (${
          entry.shape.join(", ")
        }), expected ${axes} axes, none of them empty`,
      );
    }
    return entry.shape;
  }

  /** How many of `<prefix>0`, `<prefix>1`, ... have a tensor `suffix`. */
  count(prefix: string, suffix: string): number {
    let count = 0;
    while (count < MAX_BLOCKS && this.tensors.has(prefix + count + suffix)) {
      count++;
    }
    return count;
  }

  /** A number of config.json, under the first of the names that it has. */
  number(...names: string[]): number | undefined {
    for (const name of names) {
      const value = this.config?.values[name];
      if (typeof value === "number" && value > 0) return value;
    }
    return undefined;
  }

  /** Throws where config.json says something else than the shapes. */
  agree(found: number, ...names: string[]): void {
    const stated = this.number(...names);
    if (stated === undefined || stated === found) return;
    throw this.fail(
      "wrong-shape",
      `${quote(this.config!.file)} has ${
        names.join(" or ")
      } ${stated}, the tensors' shapes say ${found}`,
    );
  }

  fail(
    code: "tensor-not-found" | "wrong-shape" | "unknown-layout",
    state: string,
    hint?: string,
  ): CheckpointError {
    const message = `Cannot open ${quote(this.source)}: ${state}`;
    return new CheckpointError(code, hint ? withHint(message, hint) : message);
  }
}

function deriveTransformer(reader: ShapeReader): TransformerParameters {
  const [dim, inDim, ...patch] = reader.shape("patch_embedding.weight", 5) as [
    number,
    number,
    number,
    number,
    number,
  ];
  if (!reader.tensors.has("img_emb.proj.0.weight")) {
    throw reader.fail(
      "unknown-layout",
      `it is a Wan transformer without image conditioning (${inDim} input channels)`,
      "ATI needs its own weights: Wan2.1-ATI-14B, not a text-to-video model.",
    );
  }
  const [head] = reader.shape("head.head.bias", 1) as [number];
  const cells = patch[0]! * patch[1]! * patch[2]!;
  const numHeads = reader.number("num_heads", "num_attention_heads") ??
    dim / HEAD_WIDTH;
  if (!Number.isInteger(numHeads) || dim % numHeads !== 0) {
    throw reader.fail(
      "wrong-shape",
      `a width of ${dim} does not tell the number of heads`,
      'Put a config.json with "num_heads" beside the weights, or name one.',
    );
  }
  const parameters: TransformerParameters = {
    dim,
    ffnDim: reader.shape("blocks.0.ffn.0.bias", 1)[0]!,
    numHeads,
    numLayers: reader.count("blocks.", ".modulation"),
    inDim,
    outDim: head / cells,
    textDim: reader.shape("text_embedding.0.weight", 2)[1]!,
    imageDim: reader.shape("img_emb.proj.0.weight", 1)[0]!,
    freqDim: reader.shape("time_embedding.0.weight", 2)[1]!,
    textLen: reader.number("text_len") ?? 512,
    patchSize: patch,
    eps: reader.number("eps") ?? 1e-6,
  };
  reader.agree(dim, "dim");
  reader.agree(parameters.ffnDim, "ffn_dim");
  reader.agree(parameters.numLayers, "num_layers");
  reader.agree(inDim, "in_dim", "in_channels");
  reader.agree(parameters.outDim, "out_dim", "out_channels");
  reader.agree(parameters.freqDim, "freq_dim");
  return parameters;
}

function deriveT5(reader: ShapeReader): T5Parameters {
  const [vocabSize, dim] = reader.shape("token_embedding.weight", 2);
  const [numBuckets, numHeads] = reader.shape(
    "blocks.0.pos_embedding.embedding.weight",
    2,
  );
  return {
    vocabSize: vocabSize!,
    dim: dim!,
    dimAttn: reader.shape("blocks.0.attn.q.weight", 2)[0]!,
    dimFfn: reader.shape("blocks.0.ffn.fc1.weight", 2)[0]!,
    numHeads: numHeads!,
    numLayers: reader.count("blocks.", ".norm1.weight"),
    numBuckets: numBuckets!,
  };
}

function deriveClip(reader: ShapeReader): ClipParameters {
  const [dim, , patchSize] = reader.shape("visual.patch_embedding.weight", 4);
  const tokens = reader.tensors.get("visual.pos_embedding")?.shape.at(-2) ?? 0;
  const edge = Math.sqrt(tokens - 1);
  if (!Number.isInteger(edge) || edge < 1) {
    throw reader.fail(
      "wrong-shape",
      `"visual.pos_embedding" has ${tokens} tokens, expected a square and one more`,
    );
  }
  return {
    dim: dim!,
    mlpDim: reader.shape("visual.transformer.0.mlp.0.bias", 1)[0]!,
    numHeads: reader.number("num_attention_heads") ?? CLIP_HEADS,
    numLayers: reader.count("visual.transformer.", ".norm1.weight"),
    imageSize: edge * patchSize!,
    patchSize: patchSize!,
  };
}

function deriveVae(reader: ShapeReader): VaeParameters {
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
