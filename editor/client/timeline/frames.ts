/**
 * The timeline's axis: which frame is where, which frames ATI uses.
 *
 * @module
 */

import { LAST_FRAME } from "../../model/document.ts";
import { clampFrame } from "../../model/timing_edits.ts";

/** Room left and right of the axis, px, so that its ends can be grabbed. */
export const INSET = 12;

/** Where a frame is, as a CSS length inside a lane. */
export function frameLeft(frame: number): string {
  const share = frame / LAST_FRAME;
  return `calc(${INSET - 2 * INSET * share}px + ${100 * share}%)`;
}

/** How wide some frames are, as a CSS length inside a lane. */
export function framesWide(frames: number): string {
  const share = frames / LAST_FRAME;
  return `calc(${-2 * INSET * share}px + ${100 * share}%)`;
}

/** The frame at a position of the window. */
export function frameAt(lane: Element, clientX: number): number {
  const { left, width } = lane.getBoundingClientRect();
  return clampFrame(
    (clientX - left - INSET) / (width - 2 * INSET) * LAST_FRAME,
  );
}

/** Frames of the video. */
const VIDEO_FRAMES = 81;

/**
 * The frames that ATI uses, floor(1.5 i) for the 81 frames of the video; at
 * each the number of the video's frame.
 *
 * Source: the reference's `wan/utils/motion.py`, lines 57-74.
 */
export const USED_FRAMES: ReadonlyMap<number, number> = new Map(
  Array.from({ length: VIDEO_FRAMES }, (_, i) => [Math.floor(1.5 * i), i]),
);
