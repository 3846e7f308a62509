/** @jsxRuntime automatic */
/** @jsxImportSource npm:preact@10.29.8 */

import { Icon, type IconName } from "./icon.tsx";

/** A button with an icon and a label, without a frame. */
export function LabelButton(props: {
  /** The drawing. */
  readonly icon: IconName;
  /** The text, which is also the button's name. */
  readonly label: string;
  /** What it does, in the tooltip. */
  readonly title: string;
  /** Whether it stays pressed; left out where it does not. */
  readonly pressed?: boolean;
  readonly disabled?: boolean;
  readonly onClick: () => void;
}) {
  return (
    <button
      type="button"
      class="button quiet"
      aria-pressed={props.pressed}
      disabled={props.disabled}
      title={props.title}
      onClick={props.onClick}
    >
      <Icon name={props.icon} />
      <span class="button-label">{props.label}</span>
    </button>
  );
}
