/**
 * What was chosen in the Generate dialog, remembered in this browser.
 *
 * @module
 */

import { effect, signal } from "npm:@preact/signals@2.11.4";
import {
  accepts,
  GENERATE_SETTINGS,
  type GenerateValues,
} from "../../model/generate_settings.ts";
import type { Engine } from "../api.ts";

const KEY = "ati-generate";

/** The engine that was chosen; undefined before the first time. */
export const chosenEngine = signal<Engine | undefined>(undefined);
/** The settings that are not defaults. */
export const chosenValues = signal<GenerateValues>({});

try {
  const kept = JSON.parse(localStorage.getItem(KEY) ?? "{}");
  if (kept.engine === "preview" || kept.engine === "model") {
    chosenEngine.value = kept.engine;
  }
  // What an older editor has kept may not be a setting any more.
  chosenValues.value = Object.fromEntries(
    GENERATE_SETTINGS.flatMap((setting) => {
      const value = kept.values?.[setting.name];
      return accepts(setting, value) ? [[setting.name, value]] : [];
    }),
  );
} catch {
  // Damaged, or a browser that keeps nothing: the defaults.
}

effect(() => {
  const kept = { engine: chosenEngine.value, values: chosenValues.value };
  try {
    localStorage.setItem(KEY, JSON.stringify(kept));
  } catch {
    // A browser that keeps nothing.
  }
});
