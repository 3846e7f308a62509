/** @jsxRuntime automatic */
/** @jsxImportSource npm:preact@10.29.8 */
/** Two versions side by side: a still of each, and its time. @module */

import type { ComponentChildren } from "npm:preact@10.29.8";

/** Around two of {@linkcode Side}. */
export function Sides(props: { readonly children: ComponentChildren }) {
  return <div class="sides">{props.children}</div>;
}

/** One of both. */
export function Side(props: {
  /** What it is called. */
  readonly name: string;
  /** When it was made, in words. */
  readonly when: string;
  /** Its still. */
  readonly children: ComponentChildren;
}) {
  return (
    <figure>
      {props.children}
      <figcaption>
        <strong>{props.name}</strong>
        <span class="hint">{props.when}</span>
      </figcaption>
    </figure>
  );
}
