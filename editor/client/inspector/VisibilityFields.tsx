/** @jsxRuntime automatic */
/** @jsxImportSource npm:preact@10.29.8 */
/**
 * The frames in which a track can be seen, as numbers; the timeline shows and
 * takes them by hand.
 *
 * @module
 */

import { FrameField, IconButton, Section } from "../../components/fields.tsx";
import { alwaysVisible, type EditorTrack } from "../../model/document.ts";
import { setVisible } from "../../model/edits.ts";
import { editTrack } from "../panels.ts";
import { editorDocument, lastFrame, wholeFrame } from "../state.ts";

/** The visible ranges of one track. */
export function VisibilityFields(
  { track, disabled }: {
    readonly track: EditorTrack;
    readonly disabled: boolean;
  },
) {
  const { visible } = track;
  const set = (next: EditorTrack["visible"]) =>
    editTrack(track.id, (t) => ({ ...t, visible: next }));
  const change = (index: number, range: readonly [number, number]) => {
    const others = visible.toSpliced(index, 1);
    const [from, to] = range;
    set(setVisible(others, { from, to: Math.max(from, to), visible: true }));
  };
  const now = visible.some(([from, to]) =>
    from <= wholeFrame.value && wholeFrame.value <= to
  );
  return (
    <Section
      title="Visible frames"
      actions={
        <button
          type="button"
          class="button quiet small"
          disabled={disabled}
          title="In the frame shown; drag on the timeline for more"
          onClick={() =>
            set(setVisible(visible, {
              from: wholeFrame.value,
              to: wholeFrame.value,
              visible: !now,
            }))}
        >
          {now ? "Hide" : "Show"} frame {wholeFrame.value}
        </button>
      }
    >
      {visible.length === 0 && (
        <p class="hint">Never visible: this track has no effect.</p>
      )}
      <ul class="keys">
        {visible.map(([from, to], i) => (
          <li key={i} class="triple">
            <FrameField
              label="From"
              value={from}
              max={to}
              disabled={disabled}
              onValue={(frame) => change(i, [frame, to])}
            />
            <FrameField
              label="To"
              value={to}
              min={from}
              max={lastFrame.value}
              disabled={disabled}
              onValue={(frame) => change(i, [from, frame])}
            />
            <IconButton
              icon="close"
              label={`Hide frames ${from} to ${to}`}
              disabled={disabled}
              onClick={() => set(visible.toSpliced(i, 1))}
            />
          </li>
        ))}
      </ul>
      {(visible.length !== 1 || visible[0]![0] !== 0 ||
        visible[0]![1] < lastFrame.value) && (
        <button
          type="button"
          class="button small"
          disabled={disabled}
          onClick={() => set(alwaysVisible(editorDocument.value))}
        >
          Always
        </button>
      )}
    </Section>
  );
}
