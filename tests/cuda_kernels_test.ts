/**
 * The operators in the graphs for CUDA, compared with the kernels of ONNX
 * Runtime's CUDA provider. A node without one would silently run on the CPU,
 * with a copy across the bus before and after it.
 *
 * The list is what the CUDA provider of ONNX Runtime 1.30.0 accepted: every
 * graph of this test was opened with it at the size of the real networks, with a
 * stand-in for the driver that computes nothing, and its log of node placements
 * was read. New operators in a graph must be looked up in the provider's list
 * (docs/OperatorKernels.md of ONNX Runtime) before they are added here.
 *
 * @module
 */

import assert from "node:assert/strict";
import type {
  Component,
  NetworkConfigs,
  NetworkKind,
} from "../core/wan/networks.ts";
import { CLIP_VIT_H_14 } from "../core/wan/image_encoder/layout.ts";
import type { LayoutTensor } from "../core/wan/network_descriptor.ts";
import { networkLayout } from "../core/wan/networks.ts";
import { UMT5_XXL } from "../core/wan/text_encoder/layout.ts";
import { WAN_14B_I2V } from "../core/wan/transformer/layout.ts";
import { WAN_VAE } from "../core/wan/vae/layout.ts";
import {
  byteLengthOf,
  type TensorDtype,
  type TensorEntry,
} from "../core/formats/tensor_index.ts";
import { GraphBuilder } from "../core/onnx/graph/graph_builder.ts";
import type { GraphTarget } from "../core/onnx/graph/graph_target.ts";
import { quantizedNames } from "../core/onnx/graph/quantized_weight.ts";
import type { Value } from "../core/onnx/graph/value.ts";
import { buildClipVision } from "../core/wan/image_encoder/clip_vision.ts";
import { buildUmt5Encoder } from "../core/wan/text_encoder/umt5_encoder.ts";
import type { VaeChunk } from "../core/wan/vae/vae_chunks.ts";
import { buildVaeDecoder } from "../core/wan/vae/vae_decoder.ts";
import { buildVaeEncoder } from "../core/wan/vae/vae_encoder.ts";
import { buildTransformer } from "../core/wan/transformer/transformer.ts";
import { NETWORK_DTYPES, placeNetwork } from "../core/pipeline/placement.ts";
import type { ProbedDevice } from "../core/onnx/runtime/devices.ts";

/** Operators and the element types of their first input. */
const KERNELS: Readonly<Record<string, string>> = {
  Add: "bfloat16 float16 float32",
  Clip: "float32",
  Concat: "bfloat16 float16 float32",
  Conv: "float16 float32",
  Div: "float32",
  Expand: "float16 float32",
  Gather: "bfloat16 float16 float32 uint8",
  Gelu: "bfloat16 float16 float32",
  Gemm: "bfloat16 float16 float32",
  Identity: "bool float16 float32",
  LayerNormalization: "float32",
  Loop: "int64",
  MatMul: "bfloat16 float16 float32",
  MatMulNBits: "bfloat16 float16 float32",
  Max: "float32",
  Mul: "bfloat16 float16 float32",
  MultiHeadAttention: "bfloat16 float16 float32",
  Pad: "float16 float32",
  ReduceL2: "float32",
  Reshape: "bfloat16 float16 float32",
  Resize: "float16 float32",
  RotaryEmbedding: "float32",
  Sigmoid: "float32",
  SimplifiedLayerNormalization: "float32",
  Slice: "float16 float32",
  Split: "bfloat16 float16 float32",
  Sub: "float32",
  Transpose: "bfloat16 float16 float32",
  Cast:
    "bfloat16>float16 bfloat16>float32 float16>bfloat16 float16>float32 float32>bfloat16 float32>float16 " +
    "float8e4m3fn>bfloat16 float8e4m3fn>float16 float8e4m3fn>float32 uint8>int32",
};

/** An NVIDIA GPU that supports everything. */
const CUDA: ProbedDevice = {
  device: { kind: "cuda", index: 0 },
  attention: "fused",
  compute: ["float32", "bfloat16", "float16"],
};

/** Records the nodes of every graph builder while it exists. */
class Recorder implements Disposable {
  readonly used = new Set<string>();
  readonly #original = GraphBuilder.prototype.nodes;

