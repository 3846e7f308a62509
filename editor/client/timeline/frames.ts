/**
 * The timeline's axis: which frame is where, which frames ATI uses.
 *
 * @module
 */

import { signal } from "npm:@preact/signals@2.11.4";
import { clampFrame } from "../../model/timing_edits.ts";
import { lastFrame } from "../state.ts";

/** Room left and right of the axis, px, so that its ends can be grabbed. */
export const INSET = 12;

/** What the timeline shows: from a frame on, so many times enlarged. */
export const timeView = signal({ first: 0, zoom: 1 });

/** The share of the axis at which a frame is; outside of 0 to 1 it is not seen. */
export function shareOf(frame: number): number {
  const { first, zoom } = timeView.value;
  return (frame - first) * zoom / lastFrame.value;
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
  const last = lastFrame.value;
  return clampFrame(first + share * last / zoom, last);
}

/**
 * The video's frame that shows a frame of the tracks: frame i shows
 * floor(1.5 i), so that every third one is not used.
 *
 * Source: the reference's `wan/utils/motion.py`, lines 57-74.
 */
export function videoFrame(frame: number): number | undefined {
  const third = frame % 3;
  return third === 2 ? undefined : 2 * (frame - third) / 3 + third;
}
