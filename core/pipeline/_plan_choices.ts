/**
 * The ways to run each network, with the device memory that each takes.
 *
 * @module
 */

import type { AtiCheckpoint } from "../checkpoint/checkpoint.ts";
import type { ComputeType } from "../onnx/graph/graph_target.ts";
import type { LayerAdapter } from "../onnx/graph/value.ts";
import { activationBytes, type VideoShape } from "../wan/activation_memory.ts";
import { type BlockWeights, measureBlocks } from "../wan/block_weights.ts";
import { buildClipBlocks } from "../wan/image_encoder/clip_vision.ts";
import type { Execution, Placement } from "../wan/network_run.ts";
import type { Component, NetworkKind } from "../wan/networks.ts";
import { streamedUmt5Bytes } from "../wan/text_encoder/umt5_memory.ts";
import { buildUmt5Blocks } from "../wan/text_encoder/umt5_encoder.ts";
import { buildTransformerBlocks } from "../wan/transformer/transformer.ts";
import { streamedTransformerBytes } from "../wan/transformer/transformer_memory.ts";
import { tinyVaeActivationBytes } from "../wan/tiny_vae/tiny_vae_memory.ts";
import { decodingOnGpu, encodingOnGpu } from "../wan/vae/vae_memory.ts";
import type { NetworkPlan, PlanOptions } from "./network_plan.ts";

/**
 * Memory of a GPU besides a network's own: CUDA's context, its kernels and the
 * libraries' handles, in bytes. An allowance: it could not be counted.
 */
const RUNTIME_BYTES = 0.5e9;

/** What a device's runtime takes besides the networks, in bytes. */
export function runtimeBytes({ device }: Pick<Placement, "device">): number {
  return device.kind === "cpu" ? 0 : RUNTIME_BYTES;
}

/** What a plan is made of. */
export interface NetworkSizes {
  /** The checkpoint. */
  readonly checkpoint: Pick<AtiCheckpoint, NetworkKind> & {
    readonly tinyVae?:
      | Pick<Component<"tinyVae">, "config" | "bytes">
      | undefined;
  };
  /** Where the networks run and what they compute in. */
  readonly placements: Readonly<Record<NetworkKind, Placement>>;
  /** LoRA adapters of the transformer. */
  readonly adapters?: ReadonlyMap<string, LayerAdapter>;
  /** Whether blocks can be streamed: on CUDA and the CPU by the C API. */
  readonly streams: boolean;
  /** The blocks' weights, by network; see {@linkcode measureNetworks}. */
  readonly weights: Readonly<
    Record<"t5" | "clip" | "transformer", BlockWeights>
  >;
}

/** Measures the networks of a checkpoint; reads no weights. */
export function measureNetworks(
  options: Omit<NetworkSizes, "weights">,
): NetworkSizes {
  const { checkpoint, placements, adapters } = options;
  const { transformer, t5, clip } = checkpoint;
  const target = (kind: NetworkKind) => placements[kind].target;
  // The size of the weights does not depend on that of the video.
  const latent = transformer.config.patchSize;
  const streamed = true;
  return {
    ...options,
    weights: {
      transformer: measureBlocks(buildTransformerBlocks(transformer, {
        latent,
        target: target("transformer"),
        streamed,
        ...(adapters && { adapters }),
      })),
      t5: measureBlocks(
        buildUmt5Blocks(t5, { length: 1, target: target("t5"), streamed }),
      ),
      clip: measureBlocks(
        buildClipBlocks(clip, { target: target("clip"), streamed }),
      ),
    },
  };
}

/**
 * What convolutions take besides their inputs and outputs, as a factor: an
 * allowance, cuDNN's own memory could not be counted.
 */
const CONVOLUTIONS = 1.2;

/** The largest overlap that makes tiles leave no trace, in latent cells. */
const TILE_OVERLAP = 14;
/** The smallest tile, in px: twice the overlap and a little more. */
const SMALLEST_TILE = 256;

