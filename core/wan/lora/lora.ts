/**
 * LoRAs: small changes to a transformer's weights, in a separate file. They are
 * computed in addition to the stored weights, which are neither copied nor
 * changed, so any number of LoRAs can act at once, on 16-, 8- and 4-bit weights
 * alike.
 *
 * @module
 */

import type { ByteSource } from "../../base/byte_source.ts";
import { readSafetensors } from "../../formats/safetensors.ts";
import type {
  TensorDtype,
  TensorEntry,
  TensorIndex,
} from "../../formats/tensor_index.ts";
import { FormatError, quote, withHint } from "../../base/errors.ts";
import { decodeNumbers } from "../../onnx/graph/decode_numbers.ts";
import type { LayerAdapter } from "../../onnx/graph/value.ts";
import { gemm } from "../../onnx/graph/layers.ts";
import { findQuantized } from "../../onnx/graph/quantized_weight.ts";
import type { Value } from "../../onnx/graph/value.ts";
import { sizeOf } from "../../base/tensor.ts";
import { addLycoris, type LycorisProduct, readLycoris } from "./lycoris.ts";
import { LoraNames, type LoraRole, LYCORIS_ROLES } from "./_lora_names.ts";

/** The LoRA of one layer. */
export interface LoraLayer {
  /** The two factors: `scale * up · down` is added to the weight. */
  readonly factors?: {
    /** `[rank, in]`, for a convolution followed by the kernel's other axes. */
    readonly down: TensorEntry;
    /** `[out, rank]`. */
    readonly up: TensorEntry;
    /** `alpha / rank`. */
    readonly scale: number;
  };
  /** What a LoHa or LoKr adds to the weight. */
  readonly product?: LycorisProduct;
  /** What is added to whole tensors, by their names in the layer (`bias`). */
  readonly diffs: ReadonlyMap<
    string,
    { readonly entry: TensorEntry; readonly scale: number }
  >;
}

/** An opened LoRA file. */
export interface Lora {
  /** The file's name. */
  readonly name: string;
  /** Its layers, by official name. */
  readonly layers: ReadonlyMap<string, LoraLayer>;
  /** The tensors that have no effect, and why. */
  readonly ignored: readonly {
    readonly tensor: string;
    readonly reason: string;
  }[];
  /** What was assumed. */
  readonly notes: readonly string[];
}

/** The number types that factors may be stored in. */
const TYPES: readonly TensorDtype[] = [
  "F32",
  "F16",
  "BF16",
  "F64",
  "F8_E4M3",
  "F8_E5M2",
];

/**
 * Opens a LoRA for the transformer with these tensors. Supported are the names
 * of PEFT and diffusers (`lora_A`, `lora_B`), of kohya's scripts (`lora_down`,
 * `lora_up`, `alpha`, also with `lora_unet_` and underscores), and whole
 * differences (`diff`, `diff_b`, `diff_m`); LoHa (`hada_w1_a`) and LoKr
 * (`lokr_w1`); layers by their official names or by those of diffusers.
 *
 * Tensors that are unknown or match no layer are listed in `ignored`: report them.
 *
 * @throws {CheckpointError} When it is no safetensors file.
 * @param options.config PEFT's `adapter_config.json`, where it is known
 * @throws {FormatError} When no tensor of it belongs to this transformer, or it
 * is a DoRA: its rows have lengths of their own, which would need the whole
 * weight to be changed.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { readLora } from "@ati/ati";
 * import { memorySource, writeSafetensors } from "@ati/ati/formats";
 *
 * const weight = {
 *   name: "head.head.weight", dtype: "F32", shape: [2, 3], file: "a", offset: 0, length: 24,
 * } as const;
 * const file = writeSafetensors([
 *   { name: "diffusion_model.head.head.lora_A.weight", dtype: "F32", shape: [1, 3], data: new Float32Array(3) },
 *   { name: "diffusion_model.head.head.lora_B.weight", dtype: "F32", shape: [2, 1], data: new Float32Array(2) },
 * ]);
 * const lora = readLora(memorySource(file, "a.safetensors"), new Map([[weight.name, weight]]));
 * assert.equal(lora.layers.get("head.head")?.factors?.scale, 1);
 * ```
 */
