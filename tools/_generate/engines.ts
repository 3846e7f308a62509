/**
 * Which engines a command line asks for, and on which devices.
 *
 * @module
 */

import { dirname } from "node:path";
import type { AtiCheckpoint } from "../../core/checkpoint/checkpoint.ts";
import type { Engine } from "../../core/jobs/engine.ts";
import {
  createModelEngine,
  fingerprintOverrides,
} from "../../core/jobs/model_engine.ts";
import { createPreviewEngine } from "../../core/jobs/preview_engine.ts";
import type { Recipe } from "../../core/jobs/recipe.ts";
import { withHint } from "../../core/base/errors.ts";
import { gigabytes } from "../../core/base/gigabytes.ts";
import { AtiPipeline } from "../../core/pipeline/ati_pipeline.ts";
import { useCudaProvider } from "../../core/onnx/runtime/cuda_provider.ts";
import type { Overrides } from "../../core/pipeline/generation.ts";
import { planModel } from "../../core/pipeline/plan_model.ts";
import { describePlan } from "../../core/pipeline/memory_plan.ts";
import {
  type ProbedDevice,
  probeDevice,
  resolveDevice,
} from "../../core/onnx/runtime/devices.ts";
import type { GenerateOptions, ModelOptions } from "./options.ts";
import { promptExtender } from "./prompt_extender.ts";
import { UNKNOWN_TRAINING } from "../../core/pipeline/training_check.ts";
import { checkpointInputs } from "../shared/checkpoint_inputs.ts";
import { UsageError } from "../shared/tool.ts";
import { injectedFiles, readInjected } from "./injected.ts";

/** What engines are opened for. */
export interface EnginesOptions {
  /** How many items there are: one item alone may use two devices. */
  readonly items: number;
  /** The checkpoint of {@linkcode planEngines}; not needed for previews. */
  readonly checkpoint: AtiCheckpoint | undefined;
  /** The recipe of a video that is to be made again. */
  readonly made?: MadeRecipe | undefined;
  /** Whether it is worth knowing that nothing tells ATI's and Wan-Move's apart. */
  readonly asksTraining: boolean;
  /** Ends the opening. */
  readonly signal: AbortSignal;
  /** Called with what a person should know. */
  readonly onNote: (line: string) => void;
}

/** Latent cells that neighboring tiles share: no seam is seen with as many. */
const TILE_OVERLAP = 14;
/** More previews at once wait for the thread that warps them. */
const MOST_PREVIEWS = 4;
/** GPUs that are looked for when nobody says how many. */
const MOST_GPUS = 16;

/**
 * Reads everything that the engines of a command line will need, loading
 * nothing.
 *
 * @returns The checkpoint, if the model is to work and its files are right, and
 * all that is wrong.
 * @throws {Deno.errors.NotCapable} When a permission is missing.
 */
export async function planEngines(
  { engine, model }: GenerateOptions,
): Promise<{ checkpoint: AtiCheckpoint | undefined; errors: unknown[] }> {
  if (engine === "preview") return { checkpoint: undefined, errors: [] };
  const errors: unknown[] = [];
  let inject: Overrides | undefined;
  try {
    inject = model.inject === undefined
      ? undefined
      : await readInjected(model.inject);
  } catch (error) {
    if (error instanceof Deno.errors.NotCapable) throw error;
    errors.push(error);
  }
  const plan = await planModel(
    // With all parts named nothing is looked for in the folder.
    model.checkpoint ?? dirname(model.parts.transformer!),
    {
      files: {
        ...(inject?.textIds && inject.negativeIds && { tokenizer: false }),
        ...model.parts,
      },
      loras: model.loras,
      ...(model.dtype !== undefined && { dtype: model.dtype }),
    },
  );
  errors.push(...plan.checkpointErrors, ...plan.otherErrors);
  return { checkpoint: plan.checkpoint, errors };
}

/**
 * The engines of a run, one for each device that is to work; one for two
 * devices where there is a single item.
 *
 * @returns The engines, and the files that they read: no output may replace one.
 * @throws {UsageError} When the engine or a device asked for cannot be had.
 */
