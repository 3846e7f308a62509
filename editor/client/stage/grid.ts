/** The size of the next grid of anchors. @module */

import { signal } from "npm:@preact/signals@2.11.4";

/** Anchors from left to right. */
export const gridColumns = signal(5);
/** Anchors from top to bottom. */
export const gridRows = signal(3);
