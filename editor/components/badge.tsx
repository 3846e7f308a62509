/** @jsxRuntime automatic */
/** @jsxImportSource npm:preact@10.29.8 */

import { COLOR_NAMES, inkOn, PALETTE } from "./palette.ts";

/** A track's color and number, as on the image. */
export function Badge(
  props: { readonly color: number; readonly number: number },
) {
  const color = props.color % PALETTE.length;
  return (
    <span
      class="badge"
      title={COLOR_NAMES[color]}
      style={{ "--track": PALETTE[color]!, "--ink": inkOn(color) }}
    >
      {props.number}
    </span>
  );
}
