/** @jsxRuntime automatic */
/** @jsxImportSource npm:preact@10.29.8 */
/**
 * On a small screen the panels share one place below the picture; these
 * buttons say which of them has it. `screens.css` knows what is small.
 *
 * @module
 */

import { type Drawer, drawer } from "./panels.ts";

const DRAWERS: readonly (readonly [drawer: Drawer, label: string])[] = [
  ["pictures", "Pictures"],
  ["tracks", "Tracks"],
  ["settings", "Settings"],
  ["timeline", "Timeline"],
];

/** The buttons; pressed again, the picture gets the room. */
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
