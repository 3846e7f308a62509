/**
 * Layers with weights, and attention: what PyTorch has in `torch.nn`. A layer
 * is identified by its prefix in the checkpoint: `linear(x, "blocks.0.ffn.0")` uses
 * `blocks.0.ffn.0.weight` and `blocks.0.ffn.0.bias`.
 *
 * @module
 */

import { getTensor } from "../../formats/tensor_index.ts";
import { FormatError, quote } from "../../base/errors.ts";
import { sizeOf } from "../../base/tensor.ts";
import type { GraphWriter } from "./value.ts";
import type { WeightOptions } from "./value.ts";
import type { ComputeType } from "./graph_target.ts";
import { findQuantized, type QuantizedWeight } from "./quantized_weight.ts";
import type { Value } from "./value.ts";

/** ONNX Runtime's contrib operators. */
const MICROSOFT = "com.microsoft";

/**
 * `y = x Wᵀ + b`, torch's `nn.Linear`, over the last axis of `x` `[..., in]`;
 * the result is `[..., out]`. As under autocast, `x` is converted to the
 * compute type first and the result has that type. The bias is used if the
 * checkpoint has one, and the layer's adapter (LoRA) is added. A weight of more
 * than two axes is flattened to `[out, in]`.
 *
 * @throws {FormatError} When the checkpoint has no such weight, or its shape
 * does not match `x`.
 */
export function linear(
  x: Value,
  name: string,
  options: {
    /** The element type to compute in; the target's by default. */
    type?: ComputeType;
    /** Only these output features: rows of the weight, elements of the bias. */
    rows?: readonly [from: number, to: number];
  } = {},
): Value {
  const g = x.graph;
  const { type = g.target.compute, rows } = options;
  const inner = x.shape.at(-1)!;
  const flat = x.cast(type).reshape([sizeOf(x.shape) / inner, inner]);
  const part = rows ? { type, rows } : { type };
  const bias = parameter(g, name, "bias", part);
  const y = multiply(flat, `${name}.weight`, { ...part, bias });
  const adapted = g.adapters.get(name)?.branch?.(flat, y) ?? y;
  return adapted.reshape([...x.shape.slice(0, -1), y.shape[1]!]);
}

/**
 * `x Wᵀ + bias` for the checkpoint's matrix `key`, quantized or not; `x`
 * `[n, in]`.
 */
function multiply(
  x: Value,
  key: string,
  options: {
    type: ComputeType;
    rows?: readonly [number, number];
    bias: Value | undefined;
  },
): Value {
  const { bias, ...part } = options;
  const g = x.graph, inner = x.shape[1]!;
  const fail = (shape: string) =>
    new FormatError(
      `Cannot multiply ${x} with ${
        quote(key)
      }: that is [${shape}], expected [..., ${inner}]`,
    );
  const quantized = g.has(key) ? undefined : findQuantized(g.weights, key);
  if (quantized) {
    const [out, blocks] = quantized.scales.shape;
    if (blocks !== Math.ceil(inner / quantized.blockSize)) {
      throw fail(`${out}, ${blocks} blocks of ${quantized.blockSize}`);
    }
    const y = matMulNBits(x, quantized, part);
    return bias ? y.add(bias) : y;
  }
  const { shape } = getTensor(g.weights, key);
  if (sizeOf(shape) !== shape[0]! * inner) throw fail(shape.join(", "));
  // The kernel of a convolution with disjoint patches is used as a matrix.
  const out = part.rows ? part.rows[1] - part.rows[0] : shape[0]!;
  const weight = g.weight(key, { ...part, shape: [out, inner] });
  return gemm(x, weight, { bias });
}

/** `x Wᵀ` for a quantized matrix, without dequantizing it as a whole. */
function matMulNBits(
  x: Value,
  weight: QuantizedWeight,
  options: { type: ComputeType; rows?: readonly [number, number] },
): Value {
  const g = x.graph, { bits, blockSize } = weight;
  const part = options.rows ? { rows: options.rows } : {};
  const packed = g.tensor(weight.packed, { ...part, type: "uint8" });
  const scales = g.tensor(weight.scales, { ...part, type: options.type });
  const [n, k] = x.shape, out = packed.shape[0]!;
  return g.node("MatMulNBits", [x, packed, scales], {
    type: x.type,
    shape: [n!, out],
  }, {
    domain: MICROSOFT,
    attributes: {
      K: { int: k! },
      N: { int: out },
      bits: { int: bits },
      block_size: { int: blockSize },
      // Accumulate in the type of x. Level 4 would round x to 8 bits. On a CPU
      // it does nothing without prepacking, which is off to keep weights mapped,
      // and with float16 scales, which a cast hides, its results are silently 0.
      // With prepacking and float32 scales a product of 1560 x 5120 x 5120 on
      // AVX-512 takes 0.91 (8 bits) and 0.89 (4 bits) of float32's processor
      // time, and the error grows from 5.1e-3 to 9.2e-3 (8 bits) and from
      // 8.23e-2 to 8.27e-2 (4 bits): not worth a second copy of the weights.
      accuracy_level: { int: 0 },
    },
  });
}

