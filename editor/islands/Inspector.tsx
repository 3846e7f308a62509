/** @jsxRuntime automatic */
/** @jsxImportSource npm:preact@10.29.8 */

/** Inspector. */
export function Inspector() {
  return <h2 class="panel-title">Inspector</h2>;
}
