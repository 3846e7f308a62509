/**
 * Names of tensors: rules that lead from the names other programs use back to
 * the official ones. The numbers are the same.
 *
 * @module
 */

/** Which project's tensor names a file has. */
export type Naming =
  | "official"
  | "transformers"
  | "diffusers"
  | "llama.cpp";

/** The official name of a tensor, and which project's name it had. */
export interface RenamedTensor {
  /** The official name. */
  readonly name: string;
  /** Which project's name it had, apart from a prefix. */
  readonly naming: Naming;
}

/** A pattern and its replacement, or what the pattern means. */
export type NameRule = readonly [pattern: RegExp, replacement: string];

/** The name after the first rule that applies; undefined where none does. */
export function renameByRules(
  rules: readonly NameRule[],
  name: string,
): string | undefined {
  for (const [pattern, replacement] of rules) {
    if (pattern.test(name)) return name.replace(pattern, replacement);
  }
  return undefined;
}
