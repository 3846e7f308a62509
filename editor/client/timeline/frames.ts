/**
 * The timeline's axis: which frame is where, which frames ATI uses.
 *
 * @module
 */

import { signal } from "npm:@preact/signals@2.11.4";
import { LAST_FRAME } from "../../model/document.ts";
import { clampFrame } from "../../model/timing_edits.ts";

/** Room left and right of the axis, px, so that its ends can be grabbed. */
export const INSET = 12;

/** What the timeline shows: from a frame on, so many times enlarged. */
export const timeView = signal({ first: 0, zoom: 1 });

/** The share of the axis at which a frame is; outside of 0 to 1 it is not seen. */
export function shareOf(frame: number): number {
  const { first, zoom } = timeView.value;
  return (frame - first) * zoom / LAST_FRAME;
}

/**
 * Where a frame is, as a CSS length inside a lane. The styles know the view, so
 * that no lane is rendered anew when it changes.
 */
export function frameLeft(frame: number): string {
  return `calc(${INSET}px + (100% - ${
    2 * INSET
  }px) * (${frame} - var(--first)) * var(--frame))`;
}

/** How wide some frames are, as a CSS length inside a lane. */
export function framesWide(frames: number): string {
  return `calc((100% - ${2 * INSET}px) * ${frames} * var(--frame))`;
}

/** The frame at a position of the window. */
export function frameAt(lane: Element, clientX: number): number {
  const { left, width } = lane.getBoundingClientRect();
  const { first, zoom } = timeView.value;
  const share = (clientX - left - INSET) / (width - 2 * INSET);
  return clampFrame(first + share * LAST_FRAME / zoom);
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
