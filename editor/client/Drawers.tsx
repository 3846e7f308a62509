/** @jsxRuntime automatic */
/** @jsxImportSource npm:preact@10.29.8 */
/**
 * On a small screen the panels share one area below the image; these
 * buttons say which of them has it. `screens.css` knows what is small.
 *
 * @module
 */

import { type Drawer, drawer } from "./panels.ts";

const DRAWERS: readonly (readonly [drawer: Drawer, label: string])[] = [
  ["images", "Images"],
  ["tracks", "Tracks"],
  ["settings", "Settings"],
  ["timeline", "Timeline"],
];

/** The buttons; pressed again, the image gets the room. */
export function Drawers() {
  return (
    <nav class="drawers" aria-label="Panels">
      {DRAWERS.map(([name, label]) => (
        <button
          key={name}
          type="button"
          class={`to-${name}`}
          aria-expanded={drawer.value === name}
          onClick={() =>
            drawer.value = drawer.value === name ? undefined : name}
        >
          {label}
        </button>
      ))}
    </nav>
  );
}