export function readLora(
  source: ByteSource,
  transformer: TensorIndex,
  options: { config?: unknown } = {},
): Lora {
  const file = readSafetensors(source);
  const names = new LoraNames(transformer);
  const ignored: { tensor: string; reason: string }[] = [];
  const found = new Map<string, Map<LoraRole, TensorEntry>>();
  for (const entry of file.tensors.values()) {
    const name = names.understand(entry.name);
    const roles = name && (found.get(name.layer) ?? new Map());
    if (name?.role === "magnitude") throw doraError(source.name, entry.name);
    if (name && name.role !== "alpha" && !TYPES.includes(entry.dtype)) {
      throw new FormatError(
        `Cannot use ${quote(source.name)} as a LoRA: ${
          quote(entry.name)
        } is stored as ${entry.dtype}, expected one of ${TYPES.join(" ")}`,
        { offset: entry.offset },
      );
    }
    if (!name || !roles || roles.has(name.role)) {
      const reason = roles ? "duplicate" : "unknown name";
      ignored.push({ tensor: entry.name, reason });
      continue;
    }
    roles.set(name.role, entry);
    found.set(name.layer, roles);
  }
  const alphas = new PeftAlphas(file.metadata, options.config);
  let assumed = 0;
  const layers = new Map<string, LoraLayer>();
  for (const [layer, roles] of found) {
    const read = readLayer(layer, {
      roles,
      transformer,
      ignored,
      scaleFor(rank) {
        const alpha = roles.get("alpha");
        if (!alpha) {
          const names = [layer, ...[...roles.values()].map(moduleOf)];
          const scale = alphas.scale(names, rank);
          if (scale === undefined) assumed++;
          return scale ?? 1;
        }
        // Without a rank LyCORIS writes an alpha that means nothing.
        if (rank === undefined) return 1;
        return readAlpha(source, alpha) / rank;
      },
    });
    if (read.factors || read.product || read.diffs.size > 0) {
      layers.set(layer, read);
    }
  }
  if (layers.size === 0) {
    throw new FormatError(
      withHint(
        `Cannot use ${
          quote(source.name)
        } as a LoRA: none of its ${file.tensors.size} tensors fits this transformer${
          ignored[0] ? `, the first is ${quote(ignored[0].tensor)}` : ""
        }`,
        "It must be a LoRA for Wan2.1 with 14B parameters, as a safetensors file.",
      ),
    );
  }
  const notes = assumed === 0 ? [] : [
    `${assumed} layers state no alpha: it is assumed to be the rank`,
  ];
  return { name: source.name, layers, ignored, notes };
}

function readAlpha(source: ByteSource, alpha: TensorEntry): number {
  const { name, dtype, offset, length, shape } = alpha;
  const numbers = decodeNumbers(dtype, source.read(offset, length));
  const [value = NaN] = numbers;
  if (numbers.length === 1 && Number.isFinite(value)) return value;
  throw new FormatError(
    `Cannot use ${quote(source.name)} as a LoRA: ${quote(name)} is ${
      numbers.length === 1 ? value : `an array of (${shape.join(", ")})`
    }, expected one finite number`,
    { offset },
  );
}

function doraError(file: string, tensor: string): FormatError {
  return new FormatError(
    withHint(
      `Cannot use ${quote(file)} as a LoRA: it is a DoRA (${
        quote(tensor)
      }), which changes the length of the weights' rows`,
      "Merge it into the transformer with the program that it was trained with, or use a LoRA without DoRA.",
    ),
  );
}

/** The file's own name for the layer of a factor. */
function moduleOf({ name }: TensorEntry): string {
  return name.replace(/\.(?:lora_[AB]|hada_w|lokr_w)\w*(?:\.[^.]+)*$/, "");
}

