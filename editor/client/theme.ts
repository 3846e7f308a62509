/**
 * Dark, light, or as the system has it; kept in this browser.
 *
 * @module
 */

import { effect, signal } from "npm:@preact/signals@2.11.4";

/** The themes, in the order of the switch. */
export const THEMES = ["system", "dark", "light"] as const;
/** One of them. */
export type Theme = typeof THEMES[number];

const KEY = "ati-theme";

function remembered(): Theme {
  try {
    const kept = localStorage.getItem(KEY);
    return THEMES.find((name) => name === kept) ?? "system";
  } catch {
    return "system"; // A browser that keeps nothing.
  }
}

/** The theme that is chosen. */
export const theme = signal<Theme>(remembered());

/** Switches to the next theme. */
export function nextTheme(): void {
  theme.value = THEMES[(THEMES.indexOf(theme.value) + 1) % THEMES.length]!;
}

effect(() => {
  document.documentElement.dataset.theme = theme.value;
  try {
    localStorage.setItem(KEY, theme.value);
  } catch {
    // The choice then lasts as long as the page.
  }
});
