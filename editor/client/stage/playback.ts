/**
 * Playback: the frame advances at 24 per second of real time.
 *
 * @module
 */

import { effect } from "npm:@preact/signals@2.11.4";
import { TRACK_FPS } from "../../../core/tracks/track_set.ts";
import { frame, lastFrame, loop, playing } from "../state.ts";

/** Plays or pauses; from the end it starts again. */
export function togglePlay(): void {
  if (!playing.value && frame.value >= lastFrame.value) frame.value = 0;
  playing.value = !playing.value;
}

/** Goes some frames on or back, and stops playing. */
export function stepFrame(by: number): void {
  goToFrame(Math.round(frame.value) + by);
}

/** Shows a frame, and stops playing. */
export function goToFrame(to: number): void {
  playing.value = false;
  frame.value = Math.min(lastFrame.value, Math.max(0, to));
}

effect(() => {
  if (!playing.value) {
    frame.value = Math.min(lastFrame.value, Math.round(frame.peek()));
    return;
  }
  let last = performance.now();
  let request = requestAnimationFrame(function step(now) {
    // A tab that slept does not jump ahead.
    const passed = Math.min(0.25, Math.max(0, now - last) / 1000);
    last = now;
    const next = frame.peek() + passed * TRACK_FPS;
    const end = lastFrame.peek();
    if (next < end + 1) frame.value = next;
    else if (loop.peek()) frame.value = next % (end + 1);
    else {
      frame.value = end;
      playing.value = false;
      return;
    }
    request = requestAnimationFrame(step);
  });
  return () => cancelAnimationFrame(request);
});
