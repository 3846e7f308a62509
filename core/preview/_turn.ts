/**
 * Finds things that turn: control points that go around their middle together.
 *
 * @module
 */

import type { Steps } from "../base/steps.ts";
import { smoothstep } from "./_camera.ts";
import { fitSimilarity, IDENTITY, mapX, mapY } from "./_similarity.ts";
import type { ControlPoints, GroupTurn } from "./mls.ts";

/** A group that turns by less than this (radians) may as well go straight. */
const LITTLE = 0.5;

/**
 * The turn of the moving control points in every frame, counted on beyond half
 * turns; undefined when they hardly turn, or turn each their own way.
 */
export function* groupTurns(
  frames: readonly ControlPoints[],
  short: number,
): Steps<GroupTurn[] | undefined> {
  const count = frames[0]?.count ?? 0;
  const far = new Float64Array(count);
  for (const { from, to } of frames) {
    for (let n = 0; n < count; n++) {
      const dx = from[2 * n]! - to[2 * n]!;
      const dy = from[2 * n + 1]! - to[2 * n + 1]!;
      far[n] = Math.max(far[n]!, Math.sqrt(dx * dx + dy * dy));
    }
    yield;
  }
  const moving = far.map((way) => smoothstep(0.005 * short, 0.02 * short, way));
  if (moving.filter((value) => value > 0.5).length < 2) return undefined;

  let last = IDENTITY, angle = 0, widest = 0, moved = 0, missed = 0;
  const found: Omit<GroupTurn, "share">[] = [];
  for (const { from, to, weight } of frames) {
    const weights = moving.map((value, n) => value * weight[n]!);
    const fit = fitSimilarity(
      { count, from: to, to: from, weight: weights },
      last,
      1,
    );
    angle += Math.atan2(
      fit.b * last.a - fit.a * last.b,
      fit.a * last.a + fit.b * last.b,
    );
    last = fit;
    widest = Math.max(widest, Math.abs(angle));
    let total = 0, x = 0, y = 0;
    for (let n = 0; n < count; n++) {
      const w = weights[n]!, px = to[2 * n]!, py = to[2 * n + 1]!;
      const qx = from[2 * n]!, qy = from[2 * n + 1]!;
      total += w;
      x += w * px;
      y += w * py;
      moved += w * ((qx - px) ** 2 + (qy - py) ** 2);
      missed += w *
        ((qx - mapX(fit, px, py)) ** 2 + (qy - mapY(fit, px, py)) ** 2);
    }
    const middle: readonly [number, number] = total > 0
      ? [x / total, y / total]
      : [0, 0];
    found.push({ angle, scale: Math.hypot(fit.a, fit.b), to: middle });
    yield;
  }
  if (widest < LITTLE || moved === 0) return undefined;
  const believed = smoothstep(0.6, 0.9, 1 - missed / moved);
  if (believed === 0) return undefined;
  const share = moving.map((value) => believed * value);
  return found.map((turn) => ({ ...turn, share }));
}
