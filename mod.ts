/**
 * ATI for Deno: trajectory-controlled video generation.
 *
 * @module
 */

export * from "./core/errors.ts";
export type { RgbImage } from "./core/rgb_image.ts";
export { sizeOf, type Tensor } from "./core/tensor.ts";
