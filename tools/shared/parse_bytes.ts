/**
 * Sizes of memory in command lines.
 *
 * @module
 */

import { InvalidArgumentError } from "./tool.ts";

const UNITS: Readonly<Record<string, number>> = {
  "": 1e9,
  mb: 1e6,
  gb: 1e9,
  mib: 2 ** 20,
  gib: 2 ** 30,
};

/**
 * A size in bytes, from text such as `8GB`, `7.5 GiB`, `900MB` or `8`, which is
 * in GB.
 */
export function parseBytes(text: string): number {
  const [, digits, unit = ""] =
    /^(\d{1,6}(?:\.\d{1,3})?)\s*([a-z]*)$/i.exec(text.trim()) ?? [];
  const factor = UNITS[unit.toLowerCase()];
  const bytes = Number(digits) * (factor ?? NaN);
  if (!(bytes > 0)) {
    throw new InvalidArgumentError("expected a size such as 8GB or 7.5GiB.");
  }
  return Math.round(bytes);
}
