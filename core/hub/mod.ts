/**
 * Checkpoints from the Hugging Face Hub: planned, downloaded in parts, verified.
 *
 * @module
 */

export {
  type Variant,
  type VariantName,
  VARIANTS,
  type WantedFiles,
} from "./variants.ts";
export {
  type DownloadEvent,
  type DownloadPlan,
  planDownload,
  type PlannedFile,
  runDownload,
} from "./download_checkpoint.ts";
export {
  findToken,
  HUB_VARIABLES,
  hubCacheFolder,
  type HubEnvironment,
} from "./hub_cache.ts";
export {
  downloadFile,
  type DownloadFileOptions,
  type FileProgress,
} from "./download_file.ts";
export {
  type FileHash,
  type HubBody,
  HubClient,
  type HubFile,
  type HubOptions,
} from "./hub_client.ts";
export { HubError, type HubErrorCode } from "./hub_error.ts";
