/** @jsxRuntime automatic */
/** @jsxImportSource npm:preact@10.29.8 */

/** Pictures. */
export function Gallery() {
  return <h2 class="panel-title">Pictures</h2>;
}
