/**
 * Hidden points: where they should be, and whether they have come back.
 *
 * @module
 */

import type { FramePyramid } from "./_frame_pyramid.ts";
import type { PointState } from "./_point_state.ts";
import { searchPatch } from "./_search_patch.ts";
import { COMOVING, Surroundings } from "./_surroundings.ts";
import {
  centerDifference,
  fitTemplates,
  type TemplateFit,
} from "./_template.ts";
import { compose, fromView, type Warp } from "./_warp.ts";

/** Doubt in px from which on the whole frame is searched. */
const ANYWHERE = 10;
/** The whole frame is searched once in so many frames. */
const PERIOD = 4;
/** Least correlation of a point found anywhere, near, and right where it should be. */
const LEAST_ANYWHERE = 0.85, LEAST_NEAR = 0.8, LEAST_THERE = 0.65;
/** Contrast in gray values that a point found anywhere must have. */
const LEAST_CONTRAST = 5;
const FAR_PENALTY = 0.02;
/** Px by which a other's word may be wrong, per px of its distance. */
const DISTANCE_DOUBT = 0.08;
/** Frames that are gone back to, to find other and point seen together. */
const MEMORY = 60;

/** The center's difference from which on a point counts as covered. */
export function coveredFrom({ usual }: PointState): number {
  return 8 + 2 * Math.min(usual, 8);
}

/**
 * Puts a hidden point where the seen points that moved with it say: each
 * carries it along from the last frame in which both were seen.
 */
export function predictFromOthers(
  state: PointState,
  others: readonly PointState[],
): void {
  const found: { warp: Warp; far: number }[] = [];
  for (const other of others) {
    if (!other.visible || other === state) continue;
    const evidence = state.evidence.get(Surroundings.idOf(other)) ?? 0;
    if (evidence < COMOVING) continue;
    const oldest = Math.max(0, state.lastSeen - MEMORY);
    for (let f = state.lastSeen; f >= oldest; f--) {
      const mine = state.history[f], theirs = other.history[f];
      if (!mine || !theirs) continue;
      const now = other.warp;
      const since = fromView(now, theirs);
      const x = mine.x - theirs.x, y = mine.y - theirs.y;
      found.push({
        warp: {
          x: now.x + since.a * x + since.b * y,
          y: now.y + since.c * x + since.d * y,
          ...compose(since, mine),
        },
        far: Math.hypot(x, y),
      });
      break;
    }
  }
  found.sort((a, b) => a.far - b.far);
  const nearest = found[0];
  if (!nearest) return;
  const doubt = 1 + DISTANCE_DOUBT * nearest.far;
  if (doubt > state.doubt) return;
  const close = found.slice(0, 3).map(({ warp }) => warp);
  state.warp = {
    ...nearest.warp,
    x: median(close.map(({ x }) => x)),
    y: median(close.map(({ y }) => y)),
  };
  state.doubt = doubt;
}

/**
 * Looks for a hidden point around its expected position, or anywhere once that
 * has become worthless.
 */
export function findAgain(
  state: PointState,
  frame: FramePyramid,
  time: number,
): TemplateFit | undefined {
  const { warp, doubt } = state;
  const anywhere = doubt > ANYWHERE;
  if (anywhere && (time + state.index) % PERIOD !== 0) return undefined;
  const level = Math.min(anywhere ? 2 : 1, frame.levels.length - 1);
  const scale = 2 ** level;
  const plane = frame.levels[level]!;
  const least = anywhere
    ? LEAST_ANYWHERE
    : doubt < 3
    ? LEAST_THERE
    : LEAST_NEAR;
  const around = anywhere
    ? { x: plane.width / 2, y: plane.height / 2, radius: plane.width }
    : { x: warp.x / scale, y: warp.y / scale, radius: (3 + 2 * doubt) / scale };
  const levels = Array.from({ length: level + 1 }, (_, l) => level - l);
  for (const template of state.templates) {
    let best: TemplateFit | undefined, bestScore = -1;
    const found = searchPatch(template.patches[level]!, plane, around, {
      shape: fromView(warp, template.shape),
      count: 3,
    });
    for (const candidate of found) {
      if (candidate.likeness < 0.5) continue;
      const start = {
        ...warp,
        x: candidate.x * scale,
        y: candidate.y * scale,
      };
      const fit = fitTemplates(state.templates, frame, {
        start,
        prior: anywhere
          ? { warp: start, position: scale, shape: 0.05 }
          : { warp, position: Math.max(0.7, doubt), shape: 0.05 },
        levels,
        least,
      });
      if (!fit || fit.likeness < least) continue;
      if (anywhere && fit.contrast < LEAST_CONTRAST) continue;
      if (centerDifference(fit, frame) > coveredFrom(state)) continue;
      const far = anywhere
        ? 0
        : Math.hypot(fit.warp.x - warp.x, fit.warp.y - warp.y) / (1 + doubt);
      const score = fit.likeness - FAR_PENALTY * far * far;
      if (score > bestScore) {
        best = fit;
        bestScore = score;
      }
    }
    if (best) return best;
  }
  return undefined;
}

function median(values: number[]): number {
  values.sort((a, b) => a - b);
  const middle = values.length >> 1;
  return values.length % 2
    ? values[middle]!
    : (values[middle - 1]! + values[middle]!) / 2;
}
