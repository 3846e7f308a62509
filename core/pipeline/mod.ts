/**
 * From an image, tracks and a prompt to a video, with the model.
 *
 * @module
 */

export type { RgbImage } from "../base/image.ts";
export type { Tensor } from "../base/tensor.ts";
export { AtiPipeline, type VideoSize } from "./ati_pipeline.ts";
export type {
  GenerateOptions,
  LoraChoice,
  PipelineOptions,
} from "./pipeline_options.ts";
export {
  type CompleteSettings,
  completeSettings,
  type GenerationInputs,
  type GenerationSettings,
  type Overrides,
} from "./generation.ts";
export {
  type GenerationReport,
  type PipelineEvent,
  type PipelineListener,
  type StageName,
  STAGES,
} from "./events.ts";
export {
  type ComputeDtype,
  NETWORK_DTYPES,
  type NetworkDtypes,
  placeNetwork,
  type QuantizedDtype,
} from "./placement.ts";
export {
  BudgetError,
  describePlan,
  type MemoryPlan,
  type NetworkPlan,
} from "./memory_plan.ts";
export type { OpenedLoras } from "./lora_files.ts";
export { VERSION } from "./fingerprint.ts";
