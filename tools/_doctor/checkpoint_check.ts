/**
 * Checks a checkpoint folder: its networks, what is missing and where to get
 * it, and the memory that runs need.
 *
 * @module
 */

import { basename } from "node:path";
import type {
  CheckpointOptions,
  ComponentPaths,
} from "../../core/checkpoint/checkpoint.ts";
import {
  findTraining,
  TRAINING_TITLES,
  type TrainingFacts,
} from "../../core/checkpoint/training.ts";
import {
  type ComponentReport,
  reportComponent,
  type WeightDtype,
} from "../../core/checkpoint/checkpoint_report.ts";
import {
  activationBytes,
  type VideoShape,
} from "../../core/wan/activation_memory.ts";
import { type NetworkKind, NETWORKS } from "../../core/wan/networks.ts";
import type { CheckpointSurvey } from "../../core/checkpoint/survey_checkpoint.ts";
import type { LoraChoice } from "../../core/pipeline/pipeline_options.ts";
import { planModel } from "../../core/pipeline/plan_model.ts";
import { freeSpace } from "../../core/files/files.ts";
import { gigabytes } from "../../core/base/gigabytes.ts";
import { failure, type Finding, isDenied, type RunMemory } from "./finding.ts";

/** Memory of ONNX Runtime and the driver on a GPU besides a network, bytes. */
const RUNTIME_MEMORY = 0.5e9;
/** The tile size to recommend if the VAE needs too much memory, px. */
const TILE = 256;

/**
 * Checks a checkpoint folder. Reads headers only.
 *
 * @param options.permissions the fix for a missing permission
 * @param options.files which files to use instead of those in the folder
 * @param options.loras LoRAs that are to be used with it
 */
export async function checkCheckpoint(
  folder: string,
  options: {
    video: VideoShape;
    permissions: string;
    files?: CheckpointOptions;
    loras?: readonly LoraChoice[];
    /** `tiny` where the small decoder is to decode. */
    decoder?: "vae" | "tiny" | undefined;
  },
): Promise<Finding> {
  const { video, permissions, files = {}, loras = [], decoder } = options;
  try {
    const plan = await planModel(folder, { files, loras });
    const { survey, checkpointErrors, otherErrors } = plan;
    if (!survey) {
      const lines = [...checkpointErrors, ...otherErrors]
        .map((error) => failure(error).message);
      return {
        check: "checkpoint",
        state: "bad",
        message: `${lines.join("\n")}${await freeSpaceNote(folder)}`,
        todo: `Fetch the weights: ${downloadCommand(folder)}`,
      };
    }
    const finding = describeCheckpoint(survey, {
      folder,
      video,
      decoder,
      otherErrors,
      named: files.transformer === undefined
        ? {}
        : { transformer: files.transformer },
    });
    return survey.missing.length === 0 ? finding : {
      ...finding,
      message: `${finding.message}${await freeSpaceNote(folder)}`,
    };
  } catch (error) {
    if (!isDenied(error)) throw error;
    const { message } = failure(error);
    return { check: "checkpoint", state: "bad", message, todo: permissions };
  }
}

/** The free disk space, as one more line. */
async function freeSpaceNote(folder: string): Promise<string> {
  try {
    const free = gigabytes(await freeSpace(folder));
    return `\n${free} free; the weights need about 50 GB, or 30 GB with --variant fp8`;
  } catch {
    return ""; // not permitted: reported by the disk check
  }
}

/** A survey as a finding. */
function describeCheckpoint(
  survey: CheckpointSurvey,
  { folder, video, decoder, otherErrors, named }: {
    folder: string;
    video: VideoShape;
    decoder: "vae" | "tiny" | undefined;
    otherErrors: readonly Error[];
    named: ComponentPaths;
  },
): Finding {
  const { found, missing, broken } = survey;
  const training = found.transformer && findTraining({
    folder,
    named,
    transformer: found.transformer,
  });
  const networks = NETWORKS.flatMap((kind) => {
    const component = found[kind];
    return component ? [reportComponent(component, video)] : [];
  });
  const facts = {
    kind: "checkpoint",
    folder,
    networks,
    missing: missing.map(({ part }) => part),
    runs: runMemory(networks, video),
    video,
    ...(training && { training }),
  } as const;
  const about = { check: "checkpoint", facts } as const;
  const bytes = networks.reduce((sum, network) => sum + network.bytes, 0);
  if (missing.length + broken.length + otherErrors.length === 0) {
    const lacksDecoder = decoder === "tiny" && !survey.tinyVae;
    return {
      ...about,
      state: lacksDecoder ? "bad" : "good",
      ...(lacksDecoder && {
        todo: `Fetch the small decoder, or omit --vae tiny: ${
          smallDecoderCommand(folder)
        }`,
      }),
      message: [
        `${folder}: complete, ${gigabytes(bytes)}`,
        describeTraining(training),
        describeSmallDecoder(survey, { folder, video }),
        ...survey.unusedGguf.map((path) =>
          `not used: ${path}, a GGUF file: deno task quantize ${path} OUT.safetensors converts it`
        ),
      ].join("\n"),
    };
  }
  const lines = [
    ...missing.map(({ part, file, alternatives, repository }) =>
      `${part} is missing: ${file}, from ${repository} (or ${alternatives})`
    ),
    ...[...broken, ...otherErrors].map((error) => failure(error).message),
  ];
  const hints = [...broken, ...otherErrors]
    .flatMap((error) => failure(error).hint ?? []);
  const fetch = missing.length > 0
    ? `Download what is missing: ${downloadCommand(folder)}`
    : hints.length === 0 && broken.length === 0
    ? "Replace or leave out the file that is named."
    : hints.length === 0
    ? `Download the broken files again: ${
      downloadCommand(folder)
    } --verify --overwrite`
    : "";
  return {
    ...about,
    state: "bad",
    message: [
      `${folder}: ${networks.length} of ${NETWORKS.length} networks are usable`,
      ...lines,
    ].join("\n"),
    todo: [fetch, ...new Set(hints)].filter(Boolean).join("\n"),
  };
}

