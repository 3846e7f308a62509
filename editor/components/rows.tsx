/** @jsxRuntime automatic */
/** @jsxImportSource npm:preact@10.29.8 */
/**
 * A long list of rows of one height, of which only those in sight are in the
 * page: 2000 tracks cost as much as 20.
 *
 * @module
 */

import type { ComponentChildren } from "npm:preact@10.29.8";
import { useLayoutEffect, useRef } from "npm:preact@10.29.8/hooks";
import { useSignal } from "npm:@preact/signals@2.11.4";

/** Rows above and below those in sight, so that scrolling shows no gaps. */
const MARGIN = 4;

/** The height of rows in px, which is another one for fingers. */
export function rowHeight(mouse: number, finger: number): number {
  return matchMedia("(pointer: coarse)").matches ? finger : mouse;
}

/** The list. `render` gives one row, which gets its position from its slot. */
export function Rows(props: {
  readonly count: number;
  /** The height of a row in px. */
  readonly height: number;
  /** A row that stays in the page: the one with the focus. */
  readonly keep?: number | undefined;
  /** A row that is scrolled to whenever this changes. */
  readonly reveal?: number | undefined;
  readonly class?: string;
  readonly render: (index: number) => ComponentChildren;
}) {
  const { count, height, keep, reveal } = props;
  const root = useRef<HTMLDivElement>(null);
  const top = useSignal(0);
  const visible = useSignal(400);

  useLayoutEffect(() => {
    const element = root.current!;
    const observer = new ResizeObserver(() => {
      visible.value = element.clientHeight;
      // What is above the rows lines up with them by this.
      element.parentElement!.style.setProperty(
        "--scrollbar",
        `${element.offsetWidth - element.clientWidth}px`,
      );
    });
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  useLayoutEffect(() => {
    const element = root.current!;
    if (reveal === undefined || reveal < 0) return;
    const from = reveal * height, to = from + height;
    if (from < element.scrollTop) element.scrollTop = from;
    else if (to > element.scrollTop + element.clientHeight) {
      element.scrollTop = to - element.clientHeight;
    }
  }, [reveal]);

  const first = Math.max(0, Math.floor(top.value / height) - MARGIN);
  const last = Math.min(
    count - 1,
    Math.ceil((top.value + visible.value) / height) + MARGIN,
  );
  const indices = Array.from({ length: last - first + 1 }, (_, i) => first + i);
  if (keep !== undefined && keep >= 0 && keep < count) {
    if (keep < first) indices.unshift(keep);
    else if (keep > last) indices.push(keep);
  }
  return (
    <div
      class={`rows ${props.class ?? ""}`}
      ref={root}
      onScroll={(event) => top.value = event.currentTarget.scrollTop}
    >
      <div
        class="rows-all"
        role="presentation"
        style={{ height: `${count * height}px` }}
      >
        {indices.map((index) => (
          <div
            key={index}
            class="rows-slot"
            role="presentation"
            style={{ top: `${index * height}px`, height: `${height}px` }}
          >
            {props.render(index)}
          </div>
        ))}
      </div>
    </div>
  );
}
