/**
 * Wan-Move as a control method: hard copies of latent features along the
 * tracks, with the mask of plain image-to-video. It needs Wan-Move's own
 * checkpoint.
 *
 * Source: Wan-Move (ali-vilab), `wan/wan_move.py`.
 *
 * @module
 */

import { type MotionControl, plainCondition } from "../motion_control.ts";
import { copyFeatures, samplesInVideo, trackCells } from "./copy_features.ts";

/** Settings of Wan-Move. */
export interface WanMoveSettings {
  /** The name of the method. */
  readonly method: "wan-move";
  /** 1 replaces features, 0 leaves them; the reference always uses 1. */
  readonly strength?: number;
  /**
   * Whether the pass with the negative prompt gets the motion too. `on`, the
   * default, is what the official code does; some other programs do `off`.
   */
  readonly uncondMotion?: "on" | "off";
  /**
   * `reference` repeats its handling of tracks that start hidden; by default as
   * the run's own `compat`.
   */
  readonly compat?: "exact" | "reference";
}

/** The area that Wan-Move was trained at, 832x480 px. */
const TRAINED_AREA = 832 * 480;

/**
 * Creates the method from its settings.
 *
 * @param run.compat what applies where the settings have no `compat`
 * @throws {RangeError} When `strength` is not a number >= 0.
 */
export function createWanMoveControl(
  settings: WanMoveSettings = { method: "wan-move" },
  run: { readonly compat?: "exact" | "reference" } = {},
): MotionControl {
  const { strength = 1, uncondMotion = "on" } = settings;
  const compat = settings.compat ?? run.compat ?? "exact";
  if (!(strength >= 0 && Number.isFinite(strength))) {
    throw new RangeError(
      `Cannot use Wan-Move with strength ${strength}: expected a number >= 0`,
    );
  }
  return {
    method: "wan-move",
    training: "wan-move",
    flowShift: (area) => area <= TRAINED_AREA ? 3 : 5,
    condition({ tracks, image, video, latent }) {
      const cells = trackCells(samplesInVideo(tracks, { image, video }), {
        width: video.width,
        height: video.height,
        latentFrames: latent.dims[1]!,
      });
      let late = 0;
      for (let n = 0; n < cells.count; n++) {
        if (cells.cells[n * cells.frames]! < 0) late++;
      }
      return {
        motion: plainCondition(
          copyFeatures(latent, cells, { strength, compat }),
        ),
        notes: late === 0 || compat === "reference" ? [] : [
          `${late} of ${cells.count} tracks are hidden or outside in the first frame; they have no feature to carry and have no effect`,
        ],
      };
    },
    hasMotion: ({ branch }) =>
      strength > 0 && (branch === "conditional" || uncondMotion === "on"),
  };
}
