/**
 * Drawings (SVG) as pixels.
 *
 * @module
 */

import { FormatError } from "../base/errors.ts";
import type { RgbImage } from "../base/image.ts";
import { loadSharp } from "./_sharp.ts";

/** Twice the 72 dots per inch at which an SVG px is a px. */
const DOUBLE_DENSITY = 144;

/**
 * Renders a drawing at twice the size and shrinks it, which smooths the edges.
 * Nothing outside the text is read; transparent places become black.
 *
 * @param size The image's size in px; the drawing's own should have the same
 * proportions.
 * @throws {FormatError} When the text is no SVG that can be drawn.
 * @throws {Error} With a HINT when sharp cannot be loaded.
 */
export async function renderSvg(
  svg: string,
  size: { readonly width: number; readonly height: number },
): Promise<RgbImage> {
  const { width, height } = size;
  const sharp = await loadSharp();
  try {
    const data = await sharp(new TextEncoder().encode(svg), {
      density: DOUBLE_DENSITY,
    }).resize(width, height).removeAlpha().toColourspace("srgb")
      .raw({ depth: "uchar" }).toBuffer();
    return {
      width,
      height,
      data: new Uint8Array(data.buffer, data.byteOffset, data.byteLength),
    };
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new FormatError(`Cannot draw the SVG: ${reason.split("\n")[0]}`, {
      cause,
    });
  }
}
