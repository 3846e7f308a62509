/** @jsxRuntime automatic */
/** @jsxImportSource npm:preact@10.29.8 */
/**
 * The ruler: a tick for each frame, strong ones for those that the video shows,
 * seconds below; also the scrubber.
 *
 * @module
 */

import { useMemo } from "npm:preact@10.29.8/hooks";
import { TRACK_FPS } from "../../../core/tracks/track_set.ts";
import { goToFrame } from "../stage/playback.ts";
import { lastFrame, wholeFrame } from "../state.ts";
import { frameAt, frameLeft, timeView, videoFrame } from "./frames.ts";

/** Frames between two numbers, and the most frames in view for which they are. */
const STEPS = [[6, 40], [24, 240], [48, 480], [120, 1200], [240, Infinity]];
/** With more frames in view there is a tick for a second. */
const MANY = 480;

/** A tick for each frame, or each second, as far as `shown` says. */
function ticks(
  { last, step, top }: Record<"last" | "step" | "top", number>,
  shown: (frame: number) => boolean,
): string {
  let path = "";
  for (let frame = 0; frame <= last; frame += step) {
    if (shown(frame)) path += `M${frame} ${top}V10`;
  }
  return path;
}

const isUsed = (frame: number) => videoFrame(frame) !== undefined;

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
  const at = wholeFrame.value, last = lastFrame.value;
  const press = (event: KeyboardEvent) => {
    const step = event.shiftKey ? 10 : 1;
    const to = {
      ArrowLeft: at - step,
      ArrowDown: at - step,
      ArrowRight: at + step,
      ArrowUp: at + step,
      PageDown: at - TRACK_FPS,
      PageUp: at + TRACK_FPS,
      Home: 0,
      End: last,
    }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    goToFrame(to);
  };
  const { first, zoom } = timeView.value;
  const inView = last / zoom;
  const [every] = STEPS.find(([, most]) => inView <= most!) as [number, number];
  const step = inView > MANY ? TRACK_FPS : 1;
  const [used, others] = useMemo(() => [
    ticks({ last, step, top: 4 }, isUsed),
    ticks({ last, step, top: 8 }, (frame) => !isUsed(frame)),
  ], [last, step]);
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
        aria-valuemax={last}
        aria-valuenow={at}
        aria-valuetext={`Frame ${at} of ${last}${
          isUsed(at) ? `, frame ${videoFrame(at)} of the video` : ""
        }`}
        onPointerDown={scrub}
        onKeyDown={press}
      >
        <svg
          class="ticks"
          viewBox={`${first} 0 ${inView} 10`}
          preserveAspectRatio="none"
          aria-hidden="true"
        >
          <path class="tick-used" d={used} />
          <path class="tick-other" d={others} />
        </svg>
        {Array.from({ length: Math.floor(last / every) + 1 }, (_, i) => (
          <span
            key={i * every}
            class="ruler-second"
            style={{ left: frameLeft(i * every) }}
            aria-hidden="true"
          >
            {i * every / TRACK_FPS} s
          </span>
        ))}
      </div>
    </div>
  );
}
