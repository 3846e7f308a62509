/** @jsxRuntime automatic */
/** @jsxImportSource npm:preact@10.29.8 */
/**
 * A cubic-bezier easing as an image with two handles: dragged, moved by
 * arrow keys, or typed as in CSS.
 *
 * @module
 */

import { useRef } from "npm:preact@10.29.8/hooks";
import { useSignal } from "npm:@preact/signals@2.11.4";
import { formatNumber } from "../../components/fields.tsx";
import type { Easing } from "../../model/easing.ts";

/** Size of the unit square in the drawing, and the room around it. */
const SIDE = 84, LEFT = 10, TOP = 28;

const toX = (x: number) => LEFT + x * SIDE;
const toY = (y: number) => TOP + (1 - y) * SIDE;

/** The curve, its handles and its four numbers. */
export function EasingCurve(props: {
  readonly easing: Easing;
  readonly disabled: boolean;
  readonly onChange: (easing: Easing, gesture: string) => void;
}) {
  const { easing, disabled, onChange } = props;
  const [x1, y1, x2, y2] = easing;
  const svg = useRef<SVGSVGElement>(null);
  const draft = useSignal<string | undefined>(undefined);
  const text = easing.map(formatNumber).join(", ");

  const set = (handle: 0 | 1, x: number, y: number, gesture: string) => {
    const next: Easing = [...easing];
    next[handle * 2] = Math.round(Math.min(1, Math.max(0, x)) * 100) / 100;
    next[handle * 2 + 1] =
      Math.round(Math.min(1.33, Math.max(-0.33, y)) * 100) / 100;
    onChange(next, gesture);
  };
  const drag = (event: PointerEvent, handle: 0 | 1) => {
    if (disabled) return;
    const knob = event.currentTarget as SVGElement;
    knob.setPointerCapture(event.pointerId);
    const gesture = `easing ${event.timeStamp}`;
    const box = svg.current!.getBoundingClientRect();
    const scale = svg.current!.viewBox.baseVal.width / box.width;
    const move = (e: PointerEvent) =>
      set(
        handle,
        ((e.clientX - box.left) * scale - LEFT) / SIDE,
        1 - ((e.clientY - box.top) * scale - TOP) / SIDE,
        gesture,
      );
    knob.onpointermove = move;
    knob.onlostpointercapture = () => {
      knob.onpointermove = knob.onlostpointercapture = null;
    };
  };
  const press = (event: KeyboardEvent, handle: 0 | 1) => {
    const by = {
      ArrowLeft: [-1, 0],
      ArrowRight: [1, 0],
      ArrowUp: [0, 1],
      ArrowDown: [0, -1],
    }[event.key];
    if (!by || disabled) return;
    event.preventDefault();
    event.stopPropagation();
    const step = event.shiftKey ? 0.1 : 0.02;
    set(
      handle,
      easing[handle * 2]! + by[0]! * step,
      easing[handle * 2 + 1]! + by[1]! * step,
      "easing keys",
    );
  };
  const take = (value: string) => {
    draft.value = undefined;
    const numbers = value.split(",").map((part) => Number(part.trim()));
    const [a, b, c, d] = numbers;
    if (numbers.length !== 4 || !numbers.every(Number.isFinite)) return;
    if (a! < 0 || a! > 1 || c! < 0 || c! > 1) return;
    const clamp = (y: number) => Math.min(5, Math.max(-5, y));
    onChange([a!, clamp(b!), c!, clamp(d!)], "easing typed");
  };

  const handles = [[x1, y1, 0, 0], [x2, y2, 1, 1]] as const;
  return (
    <div class="easing" data-disabled={disabled}>
      <svg
        ref={svg}
        viewBox={`0 0 ${SIDE + 2 * LEFT} ${SIDE + 2 * TOP}`}
        role="group"
        aria-label="Easing curve: progress over time"
      >
        <rect class="easing-box" x={LEFT} y={TOP} width={SIDE} height={SIDE} />
        <path
          class="easing-line"
          d={`M${toX(0)} ${toY(0)}C${toX(x1)} ${toY(y1)} ${toX(x2)} ${
            toY(y2)
          } ${toX(1)} ${toY(1)}`}
        />
        {handles.map(([x, y, fromX, fromY], i) => (
          <g key={i}>
            <line
              class="easing-arm"
              x1={toX(fromX)}
              y1={toY(fromY)}
              x2={toX(x)}
              y2={toY(y)}
            />
            <circle
              class="easing-knob"
              cx={toX(x)}
              cy={toY(y)}
              r="5.5"
              // An attribute of SVG: in capitals it would be another one.
              tabindex={disabled ? -1 : 0}
              role="slider"
              aria-label={i === 0 ? "First handle" : "Second handle"}
              aria-valuemin={0}
              aria-valuemax={1}
              aria-valuenow={x}
              aria-valuetext={`time ${formatNumber(x)}, progress ${
                formatNumber(y)
              }`}
              onPointerDown={(event) => drag(event, i as 0 | 1)}
              onKeyDown={(event) => press(event, i as 0 | 1)}
            />
          </g>
        ))}
      </svg>
      <label class="easing-text" title="As in CSS: x1, y1, x2, y2">
        <span class="label">cubic-bezier</span>
        <input
          type="text"
          aria-label="cubic-bezier"
          spellcheck={false}
          value={draft.value ?? text}
          disabled={disabled}
          onInput={(event) => draft.value = event.currentTarget.value}
          onChange={(event) => take(event.currentTarget.value)}
          onBlur={() => draft.value = undefined}
        />
        <span class="hint">X: time, Y: progress.</span>
      </label>
    </div>
  );
}