/**
 * `alpha * x Wᵀ + bias` for matrices: `x` `[n, in]`, `weight` `[out, in]` as in
 * torch, `bias` `[out]` or `[n, out]`.
 */
export function gemm(
  x: Value,
  weight: Value,
  options: { bias?: Value | undefined; alpha?: number } = {},
): Value {
  const { bias, alpha = 1 } = options;
  const operands = bias ? [x, weight, bias] : [x, weight];
  if (
    operands.some(({ type }) => type !== x.type) ||
    x.shape[1] !== weight.shape[1] ||
    (bias && bias.shape.at(-1) !== weight.shape[0])
  ) {
    throw new TypeError(
      `Cannot multiply ${operands.join(", ")}: types or shapes do not fit`,
    );
  }
  return x.graph.node("Gemm", operands, {
    type: x.type,
    shape: [x.shape[0]!, weight.shape[0]!],
  }, {
    attributes: {
      transB: { int: 1 },
      ...(alpha === 1 ? {} : { alpha: { float: alpha } }),
    },
  });
}

/**
 * A layer's stored tensor `name` (`bias`, a norm's `weight`) with the adapter's
 * change applied; undefined if the checkpoint has none.
 */
export function parameter(
  g: GraphWriter,
  layer: string,
  name: string,
  options: WeightOptions = {},
): Value | undefined {
  const key = `${layer}.${name}`;
  if (!g.has(key)) return undefined;
  const stored = g.weight(key, options);
  return g.adapters.get(layer)?.vector?.(name, stored) ?? stored;
}

/**
 * Torch's `nn.LayerNorm` over the last axis, computed and returned in the type
 * of `x`. Without `name` it has no weight and no bias (elementwise_affine
 * False).
 */
export function layerNorm(
  x: Value,
  options: { eps: number; name?: string },
): Value {
  const g = x.graph, { eps, name } = options;
  const length = x.shape.at(-1)!;
  const affine = { type: x.type };
  const weight = name === undefined
    ? g.constant(x.type, [length], new Float32Array(length).fill(1))
    : parameter(g, name, "weight", affine) ?? g.weight(`${name}.weight`);
  const bias = name === undefined
    ? undefined
    : parameter(g, name, "bias", affine);
  return g.node(
    "LayerNormalization",
    bias ? [x, weight, bias] : [x, weight],
    x,
    { attributes: { axis: { int: -1 }, epsilon: { float: eps } } },
  );
}

/**
 * `x / sqrt(mean(x²) + eps) * weight` over the last axis, in the type of `x`;
 * the mean is always computed in float32.
 *
 * The operator is ONNX's own of operator set 23. ONNX Runtime 1.30 has it on
 * the CPU, on WebGPU and on CUDA, with the numbers of its older
 * `SimplifiedLayerNormalization`, which no ONNX schema knows.
 */
export function rmsNorm(
  x: Value,
  options: { eps: number; name: string },
): Value {
  const g = x.graph, { eps, name } = options;
  const weight = parameter(g, name, "weight", { type: x.type }) ??
    g.weight(`${name}.weight`);
  return g.node("RMSNormalization", [x, weight], x, {
    attributes: {
      axis: { int: -1 },
      epsilon: { float: eps },
      stash_type: { int: 1 },
    },
  });
}

/** Stride, padding, dilation and groups of a convolution. */
export interface ConvOptions {
  /** One per spatial axis; 1 by default. */
  readonly strides?: readonly number[];
  /** Zeros before each spatial axis, then after each; none by default. */
  readonly pads?: readonly number[];
  /** Steps between the kernel's elements, one per spatial axis; 1 by default. */
  readonly dilations?: readonly number[];
  /** Groups of channels that are convolved alone; 1 by default. */
  readonly groups?: number;
  /** The element type to compute in; the target's by default. */
  readonly type?: ComputeType;
  /** Used instead of the stored weight, which may be viewed in another shape. */
  readonly weight?: Value;
}

/**
 * Torch's `nn.Conv2d` and `nn.Conv3d`: `x` `[batch, in, ...spatial]`, the
 * weight `[out, in / groups, ...kernel]`. The bias is used if there is one.
 */
