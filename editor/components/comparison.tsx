/** @jsxRuntime automatic */
/** @jsxImportSource npm:preact@10.29.8 */
/**
 * Two versions side by side, what differs told apart from what is the same.
 *
 * @module
 */

/** One property of both: its name, mine, theirs. */
export type ComparedRow = readonly [
  label: string,
  mine: string | number,
  theirs: string | number,
];

/** The table. */
export function Comparison({ theirs, rows }: {
  /** The heading over the other version. */
  readonly theirs: string;
  readonly rows: readonly ComparedRow[];
}) {
  return (
    <table class="compare">
      <thead>
        <tr>
          <td />
          <th scope="col">This window</th>
          <th scope="col">{theirs}</th>
        </tr>
      </thead>
      <tbody>
        {rows.map(([label, mine, other]) => (
          <tr key={label} data-same={mine === other}>
            <th scope="row">{label}</th>
            <td>{mine}</td>
            <td>{other}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
