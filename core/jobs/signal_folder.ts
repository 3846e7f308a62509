/**
 * The folder that Time-to-Move's own tools write: `first_frame.png`,
 * `motion_signal.mp4`, `mask.mp4`, and `prompt.txt`. What is read of it is in
 * `read_signal_prompt.ts`.
 *
 * @module
 */

/** The image in the folder. */
export const FIRST_FRAME = "first_frame.png";

/** The path of the tracks of an item that has none. */
export const NO_TRACKS = "";

/** Whether a path of a motion signal is meant as a folder. */
export function isSignalFolder(path: string): boolean {
  return !/\.(mp4|mov|m4v)$/i.test(path);
}
