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

/** How Wan-Move steers. */
export interface WanMoveSettings {
  /** Which method it is. */
  readonly method: "wan-move";
  /** 1 replaces features, 0 leaves them; the reference knows 1 only. */
  readonly strength?: number;
  /**
   * Whether the pass with the negative prompt gets the motion too. `on`, the
   * default, is what the official code does; `off` is what some other programs
   * do.
   */
  readonly uncondMotion?: "on" | "off";
  /** `reference` repeats what it does with tracks that start hidden. */
  readonly compat?: "exact" | "reference";
}

/**
 * The method with its settings.
 *
 * @throws {RangeError} When `strength` is not a number from 0 up.
 */
export function createWanMoveControl(
  settings: WanMoveSettings = { method: "wan-move" },
): MotionControl {
  const { strength = 1, uncondMotion = "on", compat = "exact" } = settings;
  if (!(strength >= 0 && Number.isFinite(strength))) {
    throw new RangeError(
      `Cannot steer with strength ${strength}: expected a number from 0 up`,
    );
  }
  return {
    method: "wan-move",
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
          `${late} of ${cells.count} tracks are hidden or outside in the first frame; they have no feature to carry and do nothing`,
        ],
      };
    },
    hasMotion: ({ branch }) =>
      strength > 0 && (branch === "conditional" || uncondMotion === "on"),
  };
}
