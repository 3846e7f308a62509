/** @jsxRuntime automatic */
/** @jsxImportSource npm:preact@10.29.8 */

import { COLOUR_NAMES, inkOn, PALETTE } from "./palette.ts";

/** A track's colour and number, as on the picture. */
export function Badge(
  props: { readonly colour: number; readonly number: number },
) {
  const colour = props.colour % PALETTE.length;
  return (
    <span
      class="badge"
      title={COLOUR_NAMES[colour]}
      style={{ "--track": PALETTE[colour]!, "--ink": inkOn(colour) }}
    >
      {props.number}
    </span>
  );
}
