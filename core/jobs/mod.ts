/**
 * Job files, and runs over them: planned, checked, resumable.
 *
 * @module
 */

export type { Seed } from "../base/seed.ts";
export type { RgbImage } from "../base/image.ts";
export {
  type JobEntry,
  JobFileError,
  type JobProblem,
  type ParsedJob,
} from "./job_file.ts";
export {
  type FoundFile,
  type FoundJobs,
  type Job,
  readJobs,
  tryReadJobs,
} from "./read_jobs.ts";
export {
  type FaultyJob,
  type ParsedJobs,
  parseJobs,
  type ParseOptions,
} from "./parse_jobs.ts";
export { rewriteJobPaths, upsertJob } from "./edit_jobs.ts";
export {
  type ItemOutputs,
  type PlannedJob,
  type PlanOptions,
  planRun,
  type RunItem,
} from "./plan_run.ts";
export { type FileHashes, type ItemInputs, loadInputs } from "./item_inputs.ts";
export { planSegments, type Segment, type SegmentPlan } from "./segments.ts";
export {
  type LongInputs,
  renderSegments,
  type SegmentSignals,
} from "./render_segments.ts";
export { checkItems, type ItemProblem } from "./check_items.ts";
export type { ChangedKeys } from "./changed_jobs.ts";
export type { EarlierRuns, OwnValues } from "./kept_video.ts";
export { runItems } from "./run_items.ts";
export type { RunEvent, RunOptions, RunSummary } from "./run_options.ts";
export type { LockOptions, SeenLocks } from "./item_lock.ts";
export type {
  Engine,
  EngineName,
  EngineProgress,
  EngineVideo,
  RenderInputs,
  RenderOptions,
  RenderSteering,
  WorkDir,
} from "./engine.ts";
export {
  createPreviewEngine,
  type PreviewEngineOptions,
} from "./preview_engine.ts";
export { createModelEngine, type ModelEngineOptions } from "./model_engine.ts";
export type { SignalFiles, SignalSource } from "./item_signal.ts";
export { readRecipe, type Recipe, writeRecipe } from "./recipe.ts";