/** The roles of one layer, checked against its weight. */
function readLayer(
  layer: string,
  context: {
    roles: ReadonlyMap<LoraRole, TensorEntry>;
    transformer: TensorIndex;
    ignored: { tensor: string; reason: string }[];
    scaleFor(rank: number | undefined): number;
  },
): LoraLayer {
  const { roles, transformer, ignored, scaleFor } = context;
  const ignore = (entry: TensorEntry | undefined, reason: string) => {
    if (entry) ignored.push({ tensor: entry.name, reason });
  };
  const down = roles.get("down"), up = roles.get("up");
  const rank = down?.shape[0] ?? 0;
  let factors: LoraLayer["factors"];
  let scale = 1;
  if (down && up) {
    const out = up.shape[0]!, inner = sizeOf(down.shape) / rank;
    if (
      sizeOf(up.shape) === out * rank &&
      weightFits(transformer, layer, [out, inner])
    ) {
      scale = scaleFor(rank);
      factors = { down, up, scale };
    } else {
      const reason = `its factors are [${up.shape.join(", ")}] and [${
        down.shape.join(", ")
      }], which do not match the layer's weight`;
      ignore(down, reason);
      ignore(up, reason);
    }
  } else {
    ignore(down ?? up, "its other factor is missing");
  }
  const product = readLycoris(roles, {
    fits: (size) => weightFits(transformer, layer, size),
    scaleFor,
  });
  if (typeof product === "string") {
    for (const role of LYCORIS_ROLES) ignore(roles.get(role), product);
  }
  const isProduct = typeof product === "object";
  if (!factors && !isProduct) {
    ignore(roles.get("alpha"), "its factors are missing");
    ignore(roles.get("upBias"), "its factors are missing");
  }

  const differences = new Map<string, { entry: TensorEntry; scale: number }>();
  const add = (role: LoraRole, name: string, factor: number) => {
    const entry = roles.get(role);
    if (!entry) return;
    const size = sizeOf(entry.shape), out = entry.shape[0]!;
    const fits = name === "weight"
      ? weightFits(transformer, layer, [out, size / out])
      : size === sizeOf(transformer.get(`${layer}.${name}`)?.shape ?? [0]);
    if (differences.has(name)) ignore(entry, "duplicate");
    else if (fits) {
      differences.set(name, { entry, scale: factor });
    } else {
      ignore(entry, `it does not match the layer's ${name}`);
    }
  };
  add("weight", "weight", 1);
  add("bias", "bias", 1);
  add("modulation", "modulation", 1);
  if (factors) add("upBias", "bias", scale);
  return {
    ...(factors ? { factors } : {}),
    ...(isProduct ? { product } : {}),
    diffs: differences,
  };
}

/** Whether a layer has a weight of `out` times `inner` elements. */
function weightFits(
  transformer: TensorIndex,
  layer: string,
  [out, inner]: readonly [out: number, inner: number],
): boolean {
  const name = `${layer}.weight`;
  const entry = transformer.get(name);
  if (entry) {
    return entry.shape[0] === out && sizeOf(entry.shape) === out * inner;
  }
  const quantized = findQuantized(transformer, name);
  return quantized !== undefined && quantized.scales.shape[0] === out &&
    quantized.scales.shape[1] === Math.ceil(inner / quantized.blockSize);
}

/**
 * The alphas that newer diffusers writes into the file's metadata, as PEFT's
 * config. Without it, alpha is the rank.
 */
class PeftAlphas {
  #config: Record<string, unknown> = {};

  constructor(metadata: ReadonlyMap<string, string>, config: unknown) {
    const text = metadata.get("lora_adapter_metadata");
    try {
      const json: unknown = text === undefined ? config : JSON.parse(text);
      if (typeof json !== "object" || json === null) return;
      this.#config = Object.fromEntries(
        Object.entries(json).map((
          [key, value],
        ) => [key.replace(/^transformer\./, ""), value]),
      );
    } catch {
      // Metadata is free text: ignore what is not PEFT's config.
    }
  }

  /**
   * The scale; undefined where nothing states alpha. `names` are those of one
   * layer: the official one and the file's own.
   */
  scale(
    names: readonly string[],
    ownRank: number | undefined,
  ): number | undefined {
    const { lora_alpha, alpha_pattern, use_rslora, r } = this.#config;
    const rank = ownRank ?? (typeof r === "number" && r > 0 ? r : undefined);
    // LoHa and LoKr call it alpha.
    let alpha: unknown = lora_alpha ?? this.#config["alpha"];
    if (typeof alpha_pattern === "object" && alpha_pattern !== null) {
      const first = Object.entries(alpha_pattern).find(([key]) => {
        const pattern = peftPattern(key);
        return names.some((name) => pattern.test(name));
      });
      if (first) alpha = first[1];
    }
    if (rank === undefined) return 1;
    if (typeof alpha !== "number") return undefined;
    return alpha / (use_rslora === true ? Math.sqrt(rank) : rank);
  }
}

