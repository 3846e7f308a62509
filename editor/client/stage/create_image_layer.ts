/**
 * Chooses the image layer: WebGL2, or a 2D canvas where there is none.
 *
 * @module
 */

import { say, sayError } from "../state.ts";
import type { ImageLayer } from "./image_layer.ts";
import { WebglLayer } from "./webgl_layer.ts";

/**
 * Takes a canvas that has no context yet. `onChange` is called when what was
 * drawn has to be drawn again.
 */
export async function createImageLayer(
  canvas: HTMLCanvasElement,
  onChange: () => void,
): Promise<ImageLayer> {
  const gl = canvas.getContext("webgl2", {
    antialias: false,
    depth: false,
    powerPreference: "low-power",
  });
  if (gl) return new WebglLayer(gl, onChange);
  say("This browser has no WebGL2: the preview is slower and less sharp");
  const { CanvasLayer } = await import("../later.ts");
  return new CanvasLayer(canvas, { onFrame: onChange, onError: sayError });
}
