/**
 * Checkpoints: opened from a folder or from single files, headers only, and
 * reported on.
 *
 * @module
 */

export {
  diskFiles,
  openAtiCheckpoint,
  openComponent,
} from "./open_checkpoint.ts";
export type {
  AtiCheckpoint,
  CheckpointOptions,
  ComponentPaths,
} from "./checkpoint.ts";
export { findTraining, type Training, type TrainingFacts } from "./training.ts";
export {
  type ComponentReport,
  type MemoryEstimate,
  reportCheckpoint,
  reportComponent,
  type WeightDtype,
} from "./checkpoint_report.ts";
export {
  officialConfig,
  TINY_CONFIG,
  tinyCheckpoint,
  type TinyCheckpointOptions,
} from "./tiny_checkpoint.ts";
