/** How sessions are opened, whichever interface of the library opens them. */

import type { Device } from "./device.ts";
import type { SessionSettings } from "./_messages.ts";

/**
 * The entries of a session's configuration.
 *
 * They keep ONNX Runtime from making private copies of weights: no prepacking,
 * and no folding of a weight's cast into a constant. (No memory pattern, which
 * would reserve the sum of all weights in one block, and no arena of each
 * session go with them.) Threads sleep while they wait, so that videos are
 * encoded and other programs run meanwhile.
 */
export function sessionConfig(
  { device, weightsFolder, recompute = false }:
    & Pick<SessionSettings, "weightsFolder">
    & {
      device: Device;
      /** Whether what a graph says twice is computed twice, not kept. */
      recompute?: boolean;
    },
): Readonly<Record<string, string>> {
  return {
    "session.disable_prepacking": "1",
    "session.intra_op.allow_spinning": "0",
    "optimization.disable_specified_optimizers": [
      "ConstantFolding",
      "FuseFp16InitializerToFp32NodeTransformer",
      ...(recompute ? ["CommonSubexpressionElimination"] : []),
    ].join(";"),
    // On CUDA the arena grows by up to 1 GiB at a time, and what weights leave
    // of that is no use to activations: 1 GB for the 14B model.
    ...(device.kind === "cuda"
      ? { "session.use_device_allocator_for_initializers": "1" }
      : {}),
    ...(weightsFolder === "" ? {} : {
      "session.model_external_initializers_file_folder_path": weightsFolder,
    }),
  };
}
