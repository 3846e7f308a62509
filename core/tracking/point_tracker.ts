/**
 * Follows points through a video and says where each can be seen.
 *
 * @module
 */

import { alignPatch, type Fit, type Warp } from "./align_patch.ts";
import { type FramePyramid, framePyramid, type Plane } from "./frame_pyramid.ts";
import {
  type LocalMotion,
  localMotion,
  neighborRoom,
  type Neighbors,
} from "./local_motion.ts";
import { type Patch, takePatch } from "./patch.ts";
import type { RgbImage } from "../rgb_image.ts";
import type { PointTracks } from "./score.ts";
import { searchPatch } from "./search_patch.ts";
import { followPoint } from "./shift_patch.ts";
import { SupportPoints } from "./support_points.ts";

/** A point to follow. */
export interface PointQuery {
  /** The frame in which it is given; it is followed from there on. */
  readonly frame: number;
  /** Position in px of the frames; pixel centers are integers. */
  readonly x: number;
  readonly y: number;
}

/** A view of a point that was remembered. */
interface Template {
  /** Patches of levels 0, 1, 2 and so on. */
  readonly patches: readonly Patch[];
  /** Shape of the warp from the query's frame when the view was taken. */
  readonly shape: Omit<Warp, "x" | "y">;
  readonly color: readonly [number, number];
}

interface Step {
  readonly fromX: number;
  readonly fromY: number;
  readonly dx: number;
  readonly dy: number;
  /** Inverse covariance, per square px. */
  readonly xx: number;
  readonly xy: number;
  readonly yy: number;
}

interface State {
  readonly query: PointQuery;
  started: boolean;
  visible: boolean;
  /** Frames since it was last seen. */
  lostFor: number;
  /** Frames in a row whose step all checks agree on. */
  calm: number;
  /** Usual difference of the center from the template, gray values. */
  usual: number;
  /** Px that the predicted position may be wrong by, while lost. */
  doubt: number;
  /** From the query's template into the last frame. */
  warp: Warp;
  velocity: { x: number; y: number };
  /** The velocity, averaged over the last frames. */
  drift: { x: number; y: number };
  lastSeen: number;
  /** The warps of the frames in which it was seen. */
  readonly history: (Warp | undefined)[];
  first?: Template;
  recent?: Template;
  /** The template of the last fit. */
  used?: Template;
  /** Evidence that a neighbor moves with this point, by the neighbor's id. */
  readonly evidence: Map<number, number>;
  /** The step of the last frame, before templates were looked at. */
  step?: Step;
}

export const TUNE = {
  radius: 10,
  visibleLikeness: 0.6,
  visibleDifference: 5,
  refindLikeness: 0.8,
  refindNear: 0.65,
  renewLikeness: 0.85,
  known: 0.2,
  stranger: -9,
  leastLikeness: 0.3,
  mostUsual: 8,
  refindWide: 0.85,
  friendDrift: 0.08,
  farPenalty: 0.02,
  centerLimit: 8,
  centerTimes: 2,
  shape: 0.03,
  backward: 1.5,
  affinityScale: 0.7,
  affinityGrow: 0.01,
  kernel: 0.09,
};

/** Px from the point to the edge of its center square. */
const CENTER = 3;
const QUERY_ID = 1e9, OWN_ID = -1;

/** Follows points through a video, one frame after the other. */
export class PointTracker {
  readonly #states: State[];
  readonly #support = new SupportPoints();
  readonly #near: Neighbors = neighborRoom(4096);
  readonly #nearIds: number[] = [];
  readonly #positions: Float32Array[] = [];
  readonly #visible: Uint8Array[] = [];
  #previous: FramePyramid | undefined;
  #frame = 0;

