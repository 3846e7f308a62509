/** A video whose motion is looked for. @module */

import { signal } from "npm:@preact/signals@2.11.4";
import { dialog } from "../panels.ts";

/** A video that the dialog has not taken yet. */
export const clipFile = signal<File | undefined>(undefined);

/** Whether a file is a video, by what it says of itself. */
export function isClip({ name, type }: File): boolean {
  return /^video\//.test(type) || /\.(mp4|m4v|mov|webm|mkv)$/i.test(name);
}

/** Opens "Motion from video". */
export function openClip(file: File): void {
  clipFile.value = file;
  dialog.value = "clip";
}
