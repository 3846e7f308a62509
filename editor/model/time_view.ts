/**
 * Which frames the timeline shows.
 *
 * @module
 */

/** From a frame on, so many times enlarged. */
export interface TimeView {
  /** The frame at the left end; not always a whole one. */
  readonly first: number;
  /** 1 shows all frames. */
  readonly zoom: number;
}

/** At least this many frames are shown. */
const FEWEST = 10;

/** How far time goes. */
interface Time {
  /** The last frame. */
  readonly last: number;
}

/** The view that begins at a frame, as far as there are frames. */
export function scrollTime(
  { zoom }: TimeView,
  first: number,
  { last }: Time,
): TimeView {
  return { first: Math.min(last - last / zoom, Math.max(0, first)), zoom };
}

/**
 * The view enlarged by a factor, with the frame `at` where it was.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { zoomTime } from "./time_view.ts";
 * const view = zoomTime({ first: 0, zoom: 1 }, 2, { at: 60, last: 120 });
 * assert.deepEqual(view, { first: 30, zoom: 2 });
 * ```
 */
export function zoomTime(
  view: TimeView,
  factor: number,
  { at, last }: Time & { readonly at: number },
): TimeView {
  const wanted = Math.max(1, view.zoom * factor);
  // Nearly all is all.
  const zoom = wanted < 1.05 ? 1 : Math.min(last / FEWEST, wanted);
  const share = Math.min(
    1,
    Math.max(0, (at - view.first) * view.zoom / last),
  );
  return scrollTime(
    { ...view, zoom },
    at - share * last / zoom,
    { last },
  );
}

/** The view moved, if need be, so that a frame is seen; a page further on. */
export function keepFrame(
  view: TimeView,
  frame: number,
  { last }: Time,
): TimeView {
  const span = last / view.zoom;
  if (frame >= view.first && frame <= view.first + span) return view;
  return scrollTime(
    view,
    frame < view.first ? frame - 0.1 * span : frame - 0.02 * span,
    { last },
  );
}