  constructor(queries: readonly PointQuery[]) {
    this.#states = queries.map((query) => ({
      query,
      started: false,
      visible: false,
      lostFor: 0,
      calm: 0,
      usual: 3,
      doubt: 0,
      warp: { x: query.x, y: query.y, a: 1, b: 0, c: 0, d: 1 },
      velocity: { x: 0, y: 0 },
      drift: { x: 0, y: 0 },
      lastSeen: -1,
      history: [],
      evidence: new Map(),
    }));
  }

  /** Takes the next frame. */
  step(image: RgbImage): void {
    const frame = framePyramid(image);
    const previous = this.#previous;
    if (previous) {
      this.#support.follow(previous, frame);
      this.#followQueries(previous, frame);
    }
    for (const state of this.#states) {
      if (state.query.frame === this.#frame) start(state, frame);
    }
    this.#support.refill(frame);
    const positions = new Float32Array(2 * this.#states.length);
    const visible = new Uint8Array(this.#states.length);
    this.#states.forEach((state, n) => {
      positions[2 * n] = state.warp.x;
      positions[2 * n + 1] = state.warp.y;
      visible[n] = state.started && state.visible ? 1 : 0;
      state.history[this.#frame] = visible[n] ? { ...state.warp } : undefined;
      if (visible[n]) state.lastSeen = this.#frame;
    });
    this.#positions.push(positions);
    this.#visible.push(visible);
    this.#previous = frame;
    this.#frame++;
  }

  /** All frames so far. */
  tracks(): PointTracks {
    const count = this.#states.length, frames = this.#frame;
    const positions = new Float32Array(2 * count * frames);
    const visible = new Uint8Array(count * frames);
    for (let t = 0; t < frames; t++) {
      for (let n = 0; n < count; n++) {
        const at = n * frames + t;
        positions[2 * at] = this.#positions[t]![2 * n]!;
        positions[2 * at + 1] = this.#positions[t]![2 * n + 1]!;
        visible[at] = this.#visible[t]![n]!;
      }
    }
    return { positions, visible };
  }

  #followQueries(previous: FramePyramid, frame: FramePyramid): void {
    const states = this.#states.filter((state) => state.started);
    const { width, height } = frame.levels[0]!;
    // First the plain steps of the seen points: they are neighbors too.
    const before: (LocalMotion | undefined)[] = [];
    const back: number[] = [];
    const likeness: number[] = [];
    states.forEach((state, n) => {
      delete state.step;
      back[n] = Infinity;
      likeness[n] = -1;
      const motion = this.#motionAround(state, frame);
      before[n] = motion;
      if (!state.visible) return;
      const { x, y } = state.warp;
      const guesses = [
        { x: x + state.velocity.x, y: y + state.velocity.y },
      ];
      if (motion.support > 0.5) {
        guesses.unshift({ x: x + motion.dx, y: y + motion.dy });
      }
      let best: ReturnType<typeof followPoint> | undefined;
      for (const guess of guesses) {
        const found = followPoint(previous, frame, { x, y }, {
          guess,
          radius: TUNE.radius,
          coarsest: 2,
        });
        if (!best || found.likeness > best.likeness + 0.02) best = found;
      }
      if (best!.likeness < 0.85) {
        const found = followPoint(previous, frame, { x, y }, {
          guess: guesses.at(-1)!,
          radius: TUNE.radius,
        });
        if (found.likeness > best!.likeness + 0.05) best = found;
      }
      const returned = followPoint(frame, previous, best!, {
        guess: { x, y },
        radius: TUNE.radius,
        coarsest: 1,
      });
      back[n] = Math.hypot(returned.x - x, returned.y - y);
      likeness[n] = best!.likeness;
      const { xx, xy, yy } = best!;
      state.step = {
        fromX: x,
        fromY: y,
        dx: best!.x - x,
        dy: best!.y - y,
        xx,
        xy,
        yy,
      };
    });
    const hidden: State[] = [];
    states.forEach((state, n) => {
      // A step that fixes its own position leads; the others follow or not.
      const own = state.step && back[n]! < 1 && likeness[n]! > 0.85 &&
          state.step.xx + state.step.yy > 0.5
        ? state.step
        : undefined;
      const motion = this.#motionAround(state, frame, own);
      const { warp } = state;
      const shape = compose(motion, warp);
      const known = motion.support > TUNE.known;
      const predicted: Warp = {
        x: warp.x + (known ? motion.dx : state.drift.x),
        y: warp.y + (known ? motion.dy : state.drift.y),
        ...shape,
      };
      if (!state.visible) {
        if (known) this.#judgeNeighbors(state, motion);
        this.#lose(state, predicted, motion);
        hidden.push(state);
        return;
      }
      const step = state.step!;
      const stepped: Warp = {
        ...shape,
        x: warp.x + step.dx,
        y: warp.y + step.dy,
      };
      const spread = known ? Math.max(0.3, motion.spread) : 10;
      const stepDoubt = 0.3 + Math.min(back[n]!, 3);
      const apart = Math.hypot(
        stepped.x - predicted.x,
        stepped.y - predicted.y,
      );
      // Where step and surroundings disagree, they are not averaged but tried.
      const agree = apart < 3 * Math.hypot(spread, stepDoubt);
      const w1 = agree ? 1 / spread ** 2 : 0, w2 = 1 / stepDoubt ** 2;
      const prior = {
        warp: {
          ...shape,
          x: (predicted.x * w1 + stepped.x * w2) / (w1 + w2),
          y: (predicted.y * w1 + stepped.y * w2) / (w1 + w2),
        },
        position: Math.sqrt(1 / (w1 + w2)) * 2,
        shape: TUNE.shape,
      };
      let fit = this.#fit(state, frame, stepped, prior, [0]);
      const around = before[n]!;
      const beside: Warp = {
        x: warp.x + around.dx,
        y: warp.y + around.dy,
        ...compose(around, warp),
      };
      if (
        around.support > TUNE.known &&
        Math.hypot(stepped.x - beside.x, stepped.y - beside.y) > 1 &&
        (!fit || fit.likeness < 0.9)
      ) {
        // Perhaps an edge in front carried the step away.
        const other = this.#fit(state, frame, beside, {
          warp: beside,
          position: 2 * Math.max(0.3, around.spread),
          shape: TUNE.shape,
        }, [0]);
        if (other && (!fit || other.likeness > fit.likeness)) fit = other;
      }
      if (!fit && back[n]! < 0.5 && likeness[n]! > 0.9) {
        // The step is sound though the templates no longer fit all around: the
        // center decides.
        fit = this.#fit(
          state,
          frame,
          stepped,
          prior,
          [0],
          TUNE.leastLikeness,
          0,
        );
      }
      const center = fit && this.#center(state, fit, frame);
      if (fit && center! < this.#limit(state)) {
        const calm = back[n]! < 0.5 && likeness[n]! > 0.9 &&
          (!known || apart < 1);
        state.usual += 0.1 * (center! - state.usual);
        const moved = {
          dx: fit.warp.x - warp.x,
          dy: fit.warp.y - warp.y,
        };
        this.#judgeNeighbors(state, this.#motionAround(state, frame, moved));
        this.#place(state, fit, frame, calm);
      } else {
        const lead = around.support > TUNE.known ? around : motion;
        this.#lose(
          state,
          around.support > TUNE.known ? beside : predicted,
          lead,
        );
      }
    });
    for (const state of hidden) {
      this.#askFriends(state, states);
      this.#refind(state, frame);
    }
    for (const state of states) {
      const { x, y } = state.warp;
      if (!(x >= 0 && y >= 0 && x <= width - 1 && y <= height - 1)) {
        if (state.visible) {
          state.visible = false;
          state.lostFor = 1;
          state.doubt = 2;
        }
      }
    }
  }

  /**
   * Where a hidden point should be by the seen points that moved with it: each
   * of them carries it along from the last frame in which both were seen.
   */
  #askFriends(state: State, states: readonly State[]): void {
    const found: { warp: Warp; far: number }[] = [];
    for (const friend of states) {
      if (!friend.visible || friend === state) continue;
      const id = QUERY_ID + this.#states.indexOf(friend);
      if ((state.evidence.get(id) ?? 0) < 0.5) continue;
      const mine = state.history, theirs = friend.history;
      for (let f = state.lastSeen; f > state.lastSeen - 60 && f >= 0; f--) {
        const p = mine[f], q = theirs[f];
        if (!p || !q) continue;
        const now = friend.warp;
        const turn = relative(now, { shape: q });
        const px = p.x - q.x, py = p.y - q.y;
        found.push({
          warp: {
            x: now.x + turn.a * px + turn.b * py,
            y: now.y + turn.c * px + turn.d * py,
            ...compose(turn, p),
          },
          far: Math.hypot(px, py),
        });
        break;
      }
    }
    if (found.length === 0) return;
    found.sort((a, b) => a.far - b.far);
    const nearest = found[0]!;
    const doubt = 1 + TUNE.friendDrift * nearest.far;
    if (doubt > state.doubt) return;
    const close = found.slice(0, 3);
    state.warp = {
      ...nearest.warp,
      x: median(close.map(({ warp }) => warp.x)),
      y: median(close.map(({ warp }) => warp.y)),
    };
    state.doubt = doubt;
  }

  /** The best acceptable fit over the point's templates. */
  #fit(
    state: State,
    frame: FramePyramid,
    start: Warp,
    prior: { warp: Warp; position: number; shape: number },
    levels: readonly number[],
    least = TUNE.visibleLikeness,
    iterations = 8,
  ): Fit | undefined {
    let best: Fit | undefined;
    for (const template of [state.first!, state.recent]) {
      if (!template) continue;
      let at = relative(start, template);
      const expected = { ...prior, warp: relative(prior.warp, template) };
      let fit: Fit | undefined;
      for (const level of levels) {
        fit = alignPatch(template.patches[level]!, frame.levels[level]!, at, {
          level,
          prior: expected,
          iterations,
        });
        at = fit.warp;
      }
      const good = fit!.likeness > least ||
        fit!.difference < TUNE.visibleDifference && fit!.contrast < 6;
      const moved = Math.hypot(fit!.warp.x - prior.warp.x, fit!.warp.y - prior.warp.y);
      if (!good || moved > Math.max(3, 3 * prior.position)) continue;
      fit!.warp = absolute(fit!.warp, template);
      if (!best || fit!.likeness > best.likeness + 0.1) {
        best = fit;
        state.used = template;
      }
      if (best && best.likeness > 0.8) break;
    }
    return best;
  }

  #place(state: State, fit: Fit, frame: FramePyramid, calm: boolean): void {
    state.velocity = {
      x: fit.warp.x - state.warp.x,
      y: fit.warp.y - state.warp.y,
    };
    if (calm || state.lostFor > 0) {
      state.drift = {
        x: state.drift.x + 0.3 * (state.velocity.x - state.drift.x),
        y: state.drift.y + 0.3 * (state.velocity.y - state.drift.y),
      };
    }
    state.warp = fit.warp;
    state.visible = true;
    state.lostFor = 0;
    state.doubt = 0;
    state.calm = calm ? state.calm + 1 : 0;
    if (fit.likeness < TUNE.renewLikeness && state.calm >= 3) {
      // Its looks change: remember a newer view.
      state.recent = remember(frame, state.warp);
    }
  }

  /**
   * Mean difference of the few px around the point itself from the template,
   * in gray values, color included: large where something covers the point.
   */
  #center(state: State, fit: Fit, frame: FramePyramid): number {
    const template = state.used!;
    const at = relative(fit.warp, template);
    const gray = frame.levels[0]!;
    const patch = template.patches[0]!;
    const side = 2 * patch.radius + 1;
    let sum = 0, n = 0;
    for (let j = -CENTER; j <= CENTER; j++) {
      for (let i = -CENTER; i <= CENTER; i++) {
        const k = (j + patch.radius) * side + i + patch.radius;
        if (patch.weight[k] === 0) continue;
        const x = at.x + at.a * i + at.b * j, y = at.y + at.c * i + at.d * j;
        if (x < 0 || y < 0 || x > gray.width - 1 || y > gray.height - 1) continue;
        sum += Math.abs(fit.gain * sampleAt(gray, x, y) + fit.offset - patch.values[k]!);
        n++;
      }
    }
    if (n === 0) return 0;
    const [blue, red] = frame.chroma.map((plane) =>
      sampleAt(plane, at.x / 2 - 0.25, at.y / 2 - 0.25) * fit.gain
    ) as [number, number];
    const color = Math.hypot(blue - template.color[0], red - template.color[1]);
    return sum / n + color / 2;
  }

  /** The difference of the center from which on a point counts as covered. */
  #limit({ usual }: State): number {
    return TUNE.centerLimit +
      TUNE.centerTimes * Math.min(usual, TUNE.mostUsual);
  }

  #lose(state: State, predicted: Warp, motion: LocalMotion): void {
    state.visible = false;
    state.lostFor++;
    const known = motion.support > TUNE.known;
    state.velocity = known
      ? { x: motion.dx, y: motion.dy }
      : { x: state.drift.x * 0.9, y: state.drift.y * 0.9 };
    state.drift = state.velocity;
    state.warp = predicted;
    state.doubt += known ? 0.1 + 0.3 * Math.min(motion.spread, 2) : 2;
  }

  #refind(state: State, frame: FramePyramid): void {
    const { warp } = state;
    const top = frame.levels.length - 1;
    const wide = state.doubt > 10;
    if (wide && (this.#frame + this.#states.indexOf(state)) % 4) return;
    const level = Math.min(wide ? 2 : 1, top);
    const scale = 2 ** level;
    const least = wide
      ? TUNE.refindWide
      : state.doubt < 3
      ? TUNE.refindNear
      : TUNE.refindLikeness;
    const plane = frame.levels[level]!;
    const around = wide
      ? { x: plane.width / 2, y: plane.height / 2, radius: plane.width }
      : {
        x: warp.x / scale,
        y: warp.y / scale,
        radius: (3 + 2 * state.doubt) / scale,
      };
    let best: Fit | undefined, bestScore = -1;
    for (const template of [state.first!, state.recent]) {
      if (!template) continue;
      const patch = template.patches[level]!;
      const shape = relative(warp, template);
      const found = searchPatch(patch, plane, around, { shape, count: 3 });
      for (const candidate of found) {
        if (candidate.likeness < 0.5) continue;
        const start = { ...warp, x: candidate.x * scale, y: candidate.y * scale };
        const levels = [];
        for (let l = level; l >= 0; l--) levels.push(l);
        const prior = wide
          ? { warp: start, position: scale, shape: 0.05 }
          : { warp, position: Math.max(0.7, state.doubt), shape: 0.05 };
        const fit = this.#fit(state, frame, start, prior, levels, least);
        if (!fit || fit.likeness < least || wide && fit.contrast < 5) continue;
        const center = this.#center(state, fit, frame);
        if (center > this.#limit(state)) continue;
        const far = wide
          ? 0
          : Math.hypot(fit.warp.x - warp.x, fit.warp.y - warp.y) /
            (1 + state.doubt);
        const score = fit.likeness - TUNE.farPenalty * far * far;
        if (score > bestScore) {
          best = fit;
          bestScore = score;
        }
      }
      if (best) break;
    }
    if (best) {
      this.#place(state, best, frame, false);
      state.velocity = { x: 0, y: 0 };
      state.drift = { x: 0, y: 0 };
    }
  }

  /** The motion around a point, out of support points and other seen points. */
  #motionAround(
    state: State,
    frame: FramePyramid,
    start?: { dx: number; dy: number },
  ): LocalMotion {
    const { width, height } = frame.levels[0]!;
    const first = TUNE.kernel * Math.hypot(width, height);
    let motion = this.#motionWithin(state, first, false, start);
    // Where little is to be seen, those further away are asked.
    for (let reach = 2 * first; motion.support < 1 && reach < 9 * first; reach *= 2) {
      motion = this.#motionWithin(state, reach, !state.visible, start);
    }
    return motion;
  }

  #motionWithin(
    state: State,
    reach: number,
    onlyFriends: boolean,
    start: { dx: number; dy: number } | undefined,
  ): LocalMotion {
    const near = this.#near;
    const { x, y } = state.warp;
    near.count = 0;
    this.#nearIds.length = 0;
    const add = (id: number, step: Step) => {
      const px = step.fromX - x, py = step.fromY - y;
      const r2 = (px * px + py * py) / (reach * reach);
      if (r2 > 9 || near.count >= 4000) return;
      const known = id === OWN_ID ? 9 : state.evidence.get(id);
      // While a point is hidden, strangers may belong to what hides it.
      const evidence = known ?? (state.visible ? 0 : TUNE.stranger);
      if (onlyFriends && evidence <= 0.5) return;
      const k = near.count++;
      near.x[k] = px;
      near.y[k] = py;
      near.dx[k] = step.dx;
      near.dy[k] = step.dy;
      near.xx[k] = step.xx;
      near.xy[k] = step.xy;
      near.yy[k] = step.yy;
      near.weight[k] = Math.exp(-r2 / 2) / (1 + Math.exp(-evidence));
      this.#nearIds[k] = id;
    };
    for (const point of this.#support.alive) add(point.id, point);
    this.#states.forEach((other, n) => {
      if (!other.step) return;
      add(other === state ? OWN_ID : QUERY_ID + n, other.step);
    });
    return localMotion(near, {
      scale: TUNE.affinityScale,
      ...(start ? { start } : {}),
    });
  }

  #judgeNeighbors(state: State, motion: LocalMotion): void {
    const near = this.#near;
    for (let k = 0; k < near.count; k++) {
      const id = this.#nearIds[k]!;
      if (id < 0) continue;
      const x = near.x[k]!, y = near.y[k]!;
      const ex = near.dx[k]! - motion.dx - (motion.a - 1) * x - motion.b * y;
      const ey = near.dy[k]! - motion.dy - motion.c * x - (motion.d - 1) * y;
      const scale = TUNE.affinityScale + TUNE.affinityGrow * Math.hypot(x, y);
      const r2 = (ex * ex + ey * ey) / (scale * scale);
      const gain = Math.max(-2, Math.min(0.3, 0.3 - 0.5 * r2));
      const evidence = (state.evidence.get(id) ?? 0) + gain;
      state.evidence.set(id, Math.max(-5, Math.min(3, evidence)));
    }
  }
}

