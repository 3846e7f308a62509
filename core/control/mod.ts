/**
 * How motion enters the model: the condition that the transformer is given.
 *
 * @module
 */

export type { Tensor } from "../base/tensor.ts";
export {
  patchMotion,
  type PatchMotionOptions,
  type TailDropout,
} from "./ati/motion_patch.ts";