/** The transformer within a budget, the way that moves the fewest bytes first. */
export function transformerChoices(
  sizes: NetworkSizes,
  options: PlanOptions,
): NetworkPlan[] {
  const { budget, video, passes } = options;
  const { checkpoint: { transformer }, streams } = sizes;
  const { count, block, total, alike } = sizes.weights.transformer;
  const { compute } = sizes.placements.transformer.target;
  const runtime = runtimeBytes(sizes.placements.transformer);
  const element = elementBytes(compute);
  const edge = edgeBytes(transformer, sizes.weights.transformer);
  const whole = activationBytes(transformer, video, dtypeOf(compute));
  const plan = (
    execution: Execution,
    weights: number,
    rest: { activations: number; moved: number; text: string },
  ): NetworkPlan => ({
    kind: "transformer",
    where: "device",
    execution,
    peak: runtime + weights + rest.activations,
    ...rest,
  });
  const choices: NetworkPlan[] = [
    plan("monolithic", edge + total, {
      activations: whole,
      moved: 0,
      text: "as one graph",
    }),
  ];
  if (streams && alike) {
    const { state, workspace } = streamedTransformerBytes(
      transformer.config,
      video,
      {
        element,
        converted: conversionOf(transformer, compute),
        isGuided: options.isGuided,
      },
    );
    const streamed: NetworkPlan[] = [];
    const most = typeof options.execution === "object"
      ? Math.min(passes, options.execution.passes ?? 1)
      : passes;
    for (let together = most; together >= 1; together--) {
      const states = together * state;
      const slots = Math.floor((budget - runtime - states - workspace) / block);
      const resident = typeof options.execution === "object"
        ? Math.min(count, options.execution.resident)
        : Math.max(0, Math.min(count, slots) - 2);
      const held = Math.min(count, resident + 2);
      const left = held === count ? 0 : count - resident;
      const sweeps = passes / together;
      streamed.push(
        plan({ resident, passes: together }, held * block + states, {
          activations: workspace,
          moved: sweeps * left * block + edge,
          text: left === 0
            ? `all ${count} blocks on the device, one after the other`
            : `${resident} of ${count} blocks on the device, the others streamed, ${
              passes === 1
                ? "one pass"
                : sweeps === 1
                ? "both passes together"
                : "one pass after the other"
            }`,
        }),
      );
    }
    choices.push(...streamed.toSorted((a, b) => a.moved - b.moved));
  }
  const { execution } = options;
  if (!streams || !alike || execution === "blockwise") {
    choices.push(plan("blockwise", Math.max(block, edge), {
      activations: whole,
      moved: total + edge,
      text: `each of ${count} blocks opened in turn`,
    }));
  }
  if (execution === undefined) return choices;
  return choices.filter((choice) =>
    typeof execution === "object"
      ? typeof choice.execution === "object"
      : choice.execution === execution
  );
}

/** The text or image encoder: whole, streamed, or on the CPU. */
export function encoderChoices(
  kind: "t5" | "clip",
  sizes: NetworkSizes,
): NetworkPlan[] {
  const { streams } = sizes;
  const component = sizes.checkpoint[kind];
  const weights = sizes.weights[kind];
  const { device, target: { compute } } = sizes.placements[kind];
  const runtime = runtimeBytes(sizes.placements[kind]);
  const whole = activationBytes(component, SMALL_VIDEO, dtypeOf(compute));
  const edge = edgeBytes(component, weights);
  const element = elementBytes(compute);
  const converted = conversionOf(component, compute) !== "none";
  const plan = (
    execution: Execution,
    held: number,
    rest: { activations: number; moved: number; text: string },
  ): NetworkPlan => ({
    kind,
    where: "device",
    execution,
    peak: runtime + held + rest.activations,
    ...rest,
  });
  const onCpu: NetworkPlan = {
    kind,
    where: "cpu",
    execution: "blockwise",
    peak: 0,
    activations: 0,
    moved: 0,
    text: "on the CPU",
  };
  // Where somebody put it on the CPU, it takes nothing of the device.
  if (
    device.kind === "cpu" && sizes.placements.transformer.device.kind !== "cpu"
  ) return [onCpu];
  const moved = weights.total + edge;
  const slots = Math.min(weights.count, 2) * weights.block;
  const { state, workspace } = kind === "t5"
    ? streamedUmt5Bytes(sizes.checkpoint.t5.config, {
      element,
      converted,
      embedding: edge,
    })
    : {
      state: 0,
      workspace: edge + whole + (converted ? weights.block * 2 : 0),
    };
  return [
    plan("monolithic", edge + weights.total, {
      activations: whole + (converted ? 2 * weights.block : 0),
      moved,
      text: "as one graph",
    }),
    streams && weights.alike
      ? plan({ resident: 0, passes: 2 }, slots + 2 * state, {
        activations: workspace,
        moved,
        text: "its blocks streamed",
      })
      : plan("blockwise", Math.max(weights.block, edge), {
        activations: whole,
        moved,
        text: "each block opened in turn",
      }),
    ...(device.kind === "cpu" ? [] : [onCpu]),
  ];
}

