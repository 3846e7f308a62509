/**
 * How much a camera moves, in % of the image: the same on an image of any size,
 * and what is seen of it.
 *
 * | move | 10 % is |
 * |---|---|
 * | pan, truck | the middle of the image moves by 10 % of its width |
 * | tilt, pedestal | ... of its height |
 * | dolly, zoom, roll | the left and the right edge move by 10 % of the width |
 * | orbit | what is twice as far as the middle moves by 10 % of the width |
 *
 * Distances are those at the reference depth.
 *
 * @module
 */

import type { SceneMoveKind } from "../../core/tracks/camera/scene_move.ts";

/** The largest strength, in %. */
export const MAX_STRENGTH = 1000;

/** What the image shows: its size in px, and its field of view. */
export interface ImageView {
  readonly width: number;
  readonly height: number;
  /** Horizontal, degrees. */
  readonly fov: number;
}

/** The unit of an amount. */
export function amountUnit(move: SceneMoveKind): "°" | "×" | "depths" {
  switch (move) {
    case "pan":
    case "tilt":
    case "roll":
    case "orbit":
      return "°";
    case "zoom":
      return "×";
    default:
      return "depths";
  }
}

const DEGREES = 180 / Math.PI;

/** How much of the width at depth 1 the image shows. */
const widthAt1 = ({ fov }: ImageView) => 2 * Math.tan(fov / 2 / DEGREES);

/** The same of the height. */
const heightAt1 = (view: ImageView) =>
  widthAt1(view) * view.height / view.width;

/**
 * The strengths that there can be, in %: a camera cannot leave so far that
 * nothing of the image is left, nor turn so that a point is behind it.
 */
export function strengthRange(move: SceneMoveKind): [number, number] {
  return move === "dolly" || move === "zoom"
    ? [-45, MAX_STRENGTH]
    : [-MAX_STRENGTH, MAX_STRENGTH];
}

/**
 * The amount of a move (degrees, a factor, or reference depths, as
 * `tools/tracks.ts camera` takes it) that has a strength.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { sceneAmount } from "./scene_strength.ts";
 * const view = { width: 832, height: 480, fov: 50 };
 * assert.equal(sceneAmount("zoom", 10, view), 1.2);
 * assert.equal(sceneAmount("pan", 14, view).toFixed(2), "7.44");
 * ```
 */
export function sceneAmount(
  move: SceneMoveKind,
  strength: number,
  view: ImageView,
): number {
  const [least, most] = strengthRange(move);
  const share = Math.min(most, Math.max(least, strength)) / 100;
  switch (move) {
    case "pan":
      return Math.atan(share * widthAt1(view)) * DEGREES;
    case "tilt":
      return Math.atan(share * heightAt1(view)) * DEGREES;
    case "roll":
      return 2 * share * DEGREES;
    case "orbit":
      return 2 * Math.atan(share * widthAt1(view)) * DEGREES;
    case "dolly":
      return 2 * share / (1 + 2 * share);
    case "zoom":
      return 1 + 2 * share;
    case "truck":
      return share * widthAt1(view);
    case "pedestal":
      return share * heightAt1(view);
  }
}

/** The strength of a move that has an amount, within what there can be. */
export function strengthOf(
  move: SceneMoveKind,
  amount: number,
  view: ImageView,
): number {
  const [least, most] = strengthRange(move);
  const turn = (degrees: number) =>
    Math.tan(Math.min(89.9, Math.max(-89.9, degrees)) / DEGREES);
  const share = {
    pan: () => turn(amount) / widthAt1(view),
    tilt: () => turn(amount) / heightAt1(view),
    roll: () => amount / 2 / DEGREES,
    orbit: () => turn(amount / 2) / widthAt1(view),
    dolly: () => amount < 1 ? amount / (2 - 2 * amount) : Infinity,
    zoom: () => (amount - 1) / 2,
    truck: () => amount / widthAt1(view),
    pedestal: () => amount / heightAt1(view),
  }[move]();
  return Math.min(most, Math.max(least, 100 * share));
}