/**
 * The pattern of a key in PEFT's configuration: an expression for the end of a
 * layer's name; the first that fits counts. Files of strangers are read, so only
 * expressions are taken that cannot take long.
 *
 * @throws {FormatError} When it is another one.
 */
function peftPattern(key: string): RegExp {
  const repeats = key.match(/[*+?{]/g)?.length ?? 0;
  const isSimple = key.length <= 200 && repeats <= 3 &&
    !/\)[*+?{]|[*+?}][*+{]|\(\?|\\[1-9k]/.test(key);
  try {
    if (isSimple) {
      // The end is always an end; a beginning may have a prefix here.
      const end = key.replace(/^\^|\$$/g, "");
      return new RegExp(`^(?:.*\\.)?(?:${end})$`);
    }
  } catch {
    // The error below says it.
  }
  throw new FormatError(
    `Cannot use the LoRA's configuration: alpha_pattern has ${
      quote(key)
    }, expected a name or a simple regular expression`,
  );
}

/** A LoRA and its strength. */
export interface LoraWithStrength {
  /** The opened file. */
  readonly lora: Lora;
  /** 1 as trained; 0 no effect; negative values invert it. */
  readonly strength: number;
}

/**
 * Combines LoRAs into the `adapters` of a transformer graph. The strengths are
 * part of the graph.
 *
 * @throws {RangeError} When a strength is not a finite number.
 */
export function loraAdapters(
  loras: readonly LoraWithStrength[],
): ReadonlyMap<string, LayerAdapter> {
  const acting = new Map<string, { layer: LoraLayer; strength: number }[]>();
  for (const { lora, strength } of loras) {
    if (!Number.isFinite(strength)) {
      throw new RangeError(
        `Cannot use ${
          quote(lora.name)
        } with strength ${strength}, expected a number`,
      );
    }
    if (strength === 0) continue;
    for (const [name, layer] of lora.layers) {
      const list = acting.get(name) ?? [];
      list.push({ layer, strength });
      acting.set(name, list);
    }
  }
  return new Map(
    [...acting].map(([name, list]) => [name, {
      branch: (x, y) =>
        list.reduce(
          (sum, { layer, strength }) => addBranch(x, sum, { layer, strength }),
          y,
        ),
      vector: (vector, stored) =>
        list.reduce(
          (sum, { layer, strength }) =>
            addDifference(sum, layer.diffs.get(vector), strength),
          stored,
        ),
    }]),
  );
}

/** `y` plus the LoRA's output for `x`. */
function addBranch(
  x: Value,
  y: Value,
  { layer, strength }: { layer: LoraLayer; strength: number },
): Value {
  const g = x.graph, { type } = x, inner = x.shape[1]!, out = y.shape[1]!;
  if (layer.factors) {
    const { down, up, scale } = layer.factors;
    const rank = down.shape[0]!;
    const hidden = gemm(x, g.tensor(down, { type, shape: [rank, inner] }));
    y = gemm(hidden, g.tensor(up, { type, shape: [out, rank] }), {
      bias: y,
      alpha: scale * strength,
    });
  }
  if (layer.product) {
    y = addLycoris(x, y, { product: layer.product, strength });
  }
  const whole = layer.diffs.get("weight");
  if (whole) {
    y = gemm(x, g.tensor(whole.entry, { type, shape: [out, inner] }), {
      bias: y,
      alpha: whole.scale * strength,
    });
  }
  return y;
}

/** A stored vector plus its diff. */
function addDifference(
  stored: Value,
  difference: { entry: TensorEntry; scale: number } | undefined,
  strength: number,
): Value {
  if (!difference) return stored;
  const { entry, scale } = difference;
  const { type, shape } = stored;
  return stored.add(
    stored.graph.tensor(entry, { type, shape }).mul(scale * strength),
  );
}
