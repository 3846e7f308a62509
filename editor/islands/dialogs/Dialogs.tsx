/** @jsxRuntime automatic */
/** @jsxImportSource npm:preact@10.29.8 */

/** Whatever dialog is open. */
export function Dialogs() {
  return null;
}
