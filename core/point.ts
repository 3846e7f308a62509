/**
 * A place in a picture.
 *
 * @module
 */

/** A place in px, x right and y down; fractions are meant. */
export interface Point {
  /** Px from the left edge. */
  readonly x: number;
  /** Px from the top edge. */
  readonly y: number;
}
