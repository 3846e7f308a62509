/**
 * Sets that grow together (union and find), with the pairs that joined them.
 *
 * @module
 */

/** A pair that may join two sets. */
export interface Join {
  readonly i: number;
  /** More than `i`. */
  readonly j: number;
  /** The shorter come first. */
  readonly length: number;
}

/** The numbers from 0 on, each first in a set of its own. */
export class JoinedSets {
  readonly #parent: Int32Array;
  readonly #size: Int32Array;
  /** Of each set the first and the last join, -1 for none. */
  readonly #first: Int32Array;
  readonly #last: Int32Array;
  /** After each join the next one of its set. */
  readonly #next: Int32Array;
  readonly #pairs: (readonly [number, number])[] = [];

  constructor(count: number) {
    this.#parent = Int32Array.from({ length: count }, (_, i) => i);
    this.#size = new Int32Array(count).fill(1);
    this.#first = new Int32Array(count).fill(-1);
    this.#last = new Int32Array(count).fill(-1);
    this.#next = new Int32Array(count).fill(-1);
  }

  /** The one that stands for a number's set. */
  find(i: number): number {
    return findIn(this.#parent, i);
  }

  /** How many numbers are in a number's set. */
  sizeOf(i: number): number {
    return this.#size[this.find(i)]!;
  }

  /** Makes the sets of two numbers one; the second's stands for it. */
  join(i: number, j: number): void {
    const a = this.find(i), b = this.find(j);
    if (a === b) return;
    this.#parent[a] = b;
    this.#size[b] = this.#size[b]! + this.#size[a]!;
    const join = this.#pairs.push([i, j]) - 1;
    // Those of the first set, those of the second, the new one.
    const links = [
      [this.#first[a]!, this.#last[a]!],
      [this.#first[b]!, this.#last[b]!],
      [join, join],
    ] as const;
    let end = -1;
    for (const [first, last] of links) {
      if (first < 0) continue;
      if (end < 0) this.#first[b] = first;
      else this.#next[end] = first;
      end = last;
    }
    this.#last[b] = join;
  }

  /** The pairs that joined a number's set. */
  *joinsOf(i: number): Generator<readonly [number, number]> {
    const end = this.find(i);
    for (let k = this.#first[end]!; k >= 0; k = this.#next[k]!) {
      yield this.#pairs[k]!;
    }
  }

  /**
   * Of the pairs those that join sets when they are taken by their length (then
   * by `i`, then by `j`), in this order. Nothing is joined yet.
   */
  needed(joins: Join[]): Join[] {
    const parent = this.#parent.slice();
    joins.sort((a, b) => a.length - b.length || a.i - b.i || a.j - b.j);
    return joins.filter(({ i, j }) => {
      const a = findIn(parent, i), b = findIn(parent, j);
      parent[a] = b;
      return a !== b;
    });
  }
}

/** Ways become shorter as they are gone. */
function findIn(parent: Int32Array, i: number): number {
  for (;;) {
    const up = parent[i]!;
    if (up === i) return i;
    i = parent[i] = parent[up]!;
  }
}