/** Follows points through all frames. */
export async function trackPoints(
  frames: AsyncIterable<RgbImage> | Iterable<RgbImage>,
  queries: readonly PointQuery[],
): Promise<PointTracks> {
  const tracker = new PointTracker(queries);
  for await (const frame of frames) tracker.step(frame);
  return tracker.tracks();
}

function median(values: number[]): number {
  values.sort((a, b) => a - b);
  return values.length % 2
    ? values[(values.length - 1) / 2]!
    : (values[values.length / 2 - 1]! + values[values.length / 2]!) / 2;
}

function start(state: State, frame: FramePyramid): void {
  state.started = true;
  state.visible = true;
  state.first = remember(frame, state.warp);
}

function remember(frame: FramePyramid, warp: Warp): Template {
  const patches = frame.levels.slice(0, 3).map((plane, level) => {
    const scale = 2 ** level;
    return takePatch(plane, warp.x / scale, warp.y / scale, TUNE.radius - level);
  });
  const { a, b, c, d } = warp;
  const color = frame.chroma.map((plane) =>
    sampleAt(plane, warp.x / 2 - 0.25, warp.y / 2 - 0.25)
  ) as [number, number];
  return { patches, shape: { a, b, c, d }, color };
}

/** Bilinear, held at the borders. */
function sampleAt({ width, height, data }: Plane, x: number, y: number): number {
  const cx = Math.min(Math.max(x, 0), width - 1);
  const cy = Math.min(Math.max(y, 0), height - 1);
  const x0 = Math.min(Math.floor(cx), width - 2);
  const y0 = Math.min(Math.floor(cy), height - 2);
  const fx = cx - x0, fy = cy - y0, at = y0 * width + x0;
  return (data[at]! * (1 - fx) + data[at + 1]! * fx) * (1 - fy) +
    (data[at + width]! * (1 - fx) + data[at + width + 1]! * fx) * fy;
}

/** The warp from a template into the frame, out of that from the query. */
function relative(warp: Warp, { shape }: { shape: Shape }): Warp {
  const area = shape.a * shape.d - shape.b * shape.c;
  const ia = shape.d / area, ib = -shape.b / area;
  const ic = -shape.c / area, id = shape.a / area;
  return {
    x: warp.x,
    y: warp.y,
    a: warp.a * ia + warp.b * ic,
    b: warp.a * ib + warp.b * id,
    c: warp.c * ia + warp.d * ic,
    d: warp.c * ib + warp.d * id,
  };
}

/** The reverse of {@linkcode relative}. */
function absolute(warp: Warp, { shape }: Template): Warp {
  return { x: warp.x, y: warp.y, ...compose(warp, shape) };
}

type Shape = Omit<Warp, "x" | "y">;

function compose(p: Shape, q: Shape): Shape {
  return {
    a: p.a * q.a + p.b * q.c,
    b: p.a * q.b + p.b * q.d,
    c: p.c * q.a + p.d * q.c,
    d: p.c * q.b + p.d * q.d,
  };
}
