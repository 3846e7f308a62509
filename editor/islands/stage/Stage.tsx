/** @jsxRuntime automatic */
/** @jsxImportSource npm:preact@10.29.8 */

/** The picture with its tracks. */
export function Stage() {
  return <div class="stage" />;
}
