/**
 * The small decoder in a generation: previews in real pixels, and drafts.
 *
 * @module
 */

import { withHint } from "../base/errors.ts";
import type { RgbImage } from "../base/image.ts";
import type { Tensor } from "../base/tensor.ts";
import type { AtiCheckpoint } from "../checkpoint/checkpoint.ts";
import { latentPreview } from "../wan/frames/latent_preview.ts";
import type { TinyRunOptions } from "../wan/tiny_vae/decode_tiny.ts";
import type { TinyVaeComponent } from "../wan/tiny_vae/tiny_decoder.ts";
import { tinyPreview } from "../wan/tiny_vae/tiny_preview.ts";
import type { PipelineListener } from "./events.ts";

/**
 * The checkpoint's small decoder.
 *
 * @throws {TypeError} When it has none.
 */
export function requireTinyVae(checkpoint: AtiCheckpoint): TinyVaeComponent {
  if (checkpoint.tinyVae) return checkpoint.tinyVae;
  throw new TypeError(
    withHint(
      `Cannot decode a draft: ${
        JSON.stringify(checkpoint.folder)
      } has no small decoder, expected lighttaew2_1.safetensors or taew2_1.safetensors`,
      "Pass it as --tiny_vae FILE, or fetch one: deno task download -c FOLDER --variant tiny-vae",
    ),
  );
}

/**
 * Previews in real pixels. If the decoder fails on the device (its memory may
 * be full), a note says so and previews are linear from then on.
 */
export function smallDecoderPreview(
  component: TinyVaeComponent,
  options: TinyRunOptions & { readonly emit: PipelineListener },
): (clean: Tensor) => Promise<RgbImage> {
  const { emit, ...run } = options;
  let isUsable = true;
  return async (clean) => {
    if (isUsable) {
      try {
        return await tinyPreview(component, clean, run);
      } catch (error) {
        run.signal?.throwIfAborted();
        isUsable = false;
        const reason = error instanceof Error ? error.message : String(error);
        emit({
          type: "note",
          message: `previews without the small decoder: ${reason}`,
        });
      }
    }
    return latentPreview(clean);
  };
}
