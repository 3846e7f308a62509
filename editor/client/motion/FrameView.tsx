/** @jsxRuntime automatic */
/** @jsxImportSource npm:preact@10.29.8 */
/**
 * A frame or an image as large as there is room, with something drawn over it.
 *
 * @module
 */

import { useLayoutEffect, useRef } from "npm:preact@10.29.8/hooks";
import type { Point } from "../../model/document.ts";
import type { View } from "../../model/view.ts";

/** The view; it draws again whenever it is rendered. */
export function FrameView(props: {
  /** Size of what is shown, px. */
  readonly width: number;
  readonly height: number;
  /** What it is, for readers. */
  readonly label: string;
  /** Draws; `view` takes px of what is shown to CSS px. */
  readonly paint: (ctx: CanvasRenderingContext2D, view: View) => void;
  /** A press, px of what is shown; `reach` is how near counts. */
  readonly onPress?: (at: Point, reach: number) => void;
  /** A drag, px of what is shown since the last call. */
  readonly onDrag?: (by: { dx: number; dy: number }) => void;
}) {
  const element = useRef<HTMLCanvasElement>(null);
  const last = useRef<Point | undefined>(undefined);
  const { width, height, paint } = props;
  useLayoutEffect(() => {
    const canvas = element.current!;
    const dots = Math.min(2, devicePixelRatio);
    const scale = canvas.clientWidth / width;
    const [w, h] = [width, height].map((side) =>
      Math.max(1, Math.round(side * scale * dots))
    );
    if (canvas.width !== w) canvas.width = w!;
    if (canvas.height !== h) canvas.height = h!;
    const ctx = canvas.getContext("2d")!;
    ctx.setTransform(dots, 0, 0, dots, 0, 0);
    ctx.clearRect(0, 0, w!, h!);
    paint(ctx, { scale, x: 0, y: 0 });
  });
  const at = (event: PointerEvent) => {
    const box = element.current!.getBoundingClientRect();
    const scale = width / box.width;
    return {
      at: {
        x: scale * (event.clientX - box.left),
        y: scale * (event.clientY - box.top),
      },
      reach: scale * (event.pointerType === "touch" ? 18 : 10),
    };
  };
  return (
    <canvas
      ref={element}
      class="frame-view"
      role="img"
      aria-label={props.label}
      data-drags={props.onDrag ? "" : undefined}
      style={{
        aspectRatio: `${width} / ${height}`,
        width: `min(100%, calc(46vh * ${(width / height).toFixed(4)}))`,
      }}
      onPointerDown={(event) => {
        const pressed = at(event);
        last.current = pressed.at;
        event.currentTarget.setPointerCapture(event.pointerId);
        props.onPress?.(pressed.at, pressed.reach);
      }}
      onPointerMove={(event) => {
        const before = last.current;
        if (!before || !props.onDrag) return;
        const now = last.current = at(event).at;
        props.onDrag({ dx: now.x - before.x, dy: now.y - before.y });
      }}
      onPointerUp={() => last.current = undefined}
      onPointerCancel={() => last.current = undefined}
    />
  );
}
