/** @jsxRuntime automatic */
/** @jsxImportSource npm:preact@10.29.8 */
/**
 * An easing as an image: parts between joints, each a cubic-bezier with two
 * handles. Joints and handles are dragged or moved by arrow keys; the curve of
 * the chosen part can be typed as in CSS.
 *
 * @module
 */

import type { RefObject } from "npm:preact@10.29.8";
import { useRef } from "npm:preact@10.29.8/hooks";
import { useSignal } from "npm:@preact/signals@2.11.4";
import { formatNumber, IconButton } from "../../components/fields.tsx";
import { MAX_JOINTS } from "../../../core/tracks/track_curve.ts";
import type { Easing } from "../../model/easing.ts";
import {
  type EasingOf,
  type EasingPart,
  easingParts,
  moveJoint,
  removeJoint,
  setPart,
  splitPart,
} from "../../model/easing_parts.ts";

/** Size of the unit square in the drawing, and the room around it. */
const SIDE = 84, LEFT = 10, TOP = 28;

const toX = (time: number) => LEFT + time * SIDE;
const toY = (progress: number) => TOP + (1 - progress) * SIDE;

/** A position in the whole curve: time and progress. */
type At = readonly [time: number, progress: number];

interface Props {
  /** The easing that is shown. */
  readonly easing: EasingOf;
  readonly disabled: boolean;
  /** The part whose handles are shown. */
  readonly part: number;
  /** Chooses a part. */
  readonly onPart: (part: number) => void;
  readonly onChange: (easing: EasingOf, gesture?: string) => void;
}

/** The curve, its joints and handles, and the numbers of the chosen part. */
export function EasingCurve(props: Props) {
  const { easing, disabled, onChange } = props;
  const parts = easingParts(easing);
  const part = Math.min(props.part, parts.length - 1);
  const joints = easing.joints ?? [];
  return (
    <div class="easing" data-disabled={disabled}>
      <Drawing {...props} part={part} parts={parts} />
      <div class="easing-side">
        <Numbers
          easing={parts[part]!.easing}
          disabled={disabled}
          onEasing={(next) => onChange(setPart(easing, part, next))}
        />
        <div class="joint-actions">
          <button
            type="button"
            class="button small"
            title="Divide this part of the curve in two"
            disabled={disabled || joints.length >= MAX_JOINTS}
            onClick={() => {
              onChange(splitPart(easing, part));
              props.onPart(part + 1);
            }}
          >
            Add joint
          </button>
          {part > 0 && (
            <IconButton
              icon="trash"
              label="Remove the joint before this part"
              disabled={disabled}
              onClick={() => {
                onChange(removeJoint(easing, part - 1));
                props.onPart(part - 1);
              }}
            />
          )}
        </div>
        {parts.length > 1 && (
          <span class="hint">Part {part + 1} of {parts.length}</span>
        )}
      </div>
    </div>
  );
}

function Drawing(
  { easing, parts, part, disabled, onPart, onChange }: Props & {
    readonly parts: readonly EasingPart[];
  },
) {
  const svg = useRef<SVGSVGElement>(null);
  const { from, to, easing: [x1, y1, x2, y2] } = parts[part]!;
  const place = partPlace(parts[part]!);
  const setHandle = (handle: 0 | 1, [time, progress]: At, gesture: string) => {
    const span = to.progress - from.progress;
    const x = (time - from.time) / (to.time - from.time);
    const y = Math.abs(span) < 1e-6 ? 0 : (progress - from.progress) / span;
    const next: Easing = [x1, y1, x2, y2];
    next[handle * 2] = rounded(Math.min(1, Math.max(0, x)));
    next[handle * 2 + 1] = rounded(Math.min(5, Math.max(-5, y)));
    onChange(setPart(easing, part, next), gesture);
  };
  return (
    <svg
      ref={svg}
      viewBox={`0 0 ${SIDE + 2 * LEFT} ${SIDE + 2 * TOP}`}
      role="group"
      aria-label="Easing curve: progress over time"
    >
      <rect class="easing-box" x={LEFT} y={TOP} width={SIDE} height={SIDE} />
      {parts.map((one, i) => (
        <path
          key={i}
          class="easing-line"
          data-chosen={parts.length > 1 && i === part}
          d={pathOf(one)}
          onPointerDown={() => onPart(i)}
        />
      ))}
      {([[x1, y1, 0], [x2, y2, 1]] as const).map(([x, y, end], i) => (
        <Knob
          key={i}
          {...{ svg, disabled }}
          at={place(x, y)}
          arm={place(end, end)}
          label={i === 0 ? "First handle" : "Second handle"}
          onMove={(at, gesture) => setHandle(i as 0 | 1, at, gesture)}
        />
      ))}
      {easing.joints?.map(({ time, progress }, i) => (
        <Knob
          key={`joint ${i}`}
          {...{ svg, disabled }}
          at={[time, progress]}
          label={`Joint ${i + 1}`}
          onPress={() => onPart(i + 1)}
          onMove={([time, progress], gesture) =>
            onChange(
              moveJoint(easing, i, {
                time: rounded(time),
                progress: rounded(progress),
              }),
              gesture,
            )}
        />
      ))}
    </svg>
  );
}

