/** @jsxRuntime automatic */
/** @jsxImportSource npm:preact@10.29.8 */
/**
 * What is wrong or risky with the tracks, each with a way to the place it
 * concerns.
 *
 * @module
 */

import { Icon } from "../../components/icon.tsx";
import { wordFindings } from "../../model/finding_words.ts";
import { selectTrack } from "../panels.ts";
import {
  editorDocument,
  findings,
  frame,
  playing,
  rendered,
} from "../state.ts";

/** More than these are counted, not listed. */
const SHOWN = 100;

/** The panel. */
export function ChecksPanel() {
  const all = findings.value;
  const shown = wordFindings(all.slice(0, SHOWN), {
    document: editorDocument.value,
    rendered: rendered.value,
  });
  if (shown.length === 0) {
    return (
      <p class="nothing">
        {editorDocument.value.tracks.length === 0
          ? "Nothing to check yet."
          : "Nothing stands out: the tracks are within what ATI was trained on."}
      </p>
    );
  }
  return (
    <>
      <ul class="findings">
        {shown.map((finding, i) => (
          <li key={i}>
            <button
              type="button"
              class={`finding ${finding.error ? "error" : ""}`}
              title={`Go to frame ${finding.frame}`}
              onClick={() => {
                playing.value = false;
                frame.value = finding.frame;
                if (finding.id !== undefined) selectTrack(finding.id);
              }}
            >
              <Icon name="warning" />
              <span>
                <strong>{finding.title}</strong>
                <span class="finding-frame">frame {finding.frame}</span>
                <br />
                {finding.message}
              </span>
            </button>
          </li>
        ))}
      </ul>
      {all.length > SHOWN && (
        <p class="nothing">And {all.length - SHOWN} more.</p>
      )}
    </>
  );
}