export function conv(
  x: Value,
  name: string,
  options: ConvOptions = {},
): Value {
  const g = x.graph;
  const { type = g.target.compute } = options;
  const weight = options.weight ?? g.weight(`${name}.weight`, { type });
  const bias = parameter(g, name, "bias", { type });
  const [out, inner, ...kernel] = weight.shape;
  const [batch, channels, ...spatial] = x.shape;
  const { groups = 1 } = options;
  if (inner! * groups !== channels || kernel.length !== spatial.length) {
    throw new FormatError(
      `Cannot apply layer ${quote(name)} to ${x}: its weight is [${
        weight.shape.join(", ")
      }]`,
    );
  }
  const strides = options.strides ?? kernel.map(() => 1);
  const pads = options.pads ?? kernel.flatMap(() => [0, 0]);
  const dilations = options.dilations ?? kernel.map(() => 1);
  const size = spatial.map((length, i) => {
    const reach = dilations[i]! * (kernel[i]! - 1) + 1;
    const padded = length + pads[i]! + pads[kernel.length + i]!;
    return Math.floor((padded - reach) / strides[i]!) + 1;
  });
  const input = x.cast(type);
  return g.node("Conv", bias ? [input, weight, bias] : [input, weight], {
    type,
    shape: [batch!, out!, ...size],
  }, {
    attributes: {
      kernel_shape: { ints: kernel },
      strides: { ints: strides },
      pads: { ints: pads },
      ...(options.dilations ? { dilations: { ints: dilations } } : {}),
      ...(groups === 1 ? {} : { group: { int: groups } }),
    },
  });
}

/** Options of {@linkcode attention}. */
export interface AttentionOptions {
  /** The number of heads; the last axis of `q`, `k` and `v` is divided by it. */
  readonly heads: number;
  /** The factor of the scores; `1 / sqrt(head length)` by default. */
  readonly scale?: number;
  /**
   * Added to the scores before the softmax, broadcastable to
   * `[batch, heads, queries, keys]`. Memory then grows with the product of
   * queries and keys, so it is not for the transformer's own tokens.
   */
  readonly bias?: Value;
}

/**
 * Softmax attention. `q` `[batch, queries, heads * length]`, `k` and `v`
 * `[batch, keys, heads * length]`; the result has the shape and type of `q`.
 * Every query attends to every key unless `bias` masks it.
 */
export function attention(
  q: Value,
  k: Value,
  v: Value,
  options: AttentionOptions,
): Value {
  const { heads } = options;
  const { scale = 1 / Math.sqrt(q.shape[2]! / heads) } = options;
  if (q.graph.target.attention === "manual") {
    return manualAttention(q, k, v, { ...options, scale });
  }
  // query, key, value, bias, key_padding_mask, attention_bias
  const inputs = options.bias ? [q, k, v, null, null, options.bias] : [q, k, v];
  return q.graph.node("MultiHeadAttention", inputs, q, {
    domain: MICROSOFT,
    attributes: { num_heads: { int: heads }, scale: { float: scale } },
  });
}

/** More scores than this are computed in chunks of queries. */
const MOST_SCORES = 2 ** 26;

function manualAttention(
  q: Value,
  k: Value,
  v: Value,
  options: AttentionOptions & { scale: number },
): Value {
  const { heads, scale, bias } = options;
  const [batch, queries, width] = q.shape as [number, number, number];
  const keys = k.shape[1]!;
  const length = width / heads;
  const split = (x: Value) => x.reshape([batch, x.shape[1]!, heads, length]);
  const keyColumns = split(k).transpose([0, 2, 3, 1]);
  const values = split(v).transpose([0, 2, 1, 3]);
  const attend = (some: Value) => {
    const scores = split(some).transpose([0, 2, 1, 3]).mul(scale)
      .matmul(keyColumns);
    const biased = bias ? scores.add(bias) : scores;
    return biased.cast("float32").softmax().cast(q.type).matmul(values)
      .transpose([0, 2, 1, 3]).reshape([batch, some.shape[1]!, width]);
  };
  const atOnce = Math.max(1, Math.floor(MOST_SCORES / (batch * heads * keys)));
  if (bias || queries <= atOnce) return attend(q);
  const rounds = Math.ceil(queries / atOnce);
  const rows = Math.ceil(queries / rounds);
  const g = q.graph;
  const parts = q.pad([[1, 0, rounds * rows - queries]])
    .reshape([batch, rounds, rows, width]);
  const { collected } = g.loop(rounds, [], (round) => ({
    carried: [],
    collected: [attend(parts.gather(round, 1))],
  }));
  return collected[0]!.transpose([1, 0, 2, 3])
    .reshape([batch, rounds * rows, width]).slice(1, 0, queries);
}

/** Nearest-neighbor upsampling of `[batch, channels, h, w]` by two. */
export function nearest2x(x: Value): Value {
  const [batch, channels, height, width] = x.shape as [
    number,
    number,
    number,
    number,
  ];
  const scales = x.graph.constant("float32", [4], [1, 1, 2, 2]);
  return x.graph.node("Resize", [x, null, scales], {
    type: x.type,
    shape: [batch, channels, 2 * height, 2 * width],
  }, {
    attributes: {
      mode: { string: "nearest" },
      coordinate_transformation_mode: { string: "asymmetric" },
      nearest_mode: { string: "floor" },
    },
  });
}
