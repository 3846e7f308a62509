/** @jsxRuntime automatic */
/** @jsxImportSource npm:preact@10.29.8 */
/**
 * The zoom of the timeline: buttons, Ctrl and the wheel, and a scroll bar while
 * not all frames are shown. The playhead stays in view.
 *
 * @module
 */

import type { RefObject } from "npm:preact@10.29.8";
import { useEffect, useLayoutEffect, useRef } from "npm:preact@10.29.8/hooks";
import { useSignalEffect } from "npm:@preact/signals@2.11.4";
import { IconButton } from "../../components/fields.tsx";
import { keepFrame, scrollTime, zoomTime } from "../../model/time_view.ts";
import { lastFrame, wholeFrame } from "../state.ts";
import { INSET, timeView } from "./frames.ts";

/** One press of a button, or one notch of a wheel. */
const STEP = 1.5;

/** The buttons and the scroll bar. */
export function TimeZoom({ body }: {
  /** The timeline, where the wheel turns. */
  readonly body: RefObject<HTMLDivElement>;
}) {
  const bar = useRef<HTMLDivElement>(null);
  const { first, zoom } = timeView.value;
  const last = lastFrame.value;
  useEffect(() => {
    const element = body.current!;
    const turn = (event: WheelEvent) => {
      const ruler = element.querySelector(".ruler")!.getBoundingClientRect();
      const view = timeView.peek(), last = lastFrame.peek();
      if (event.ctrlKey || event.metaKey) {
        event.preventDefault();
        const share = (event.clientX - ruler.left - INSET) /
          (ruler.width - 2 * INSET);
        timeView.value = zoomTime(view, STEP ** -Math.sign(event.deltaY), {
          at: view.first + share * last / view.zoom,
          last,
        });
        return;
      }
      const by = event.deltaX || (event.shiftKey ? event.deltaY : 0);
      if (by === 0 || view.zoom === 1) return;
      event.preventDefault();
      const frames = by / ruler.width * last / view.zoom;
      timeView.value = scrollTime(view, view.first + frames, { last });
    };
    element.addEventListener("wheel", turn, { passive: false });
    return () => element.removeEventListener("wheel", turn);
  }, []);
  useSignalEffect(() => {
    const at = wholeFrame.value, last = lastFrame.value;
    const view = timeView.peek();
    // The end may have come nearer.
    timeView.value = keepFrame(scrollTime(view, view.first, { last }), at, {
      last,
    });
  });
  // At once: a scroll event in between would bring the old view back.
  useLayoutEffect(() => {
    const element = bar.current;
    if (!element) return;
    const room = element.scrollWidth - element.clientWidth;
    const left = first / (last - last / zoom) * room;
    if (Math.abs(element.scrollLeft - left) > 1) element.scrollLeft = left;
  }, [first, zoom, last]);
  const step = (factor: number) =>
    timeView.value = zoomTime(timeView.value, factor, {
      at: wholeFrame.value,
      last,
    });
  return (
    <>
      <div class="time-zoom" role="group" aria-label="Zoom of the timeline">
        <IconButton
          icon="minus"
          label="Show more of the time"
          disabled={zoom === 1}
          onClick={() => step(1 / STEP)}
        />
        <IconButton
          icon="plus"
          label="Enlarge the time"
          hint="Ctrl and wheel"
          onClick={() => step(STEP)}
        />
      </div>
      {zoom > 1 && (
        <div
          class="time-scroll"
          ref={bar}
          tabIndex={-1}
          aria-hidden="true"
          onScroll={({ currentTarget }) => {
            const { scrollLeft, scrollWidth, clientWidth } = currentTarget;
            const room = scrollWidth - clientWidth;
            if (room <= 0) return;
            const to = scrollLeft / room * (last - last / zoom);
            if (Math.abs(to - timeView.peek().first) < 0.5) return;
            timeView.value = scrollTime(timeView.peek(), to, { last });
          }}
        >
          <div style={{ width: `${100 * zoom}%` }} />
        </div>
      )}
    </>
  );
}