/** What the transformer was trained to follow, and the flag that fits. */
function describeTraining(facts: TrainingFacts | undefined): string {
  if (!facts) {
    return "nothing says whether the transformer is ATI's or Wan-Move's: pass --control ati, wan-move or none to generate.ts";
  }
  const { training, evidence, isSure } = facts;
  return `${isSure ? "" : "probably "}${
    TRAINING_TITLES[training]
  }, as ${evidence} says: --control ${training}`;
}

/** Whether there is a small decoder, and what it saves. */
function describeSmallDecoder(
  { tinyVae, found: { vae } }: CheckpointSurvey,
  { folder, video }: { folder: string; video: VideoShape },
): string {
  if (!tinyVae) {
    return `no small decoder: previews are rough, and --vae tiny cannot be used; ${
      smallDecoderCommand(folder)
    }`;
  }
  const memory = [tinyVae, ...(vae ? [vae] : [])].map((component) =>
    gigabytes(component.bytes + activationBytes(component, video, "fp32"))
  );
  return `small decoder: ${basename(tinyVae.files[0]!)}, ${
    gigabytes(tinyVae.bytes)
  }: previews in real pixels; --vae tiny decodes in ${
    memory.join(" instead of ")
  }`;
}

function smallDecoderCommand(folder: string): string {
  return `${downloadCommand(folder)} --variant tiny-vae`;
}

/** The command that downloads what a folder lacks. */
export function downloadCommand(folder: string): string {
  return `deno task download -c ${folder}`;
}

/**
 * The GPU memory of whole runs: the networks are loaded one after the other, so
 * the largest counts. Empty unless all networks are found.
 *
 * @param networks the results of `reportComponent`
 * @param video the size they were reported for
 */
export function runMemory(
  networks: readonly ComponentReport[],
  video: VideoShape = { width: 832, height: 480, frames: 81 },
): readonly RunMemory[] {
  const taken = (kind: NetworkKind, dtype: WeightDtype) => {
    const memory = networks.find((network) => network.kind === kind)?.memory
      .find((estimate) => estimate.dtype === dtype);
    return memory && RUNTIME_MEMORY + memory.weights + memory.activations;
  };
  // The same placement as `placeNetwork` of the pipeline.
  const [textOnCuda, textOnWebgpu] = [taken("t5", "bf16"), taken("t5", "fp32")];
  const [clip, vae] = [taken("clip", "fp32"), taken("vae", "fp32")];
  const tiles = Math.min(1, TILE ** 2 / (video.width * video.height));
  const vaeMemory = networks.find(({ kind }) => kind === "vae")?.memory
    .find(({ dtype }) => dtype === "fp32")?.activations ?? 0;
  const vaeInTiles = (vae ?? 0) - (1 - tiles) * vaeMemory;
  const transformer = networks.find(({ kind }) => kind === "transformer");
  if (!transformer || !textOnCuda || !textOnWebgpu || !clip || !vae) return [];
  const { memory, bytes } = transformer;
  // Weights of any dtype are computed with in 16 bits on CUDA, and in 32 on
  // WebGPU (`ProbedDevice.compute`).
  const { activations } = memory.find(({ dtype }) => dtype === "bf16")!;
  const inFloat32 = memory.find(({ dtype }) => dtype === "fp32")!.activations;
  return [
    { dtype: "stored", weights: bytes, activations } as const,
    ...memory,
  ].map(({ dtype, weights, activations }) => {
    const others = Math.max(RUNTIME_MEMORY + weights + activations, clip);
    const withoutText = Math.max(others, vae);
    const least = Math.max(others, vaeInTiles);
    return {
      precision: dtype,
      cuda: Math.max(withoutText, textOnCuda),
      webgpu: Math.max(
        withoutText,
        RUNTIME_MEMORY + weights + inFloat32,
        textOnWebgpu,
      ),
      withoutText,
      tiled: Math.max(least, textOnCuda),
      least,
    };
  });
}