/**
 * The VAE: whole, or in tiles, the least work first. For a draft it encodes only,
 * and the small decoder takes whole frames.
 */
export function vaeChoices(
  sizes: NetworkSizes,
  { video, vae = {}, decoder }: PlanOptions,
): NetworkPlan[] {
  const { checkpoint, placements } = sizes;
  const { config, bytes } = checkpoint.vae;
  const draft = decoder === "tiny" ? checkpoint.tinyVae : undefined;
  const { compute } = placements.vae.target;
  const element = compute === "float16" ? 2 : 4;
  const { width, height, frames } = video;
  const plan = (tile: number | undefined): NetworkPlan & { work: number } => {
    const side = (axis: number) => Math.min(axis, tile ?? axis);
    const pixels = side(width) * side(height);
    const stages = [{
      weights: bytes,
      activations: CONVOLUTIONS *
        (draft
          ? encodingOnGpu(config, { pixels, element })
          : decodingOnGpu(config, { pixels, frames, element })),
    }];
    if (draft) {
      stages.push({
        weights: draft.bytes,
        activations: CONVOLUTIONS *
          tinyVaeActivationBytes(draft.config, {
            pixels: width * height,
            element,
          }),
      });
    }
    const { weights, activations } = stages.reduce((a, b) =>
      b.weights + b.activations > a.weights + a.activations ? b : a
    );
    const tiles = tile === undefined
      ? 1
      : tilesAlong(width, tile) * tilesAlong(height, tile);
    return {
      kind: "vae",
      where: "device",
      execution: "monolithic",
      vae: tile === undefined
        ? vae
        : { ...vae, tiles: { size: tile / 8, overlap: TILE_OVERLAP } },
      peak: runtimeBytes(placements.vae) + weights + activations,
      activations,
      moved: bytes,
      text: (tiles === 1 ? "whole frames" : `${tiles} tiles of ${tile} px`) +
        (draft ? ", for encoding; the small decoder decodes" : ""),
      work: tiles * side(width) * side(height),
    };
  };
  if (vae.tiles) {
    const { vae: _, ...given } = plan(vae.tiles.size * 8);
    return [{ ...given, vae }];
  }
  const choices = [plan(undefined)];
  for (let tile = SMALLEST_TILE; tile < Math.max(width, height); tile += 32) {
    choices.push(plan(tile));
  }
  return choices.toSorted((a, b) => a.work - b.work || a.peak - b.peak);
}

function tilesAlong(axis: number, tile: number): number {
  const [cells, size] = [axis / 8, tile / 8];
  return size >= cells
    ? 1
    : Math.ceil((cells - TILE_OVERLAP) / (size - TILE_OVERLAP));
}

/** For networks whose memory does not depend on it. */
const SMALL_VIDEO: VideoShape = { width: 16, height: 16, frames: 1 };

/** The weights outside of the blocks, as stored. */
function edgeBytes(component: Component, { total }: BlockWeights): number {
  return Math.max(0, component.bytes - total);
}

function elementBytes(compute: ComputeType): 2 | 4 {
  return compute === "float32" ? 4 : 2;
}

function dtypeOf(compute: ComputeType): "fp32" | "bf16" {
  return compute === "float32" ? "fp32" : "bf16";
}

const STORED: Readonly<Record<ComputeType, string>> = {
  float32: "F32",
  float16: "F16",
  bfloat16: "BF16",
};

/** What is done with most of the weights before they are computed with. */
function conversionOf(
  { dtypes }: Pick<Component, "dtypes">,
  compute: ComputeType,
): "none" | "cast" | "unpacked" {
  const [largest] = dtypes.keys();
  if (largest === "U8") return "unpacked";
  return largest === STORED[compute] ? "none" : "cast";
}
