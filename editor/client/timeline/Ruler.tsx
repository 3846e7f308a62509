/** @jsxRuntime automatic */
/** @jsxImportSource npm:preact@10.29.8 */
/**
 * The ruler: a tick for each of the 121 frames, strong ones for the 81 that
 * are used, seconds below; also the scrubber.
 *
 * @module
 */

import { TRACK_FPS } from "../../../core/tracks/track_set.ts";
import { LAST_FRAME } from "../../model/document.ts";
import { goToFrame } from "../stage/playback.ts";
import { wholeFrame } from "../state.ts";
import { frameAt, frameLeft, timeView, USED_FRAMES } from "./frames.ts";

const FRAMES = Array.from({ length: LAST_FRAME + 1 }, (_, i) => i);

const ticks = (frames: readonly number[], top: number) =>
  frames.map((frame) => `M${frame} ${top}V10`).join("");

const USED_PATH = ticks(FRAMES.filter((frame) => USED_FRAMES.has(frame)), 4);
const OTHER_PATH = ticks(FRAMES.filter((f) => !USED_FRAMES.has(f)), 8);

/** The ruler. */
export function Ruler() {
  const scrub = (event: PointerEvent) => {
    if (event.button !== 0) return;
    const ruler = event.currentTarget as HTMLElement;
    ruler.setPointerCapture(event.pointerId);
    const go = (e: PointerEvent) => goToFrame(frameAt(ruler, e.clientX));
    go(event);
    ruler.onpointermove = go;
    ruler.onlostpointercapture = () => {
      ruler.onpointermove = ruler.onlostpointercapture = null;
    };
  };
  const press = (event: KeyboardEvent) => {
    const step = event.shiftKey ? 10 : 1;
    const to = {
      ArrowLeft: wholeFrame.value - step,
      ArrowDown: wholeFrame.value - step,
      ArrowRight: wholeFrame.value + step,
      ArrowUp: wholeFrame.value + step,
      PageDown: wholeFrame.value - TRACK_FPS,
      PageUp: wholeFrame.value + TRACK_FPS,
      Home: 0,
      End: LAST_FRAME,
    }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    goToFrame(to);
  };
  const { first, zoom } = timeView.value;
  const every = zoom > 3 ? TRACK_FPS / 4 : TRACK_FPS;
  return (
    <div class="ruler-row">
      <div
        class="ruler-label"
        title="ATI uses frame floor(1.5 i) for frame i of the video"
      >
        <span class="used-mark" aria-hidden="true" /> video frames
      </div>
      <div
        class="ruler"
        data-axis
        role="slider"
        tabIndex={0}
        aria-label="Frame"
        aria-valuemin={0}
        aria-valuemax={LAST_FRAME}
        aria-valuenow={wholeFrame.value}
        aria-valuetext={`Frame ${wholeFrame.value} of ${LAST_FRAME}${
          USED_FRAMES.has(wholeFrame.value)
            ? `, frame ${USED_FRAMES.get(wholeFrame.value)} of the video`
            : ""
        }`}
        onPointerDown={scrub}
        onKeyDown={press}
      >
        <svg
          class="ticks"
          viewBox={`${first} 0 ${LAST_FRAME / zoom} 10`}
          preserveAspectRatio="none"
          aria-hidden="true"
        >
          <path class="tick-used" d={USED_PATH} />
          <path class="tick-other" d={OTHER_PATH} />
        </svg>
        {FRAMES.filter((frame) => frame % every === 0).map((frame) => (
          <span
            key={frame}
            class="ruler-second"
            style={{ left: frameLeft(frame) }}
            aria-hidden="true"
          >
            {frame / TRACK_FPS} s
          </span>
        ))}
      </div>
    </div>
  );
}
