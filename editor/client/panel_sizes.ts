/**
 * How large the panels are: as the styles have them until a user drags an edge,
 * remembered in this browser. The edges come with `dialogs/Edges.tsx`.
 *
 * @module
 */

import { signal } from "npm:@preact/signals@2.11.4";
import { attempt } from "./attempt.ts";

/** A panel with an edge that can be dragged. */
export type SizedPanel = "gallery" | "side" | "timeline" | "tracks";

const KEY = "ati-panels";

/** Sizes in CSS px; 0 hides a panel. What is absent is as in the styles. */
export const panelSizes = signal<Readonly<Partial<Record<SizedPanel, number>>>>(
  attempt(() => JSON.parse(localStorage.getItem(KEY) ?? "{}")) ?? {},
);

/** Changes the size of a panel, or with undefined gives it that of the styles. */
export function setPanelSize(panel: SizedPanel, size?: number): void {
  const { [panel]: _, ...rest } = panelSizes.value;
  panelSizes.value = size === undefined
    ? rest
    : { ...rest, [panel]: Math.round(size) };
  attempt(() => localStorage.setItem(KEY, JSON.stringify(panelSizes.value)));
}

/** The sizes as the custom properties that the styles use. */
export function panelStyle(): Record<string, string> {
  return Object.fromEntries(
    Object.entries(panelSizes.value).flatMap(([panel, size]) =>
      Number.isFinite(size) ? [[`--own-${panel}`, `${size}px`]] : []
    ),
  );
}
