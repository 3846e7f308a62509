/**
 * Moves of a camera in a scene, by the names that film crews use.
 *
 * They speak of the camera. The moves of `core/tracks/camera.ts` speak of the
 * image: there `pan` shifts the image's content by px per frame, here `pan`
 * turns the camera by degrees, and the content moves the other way.
 *
 * | move | above 0 | what the scene does, X' = R X + T | unit |
 * |---|---|---|---|
 * | pan | turns right, the image moves left | R = Ry(-a) | degrees |
 * | tilt | turns up, the image moves down | R = Rx(-a) | degrees |
 * | roll | turns clockwise, the image counterclockwise | R = Rz(-a) | degrees |
 * | dolly | moves forward | T = (0, 0, -d) | reference depth |
 * | truck | moves right | T = (-d, 0, 0) | reference depth |
 * | pedestal | moves up | T = (0, d, 0) | reference depth |
 * | orbit | moves right about P and keeps facing it | R = Ry(a), T = P - R P | degrees |
 * | zoom | enlarges | f' = f (1 + (s - 1) p) | factor |
 *
 * @module
 */

import { quote, withHint } from "../../base/errors.ts";
import { type Easing, type EasingName, EASINGS } from "../easing.ts";
import { resolveEasing } from "../resolve_easing.ts";
import { TRACK_FPS, TRACK_FRAMES } from "../track_set.ts";

/** The names of the moves. */
export type SceneMoveKind =
  | "pan"
  | "tilt"
  | "roll"
  | "dolly"
  | "truck"
  | "pedestal"
  | "orbit"
  | "zoom";

/** The values of {@linkcode SceneMoveKind}. */
export const SCENE_MOVES: readonly SceneMoveKind[] = [
  "pan",
  "tilt",
  "roll",
  "dolly",
  "truck",
  "pedestal",
  "orbit",
  "zoom",
];

/** One move of the camera. */
export interface SceneMove {
  /** What the camera does. */
  readonly kind: SceneMoveKind;
  /**
   * How much of it is reached at the end: degrees (pan, tilt, roll, orbit), a
   * distance in units of the reference depth (dolly, truck, pedestal), or the
   * size at the end over that at the start (zoom).
   */
  readonly amount: number;
  /** When it starts, frame 0 to 120; 0 unless given. */
  readonly from?: number;
  /** When it ends, frame 0 to 120; 120 unless given. */
  readonly to?: number;
  /** How it starts and stops; that of the whole path unless given. */
  readonly easing?: EasingName | Easing;
}

/** Throws a `RangeError` unless a move makes sense. */
export function checkSceneMove(move: SceneMove): void {
  const { kind, amount, from = 0, to = TRACK_FRAMES - 1, easing } = move;
  if (!SCENE_MOVES.includes(kind)) {
    throw new RangeError(
      `Cannot move the camera by ${quote(kind)}, expected one of ${
        SCENE_MOVES.join(", ")
      }`,
    );
  }
  const [least, most] = kind === "zoom"
    ? [0.01, 100]
    : ["dolly", "truck", "pedestal"].includes(kind)
    ? [-1000, 1000]
    : [-3600, 3600];
  if (!(amount >= least && amount <= most)) {
    throw new RangeError(
      `Cannot ${kind} by ${quote(amount)}, expected ${least} to ${most}`,
    );
  }
  if (!(from >= 0 && to > from && to <= TRACK_FRAMES - 1)) {
    throw new RangeError(
      `Cannot ${kind} from frame ${quote(from)} to ${
        quote(to)
      }, expected 0 to ${TRACK_FRAMES - 1} with the start first`,
    );
  }
  if (easing !== undefined) resolveEasing(easing);
}

const MOVE =
  /^([a-z]+)\s*:\s*([^@:]+?)(?:\s*@\s*([\d.]+)\s*-\s*([\d.]+))?(?:\s*:\s*([a-z-]+))?$/;

/**
 * Moves from a text such as `orbit:20,dolly:0.3`. Each is
 * `NAME:AMOUNT[@FROM-TO][:EASING]` with the times in seconds, 0 to 5.
 *
 * @throws {RangeError} When a move is not of this form or out of range.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { parseSceneMoves } from "@ati/ati";
 * assert.deepEqual(parseSceneMoves("orbit:20, dolly:0.3@1-5:ease-in"), [
 *   { kind: "orbit", amount: 20 },
 *   { kind: "dolly", amount: 0.3, from: 24, to: 120, easing: "ease-in" },
 * ]);
 * ```
 */
export function parseSceneMoves(text: string): SceneMove[] {
  return text.split(",").map((part) => {
    const match = MOVE.exec(part.trim());
    const [, kind, amount, from, to, easing] = match ?? [];
    if (
      !match || Number.isNaN(Number(amount)) ||
      (easing !== undefined && !Object.hasOwn(EASINGS, easing))
    ) {
      throw new RangeError(
        withHint(
          `Cannot read the camera move ${
            quote(part.trim())
          }, expected NAME:AMOUNT, NAME:AMOUNT@FROM-TO or NAME:AMOUNT:EASING`,
          `Names are ${SCENE_MOVES.join(", ")}; times are seconds from 0 to ${
            (TRACK_FRAMES - 1) / TRACK_FPS
          }; easings are ${Object.keys(EASINGS).join(", ")}.`,
        ),
      );
    }
    const seconds = (TRACK_FRAMES - 1) / TRACK_FPS;
    if (
      from !== undefined &&
      !(Number(from) < Number(to) && Number(to) <= seconds)
    ) {
      throw new RangeError(
        `Cannot move the camera by ${
          quote(part.trim())
        }: it lasts from ${from} to ${to} seconds, expected 0 to ${seconds} with the start first`,
      );
    }
    const move: SceneMove = {
      kind: kind as SceneMoveKind,
      amount: Number(amount),
      ...from !== undefined && {
        from: Number(from) * TRACK_FPS,
        to: Number(to) * TRACK_FPS,
      },
      ...easing !== undefined && { easing: easing as EasingName },
    };
    checkSceneMove(move);
    return move;
  });
}
