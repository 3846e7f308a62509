/**
 * Tensor names: rules that map the names of other programs to the official
 * ones.
 *
 * @module
 */

/** Which project's tensor names a file has. */
export type Naming =
  | "official"
  | "transformers"
  | "diffusers"
  | "llama.cpp";

/** The official name of a tensor, and the naming of the original one. */
export interface RenamedTensor {
  /** The official name. */
  readonly name: string;
  /** The naming of the original name, apart from a prefix. */
  readonly naming: Naming;
}

/** A pattern and its replacement, or its meaning. */
export type NameRule = readonly [pattern: RegExp, replacement: string];

/** The name after the first matching rule; undefined if none matches. */
export function renameByRules(
  rules: readonly NameRule[],
  name: string,
): string | undefined {
  for (const [pattern, replacement] of rules) {
    if (pattern.test(name)) return name.replace(pattern, replacement);
  }
  return undefined;
}
