/** @jsxRuntime automatic */
/** @jsxImportSource npm:preact@10.29.8 */
/**
 * The edges of the panels: dragged they resize, far enough they hide; a double
 * click gives a panel its usual size. By keys: arrows, Home hides.
 *
 * @module
 */

import { useRef } from "npm:preact@10.29.8/hooks";
import { panelSizes, setPanelSize, type SizedPanel } from "../panel_sizes.ts";

/** What there is to know of a panel's edge. */
interface Edge {
  readonly panel: SizedPanel;
  readonly label: string;
  /** The axis of the drag, and whether the panel grows along it. */
  readonly axis: "x" | "y";
  readonly sign: 1 | -1;
  /** The element whose size it is. */
  readonly of: string;
  /** Smaller than this it hides; larger than that it does not become, px. */
  readonly least: number;
  readonly most: () => number;
}

const EDGES: readonly Edge[] = [
  {
    ...{ panel: "gallery", label: "Width of the images", of: ".gallery" },
    ...{ axis: "x", sign: 1, least: 100, most: () => innerWidth / 3 },
  },
  {
    ...{ panel: "side", label: "Width of the settings", of: ".side" },
    ...{ axis: "x", sign: -1, least: 240, most: () => innerWidth / 2 },
  },
  {
    ...{ panel: "timeline", label: "Height of the timeline", of: ".timeline" },
    ...{ axis: "y", sign: -1, least: 110, most: () => innerHeight / 2 },
  },
  {
    ...{
      panel: "tracks",
      label: "Height of the track list",
      of: ".side .tracks",
    },
    ...{ axis: "y", sign: 1, least: 90, most: () => innerHeight / 1.6 },
  },
];

/** One step of the arrow keys, px. */
const STEP = 16;

/** All edges. */
export function Edges() {
  return <>{EDGES.map((edge) => <EdgeHandle key={edge.panel} edge={edge} />)}
  </>;
}

function EdgeHandle({ edge }: { readonly edge: Edge }) {
  const { panel, label, axis, sign, of, least, most } = edge;
  const drag = useRef<{ from: number; size: number }>();
  const sizeNow = () => {
    const box = document.querySelector(of)?.getBoundingClientRect();
    return (axis === "x" ? box?.width : box?.height) ?? least;
  };
  const resize = (size: number) =>
    setPanelSize(panel, size < least * 0.6 ? 0 : clamp(size, least, most()));
  const at = (event: PointerEvent) =>
    axis === "x" ? event.clientX : event.clientY;
  return (
    <div
      class="edge"
      data-panel={panel}
      data-hidden={panelSizes.value[panel] === 0}
      role="separator"
      aria-label={label}
      aria-orientation={axis === "x" ? "vertical" : "horizontal"}
      aria-valuenow={panelSizes.value[panel] ?? Math.round(sizeNow())}
      title={`${label}: drag; a double click resets`}
      tabIndex={0}
      onDblClick={() => setPanelSize(panel)}
      onPointerDown={(event) => {
        event.preventDefault();
        event.currentTarget.setPointerCapture(event.pointerId);
        drag.current = { from: at(event), size: sizeNow() };
      }}
      onPointerMove={(event) => {
        if (!drag.current) return;
        const { from, size } = drag.current;
        resize(size + sign * (at(event) - from));
      }}
      onPointerUp={() => drag.current = undefined}
      onLostPointerCapture={() => drag.current = undefined}
      onKeyDown={(event) => {
        const step = {
          ArrowRight: axis === "x" ? 1 : 0,
          ArrowLeft: axis === "x" ? -1 : 0,
          ArrowDown: axis === "y" ? 1 : 0,
          ArrowUp: axis === "y" ? -1 : 0,
        }[event.key];
        if (event.key === "Home") setPanelSize(panel, 0);
        else if (event.key === "End") setPanelSize(panel);
        else if (step) resize(Math.max(least, sizeNow() + sign * step * STEP));
        else return;
        event.preventDefault();
        event.stopPropagation();
      }}
    />
  );
}

function clamp(value: number, least: number, most: number): number {
  return Math.min(most, Math.max(least, value));
}
