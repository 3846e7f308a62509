/**
 * Runs the image encoder.
 *
 * @module
 */

import {
  buildClipBlocks,
  buildClipVision,
  type ClipComponent,
} from "./clip_vision.ts";
import { runInBlocks } from "../run_in_blocks.ts";
import type { Tensor } from "../../base/tensor.ts";
import {
  executionFor,
  inRuntime,
  type NetworkRunOptions,
} from "../network_run.ts";

/**
 * The features of an image, `[257, dim]`, the class token first, from its
 * normalized pixels `[1, 3, 224, 224]` (see `preprocessClipImage`).
 *
 * @throws {RangeError} When the pixels have another shape.
 *
 * @example
 * ```ts
 * import {
 *   CPU,
 *   encodeClipImage,
 *   openComponent,
 *   preprocessClipImage,
 *   type RgbImage,
 *   type Tensor,
 * } from "@ati/ati";
 *
 * export async function embed(file: string, image: RgbImage): Promise<Tensor> {
 *   const clip = await openComponent("clip", file);
 *   return await encodeClipImage(clip, preprocessClipImage(image), {
 *     device: CPU,
 *   });
 * }
 * ```
 */
export async function encodeClipImage(
  component: ClipComponent,
  pixels: Tensor,
  options: NetworkRunOptions,
): Promise<Tensor<Float32Array<ArrayBuffer>>> {
  const { target, signal, onProgress } = options;
  const graphOptions = target ? { target } : {};
  const name = "the image encoder";
  const features = await inRuntime(options, async (runtime) => {
    const execution = executionFor(options);
    if (execution !== "monolithic") {
      const [made] = await runInBlocks(
        runtime,
        (streamed) => buildClipBlocks(component, { ...graphOptions, streamed }),
        { execution, feeds: [{ pixels }], name, signal, onProgress },
      );
      return made!["y"]!;
    }
    const graph = buildClipVision(component, graphOptions);
    const session = await runtime.open(graph, { name, signal });
    const { features } = await session.run({ pixels }, { signal });
    onProgress?.(1, 1);
    return features!;
  });
  return { dims: features.dims.slice(1), data: features.data };
}