export async function openEngines(
  options: GenerateOptions,
  { items, checkpoint, asksTraining, signal, onNote, made }: EnginesOptions,
): Promise<{ engines: Engine[]; inputs: string[] }> {
  const { maxArea, frameCount, model } = options;
  if (options.engine === "preview" || !checkpoint) {
    // One thread warps, and the encoders of several items have their own.
    const lanes = Math.max(
      1,
      Math.min(items, navigator.hardwareConcurrency, MOST_PREVIEWS),
    );
    return {
      engines: Array.from(
        { length: lanes },
        () => createPreviewEngine({ maxArea, frameCount }),
      ),
      inputs: [],
    };
  }
  const inject = model.inject === undefined
    ? undefined
    : await readInjected(model.inject);
  const extend = model.extend && promptExtender(model.extend);
  if (model.cudaProvider !== undefined) {
    await useCudaProvider(model.cudaProvider);
  }
  const devices = await findDevices(model, signal);
  const lanes: [ProbedDevice, ProbedDevice?][] =
    items === 1 && devices.length > 1
      ? [[devices[0]!, devices[1]!]]
      : devices.slice(0, Math.max(1, items)).map((device) => [device]);
  const threads = model.threads ?? sharedThreads(devices);
  const engines: Engine[] = [];
  for (const lane of lanes) {
    const pipeline = await AtiPipeline.open({
      checkpoint,
      devices: lane,
      ...(model.dtype !== undefined && { dtype: model.dtype }),
      textEncoderOnCpu: model.t5Cpu,
      ...(model.vram !== undefined && { vram: model.vram }),
      ...(model.execution !== undefined && {
        execution: model.execution === "streamed"
          ? { resident: 0, passes: 2 }
          : model.execution,
      }),
      offloadModel: model.offloadModel ?? true,
      loras: model.loras,
      ...(model.tile !== undefined && {
        vae: { tiles: { size: model.tile / 8, overlap: TILE_OVERLAP } },
      }),
      signal,
      ...(threads !== undefined && { threads }),
      ...(model.cacheDir !== undefined && { cacheDir: model.cacheDir }),
    });
    onNote(`The model runs on ${pipeline.placement}.`);
    for (const note of pipeline.notes) onNote(note);
    for (const line of planned(pipeline, options)) onNote(line);
    if (asksTraining && engines.length === 0 && !pipeline.training) {
      onNote(UNKNOWN_TRAINING);
    }
    if (made) await checkMade(made, pipeline, { ...model, inject });
    engines.push(
      await createModelEngine({
        pipeline,
        settings: model.settings,
        resumeEvery: model.resumeEvery,
        previewEvery: model.previewEvery,
        keepLatent: model.keepLatent,
        ...(inject && { overrides: inject }),
        ...(extend && { extendPrompt: extend }),
      }),
    );
  }
  return {
    engines,
    inputs: [
      ...await checkpointInputs(checkpoint),
      ...model.loras.map(({ file }) => file),
      ...(model.inject === undefined ? [] : injectedFiles(model.inject)),
    ],
  };
}

/** How the networks are run; none where memory is not limited. */
function planned(
  pipeline: AtiPipeline,
  { maxArea, frameCount, model }: GenerateOptions,
): string[] {
  // Images of other shapes become videos of nearly the same area.
  const { width, height } = pipeline.videoSize(
    { width: 832, height: 480 },
    { ...model.settings, maxArea, frameCount },
  );
  const plan = pipeline.memoryPlan(
    { width, height, frames: frameCount },
    model.settings,
  );
  return plan
    ? [
      `Memory plan for ${gigabytes(plan.budget)}:`,
      ...describePlan(plan).map((line) => `  ${line}`),
    ]
    : [];
}

/** The devices to work on: as many as were asked for, or all GPUs there are. */
async function findDevices(
  { device, gpus }: ModelOptions,
  signal: AbortSignal,
): Promise<ProbedDevice[]> {
  const first = await resolveDevice(device, { signal });
  const { kind } = first.device;
  // Processors can stand in for GPUs, to try things out.
  if (kind === "cpu") return new Array(gpus ?? 1).fill(first);
  const found = [first];
  while (kind === "cuda" && found.length < (gpus ?? MOST_GPUS)) {
    const next = { kind, index: found.length };
    const report = await probeDevice(next, { signal });
    if (report.state === "unusable") break;
    found.push(report.found);
  }
  if (gpus !== undefined && found.length < gpus) {
    throw new UsageError(withHint(
      `Cannot use ${gpus} GPUs: ${found.length} can be used`,
      "Omit -g to use all that work.",
    ));
  }
  return found;
}

/** Several engines on one processor share its cores. */
function sharedThreads(devices: readonly ProbedDevice[]): number | undefined {
  if (devices.length < 2 || devices[0]!.device.kind !== "cpu") return undefined;
  return Math.max(
    1,
    Math.floor(navigator.hardwareConcurrency / devices.length),
  );
}

/** What a recipe says of the weights, and of numbers from elsewhere. */
type MadeRecipe = Pick<Recipe, "checkpoint" | "loras" | "injected">;

/**
 * Checks that a recipe's video was made with the weights that are open, and
 * with the same injected numbers.
 *
 * @throws {UsageError} When it was not.
 */
async function checkMade(
  { checkpoint: { weights }, loras = [], injected }: MadeRecipe,
  pipeline: AtiPipeline,
  { settings, inject }: {
    readonly settings: GenerateOptions["model"]["settings"];
    readonly inject: Overrides | undefined;
  },
): Promise<void> {
  const fail = (what: string, hint: string) =>
    new UsageError(withHint(`Cannot follow the recipe: ${what}`, hint));
  const now = inject ? await fingerprintOverrides(inject) : null;
  if (injected !== undefined && now !== injected) {
    throw fail(
      injected === null
        ? "the video was made without injected numbers"
        : "the video was made with injected numbers, and these are others",
      injected === null ? "Omit --inject." : "Pass them: --inject FOLDER.",
    );
  }
  const other = (file: string) =>
    `${JSON.stringify(file)} has other weights than the video was made with`;
  if (await pipeline.fingerprint(settings.decoder) !== weights) {
    throw fail(
      other(pipeline.checkpoint.folder),
      "Pass the folder of the right checkpoint: -c FOLDER.",
    );
  }
  loras.forEach((lora, i) => {
    const { weights, scales } = pipeline.loras[i]!;
    // Earlier versions did not look at the scales.
    const isSame = weights === lora.weights &&
      (lora.scales ?? scales) === scales;
    if (!isSame) {
      throw fail(other(lora.file), "The video would be another one.");
    }
  });
}
