/** @jsxRuntime automatic */
/** @jsxImportSource npm:preact@10.29.8 */

import type { Signal } from "npm:@preact/signals@2.11.4";
import { Icon, type IconName } from "./icon.tsx";

/** A button that stays pressed: one signal, an icon and a word. */
export function Toggle(props: {
  readonly of: Signal<boolean>;
  readonly icon: IconName;
  readonly label: string;
  readonly title: string;
}) {
  return (
    <button
      type="button"
      class="button quiet"
      aria-pressed={props.of.value}
      title={props.title}
      onClick={() => props.of.value = !props.of.value}
    >
      <Icon name={props.icon} />
      <span class="word">{props.label}</span>
    </button>
  );
}