  constructor() {
    const { used } = this, original = this.#original;
    GraphBuilder.prototype.nodes = function (op, inputs, outputs, options) {
      const type = inputs.find((input): input is Value => input !== null)?.type;
      used.add(
        `${op} ${op === "Cast" ? `${type}>${outputs[0]!.type}` : type}`,
      );
      return original.call(this, op, inputs, outputs, options);
    };
  }

  [Symbol.dispose](): void {
    GraphBuilder.prototype.nodes = this.#original;
  }
}

/** The dtypes of stored weights; fp8 with and without a scale per matrix. */
const STORED = ["BF16", "F16", "F32", "fp8", "fp8 scaled", "q8", "q4"] as const;
type Stored = typeof STORED[number];

const isMatrix = ({ name, shape }: LayoutTensor) =>
  /^(blocks\.\d+\..*|token_embedding\.)weight$/.test(name) &&
  shape.length === 2 && !name.includes("pos_embedding");

function* storedAs(
  tensor: LayoutTensor,
  stored: Stored,
): Generator<[name: string, dtype: TensorDtype, shape: readonly number[]]> {
  const { name, shape } = tensor;
  if (stored === "BF16" || stored === "F16" || stored === "F32") {
    yield [name, stored, shape];
  } else if (!isMatrix(tensor)) {
    yield [name, "F16", shape];
  } else if (stored === "q8" || stored === "q4") {
    const bits = stored === "q8" ? 8 : 4;
    const { packed, scales } = quantizedNames(name, bits);
    const blocks = Math.ceil(shape[1]! / 64);
    yield [packed, "U8", [shape[0]!, blocks, 8 * bits]];
    yield [scales, "F16", [shape[0]!, blocks]];
  } else {
    yield [name, "F8_E4M3", shape];
    if (stored === "fp8 scaled") {
      yield [name.replace(/weight$/, "scale_weight"), "F32", [1]];
    }
  }
}

/** A network of full width, as a list of tensors only. */
function network<Kind extends NetworkKind>(
  kind: Kind,
  config: NetworkConfigs[Kind],
  stored: Stored,
): Pick<Component<Kind>, "tensors" | "config"> {
  const tensors = new Map<string, TensorEntry>();
  let offset = 0;
  for (const tensor of networkLayout(kind, config)) {
    for (const [name, dtype, shape] of storedAs(tensor, stored)) {
      const length = byteLengthOf(dtype, shape);
      tensors.set(name, { name, dtype, shape, file: "/file", offset, length });
      offset += length;
    }
  }
  return { tensors, config };
}

/** Writes every graph of a network that can be run on CUDA. */
const WRITE: Readonly<Record<NetworkKind, (target: GraphTarget) => void>> = {
  transformer(target) {
    const parameters = { ...WAN_14B_I2V, numLayers: 2 };
    for (const stored of STORED) {
      buildTransformer(network("transformer", parameters, stored), {
        latent: [21, 60, 104],
        target,
      });
    }
  },
  t5(target) {
    for (const stored of STORED.filter((name) => !name.startsWith("q"))) {
      buildUmt5Encoder(
        network("t5", { ...UMT5_XXL, numLayers: 2 }, stored),
        { length: 512, target },
      );
    }
  },
  clip(target) {
    for (const stored of ["F32", "F16", "BF16"] as const) {
      buildClipVision(
        network("clip", { ...CLIP_VIT_H_14, numLayers: 2 }, stored),
        { target },
      );
    }
  },
  vae(target) {
    const chunks: VaeChunk[] = [
      { kind: "all", latents: 21 },
      { kind: "first" },
      { kind: "next", latents: 2 },
    ];
    for (const stored of ["F32", "F16", "BF16"] as const) {
      for (const chunk of chunks) {
        const component = network("vae", WAN_VAE, stored);
        const options = { size: [60, 104], chunk, target } as const;
        buildVaeEncoder(component, options);
        buildVaeDecoder(component, options);
      }
    }
  },
};

for (const part of Object.keys(WRITE) as NetworkKind[]) {
  Deno.test(`every operator of ${part}'s graphs has a CUDA kernel`, () => {
    using recorder = new Recorder();
    for (const precision of NETWORK_DTYPES[part]) {
      WRITE[part](placeNetwork(part, CUDA, precision).target);
    }
    assert.ok(recorder.used.size > 10, "something was written");
    const unknown = [...recorder.used].filter((used) => {
      const [op, type] = used.split(" ");
      return !KERNELS[op!]?.split(" ").includes(type!);
    });
    assert.deepEqual(unknown, []);
  });
}
