/** @jsxRuntime automatic */
/** @jsxImportSource npm:preact@10.29.8 */

/** Tracks. */
export function TrackList() {
  return <h2 class="panel-title">Tracks</h2>;
}
