/**
 * The four networks of Wan2.1: each can be run by itself, or written as a graph.
 *
 * @module
 */

export type { RgbImage } from "../base/image.ts";
export type { Tensor } from "../base/tensor.ts";
export {
  type Component,
  type ComponentKind,
  type DtypeShare,
  type NetworkConfigs,
  type NetworkKind,
  networkLayout,
  NETWORKS,
} from "./networks.ts";
export type { LayoutTensor } from "./network_descriptor.ts";
export type { Naming } from "./tensor_names.ts";
export type { VideoShape } from "./activation_memory.ts";
export type {
  Execution,
  NetworkOptions,
  NetworkRunOptions,
  Placement,
  StreamedExecution,
} from "./network_run.ts";
export { encodeTexts } from "./text_encoder/encode_text.ts";
export {
  buildUmt5Blocks,
  buildUmt5Encoder,
  type Umt5Component,
  type Umt5Options,
} from "./text_encoder/umt5_encoder.ts";
export { type T5Config, UMT5_XXL } from "./text_encoder/layout.ts";
export { preprocessClipImage } from "./image_encoder/preprocess_image.ts";
export { encodeClipImage } from "./image_encoder/encode_clip_image.ts";
export {
  buildClipBlocks,
  buildClipVision,
  type ClipComponent,
  type ClipOptions,
} from "./image_encoder/clip_vision.ts";
export { CLIP_VIT_H_14, type ClipConfig } from "./image_encoder/layout.ts";
export {
  decodeVideo,
  encodeVideo,
  tensorFrames,
  type TileOptions,
  type VaeRunOptions,
} from "./vae/run_vae.ts";
export { trackWithAllTracker } from "./alltracker/track_with_alltracker.ts";
export type {
  AllTrackerOptions,
  AllTrackerProgress,
  AllTrackerTracks,
} from "./alltracker/alltracker_tracks.ts";
export {
  type AllTrackerComponent,
  buildAllTrackerEncoder,
  buildAllTrackerLookUp,
  buildAllTrackerPixels,
  buildAllTrackerUpdate,
  type CellSize,
} from "./alltracker/alltracker_graphs.ts";
export {
  ALL_TRACKER,
  ALL_TRACKER_TINY,
  type AllTrackerConfig,
  type BasicEncoder,
  type ConvNextEncoder,
} from "./alltracker/layout.ts";
export { allTrackerSize, type WorkingSize } from "./alltracker/working_size.ts";
export { decodeTiny, type TinyRunOptions } from "./tiny_vae/decode_tiny.ts";
export {
  buildTinyDecoder,
  buildTinyOutput,
  takesRawLatents,
  type TinyDecoderOptions,
  type TinyVaeComponent,
} from "./tiny_vae/tiny_decoder.ts";
export { tinyPreview } from "./tiny_vae/tiny_preview.ts";
export { TAEW_2_1, type TinyVaeConfig } from "./tiny_vae/layout.ts";
export type {
  VaeChunk,
  VaeComponent,
  VaeOptions,
  VaePart,
} from "./vae/vae_chunks.ts";
export { buildVaeDecoder } from "./vae/vae_decoder.ts";
export { buildVaeEncoder } from "./vae/vae_encoder.ts";
export { type VaeConfig, WAN_VAE } from "./vae/layout.ts";
export {
  createPredictor,
  type PredictorOptions,
} from "./transformer/predictor.ts";
export type {
  Conditions,
  PassTime,
  PredictionRequest,
  Predictions,
  PredictOptions,
  Predictor,
} from "./transformer/prediction.ts";
export {
  buildTransformer,
  buildTransformerBlocks,
  type TransformerComponent,
  type TransformerOptions,
} from "./transformer/transformer.ts";
export {
  transformerFeeds,
  type TransformerInputs,
} from "./transformer/transformer_feeds.ts";
export { type TransformerConfig, WAN_14B_I2V } from "./transformer/layout.ts";
export {
  type Lora,
  loraAdapters,
  type LoraLayer,
  type LoraWithStrength,
  readLora,
} from "./lora/lora.ts";
export {
  type QuantizableNetwork,
  type QuantizationError,
  type QuantizationProgress,
  type QuantizeOptions,
  quantizeTransformer,
  type RandomAccessSink,
} from "./quantize/quantize_transformer.ts";
export {
  DEFAULT_MAX_AREA,
  type LatentSize,
  latentSize,
  type LatentSizeOptions,
} from "./frames/latent_size.ts";
export { conditioningVideo, firstFrame } from "./frames/first_frame.ts";
export { tensorToFrames } from "./frames/tensor_to_frames.ts";
export { latentPreview } from "./frames/latent_preview.ts";
export {
  type PixelSize,
  resizeBicubic,
  resizeImageBicubic,
} from "./frames/bicubic.ts";
export type { FrameSource } from "./frames/frame_source.ts";
export type { FactoredMatrix, LycorisProduct } from "./lora/lycoris.ts";
