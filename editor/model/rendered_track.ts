/**
 * What a document's entries become.
 *
 * @module
 */

import type { TrackPoint } from "../../core/tracks/track_set.ts";

/** One track of the set, and the entry of the track list that it comes from. */
export interface RenderedTrack {
  /** The id of the entry in the document. */
  readonly id: string;
  /** Which of its tracks this is; above 0 only for circles and objects. */
  readonly part: number;
  /** As many points as the document has frames. */
  readonly points: readonly TrackPoint[];
}