function rounded(value: number): number {
  return Math.round(value * 100) / 100;
}

/** From the unit square of a part to the whole curve. */
function partPlace({ from, to }: EasingPart): (x: number, y: number) => At {
  return (x, y) => [
    from.time + x * (to.time - from.time),
    from.progress + y * (to.progress - from.progress),
  ];
}

function pathOf(part: EasingPart): string {
  const { easing: [x1, y1, x2, y2] } = part;
  const place = partPlace(part);
  const [start, ...rest] = [
    place(0, 0),
    place(x1, y1),
    place(x2, y2),
    place(1, 1),
  ].map(([time, progress]) => `${toX(time)} ${toY(progress)}`);
  return `M${start}C${rest.join(" ")}`;
}

/** What can be dragged in the drawing, or moved by arrow keys. */
function Knob({ svg, at, arm, label, disabled, onMove, onPress }: {
  readonly svg: RefObject<SVGSVGElement>;
  readonly at: At;
  /** Where its arm begins; a joint has none. */
  readonly arm?: At;
  readonly label: string;
  readonly disabled: boolean;
  readonly onMove: (at: At, gesture: string) => void;
  readonly onPress?: () => void;
}) {
  const [time, progress] = at;
  const drag = (event: PointerEvent) => {
    if (disabled) return;
    onPress?.();
    const knob = event.currentTarget as SVGElement;
    knob.setPointerCapture(event.pointerId);
    const gesture = `easing ${event.timeStamp}`;
    const box = svg.current!.getBoundingClientRect();
    const scale = svg.current!.viewBox.baseVal.width / box.width;
    knob.onpointermove = (e) =>
      onMove([
        ((e.clientX - box.left) * scale - LEFT) / SIDE,
        Math.min(
          1.33,
          Math.max(-0.33, 1 - ((e.clientY - box.top) * scale - TOP) / SIDE),
        ),
      ], gesture);
    knob.onlostpointercapture = () => {
      knob.onpointermove = knob.onlostpointercapture = null;
    };
  };
  const press = (event: KeyboardEvent) => {
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
    onMove(
      [time + by[0]! * step, progress + by[1]! * step],
      `easing keys ${label}`,
    );
  };
  const attributes = {
    // An attribute of SVG: in capitals it would be another one.
    tabindex: disabled ? -1 : 0,
    role: "slider",
    "aria-label": label,
    "aria-valuemin": 0,
    "aria-valuemax": 1,
    "aria-valuenow": time,
    "aria-valuetext": `time ${formatNumber(time)}, progress ${
      formatNumber(progress)
    }`,
    onPointerDown: drag,
    onKeyDown: press,
  } as const;
  return (
    <g>
      {arm && (
        <line
          class="easing-arm"
          x1={toX(arm[0])}
          y1={toY(arm[1])}
          x2={toX(time)}
          y2={toY(progress)}
        />
      )}
      {arm
        ? (
          <circle
            class="easing-knob"
            cx={toX(time)}
            cy={toY(progress)}
            r="5.5"
            {...attributes}
          />
        )
        : (
          <rect
            class="easing-knob joint"
            x={toX(time) - 5}
            y={toY(progress) - 5}
            width="10"
            height="10"
            {...attributes}
          />
        )}
    </g>
  );
}

/** The four numbers of a curve, as in CSS. */
function Numbers({ easing, disabled, onEasing }: {
  readonly easing: Easing;
  readonly disabled: boolean;
  readonly onEasing: (easing: Easing) => void;
}) {
  const draft = useSignal<string | undefined>(undefined);
  const take = (value: string) => {
    draft.value = undefined;
    const numbers = value.split(",").map((part) => Number(part.trim()));
    const [a, b, c, d] = numbers;
    if (numbers.length !== 4 || !numbers.every(Number.isFinite)) return;
    if (a! < 0 || a! > 1 || c! < 0 || c! > 1) return;
    const clamp = (y: number) => Math.min(5, Math.max(-5, y));
    onEasing([a!, clamp(b!), c!, clamp(d!)]);
  };
  return (
    <label class="easing-text" title="As in CSS: x1, y1, x2, y2">
      <span class="label">cubic-bezier</span>
      <input
        type="text"
        aria-label="cubic-bezier"
        spellcheck={false}
        value={draft.value ?? easing.map(formatNumber).join(", ")}
        disabled={disabled}
        onInput={(event) => draft.value = event.currentTarget.value}
        onChange={(event) => take(event.currentTarget.value)}
        onBlur={() => draft.value = undefined}
      />
      <span class="hint">X: time, Y: progress.</span>
    </label>
  );
}
