/**
 * The names of a graph's values and nodes, each given once.
 *
 * @module
 */

import { quote } from "../../base/errors.ts";

/** Hands out names. */
export class Names {
  readonly #taken = new Set<string>();
  readonly #counts = new Map<string, number>();

  /** That very name. @throws {TypeError} When it is taken. */
  claim(name: string): string {
    if (this.#taken.has(name)) {
      throw new TypeError(
        `Cannot name a value ${quote(name)}: that name is taken`,
      );
    }
    this.#taken.add(name);
    return name;
  }

  /** The label, or the label with a number where it is taken. */
  fresh(label: string): string {
    let name = label;
    while (this.#taken.has(name)) {
      const count = (this.#counts.get(label) ?? 0) + 1;
      this.#counts.set(label, count);
      name = `${label}_${count}`;
    }
    this.#taken.add(name);
    return name;
  }
}
