/** @jsxRuntime automatic */
/** @jsxImportSource npm:preact@10.29.8 */

/** Timeline. */
export function Timeline() {
  return <h2 class="panel-title">Timeline</h2>;
}
