/** @jsxRuntime automatic */
/** @jsxImportSource npm:preact@10.29.8 */
/**
 * A dialog: the browser's own `<dialog>`, which keeps the focus inside, ends
 * with Escape and gives the focus back.
 *
 * @module
 */

import type { ComponentChildren } from "npm:preact@10.29.8";
import { useId, useLayoutEffect, useRef } from "npm:preact@10.29.8/hooks";
import { IconButton } from "../../components/fields.tsx";

/** A modal dialog while it is rendered. */
export function Dialog(props: {
  readonly title: string;
  readonly onClose: () => void;
  readonly children: ComponentChildren;
  /** Buttons of the last row; "Cancel" or "Close" comes before them. */
  readonly actions?: ComponentChildren;
  /** What the button that closes is called. */
  readonly closeLabel?: string;
  readonly wide?: "wide" | "widest";
}) {
  const element = useRef<HTMLDialogElement>(null);
  const title = useId();
  useLayoutEffect(() => {
    const dialog = element.current!;
    dialog.showModal();
    return () => dialog.close();
  }, []);
  return (
    <dialog
      ref={element}
      class={`dialog ${props.wide ?? ""}`}
      aria-labelledby={title}
      onCancel={(event) => {
        event.preventDefault();
        props.onClose();
      }}
      // What is typed here is not meant for the page.
      onKeyDown={(event) => event.stopPropagation()}
      onPaste={(event) => event.stopPropagation()}
    >
      <div class="dialog-head">
        <h2 id={title}>{props.title}</h2>
        <IconButton icon="close" label="Close" onClick={props.onClose} />
      </div>
      <div class="dialog-body">{props.children}</div>
      <div class="dialog-foot">
        <button type="button" class="button" onClick={props.onClose}>
          {props.closeLabel ?? (props.actions ? "Cancel" : "Close")}
        </button>
        {props.actions}
      </div>
    </dialog>
  );
}
