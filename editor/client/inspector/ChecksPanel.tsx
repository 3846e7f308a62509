/** @jsxRuntime automatic */
/** @jsxImportSource npm:preact@10.29.8 */
/**
 * What is wrong or risky with the tracks, each with a link to the position it
 * concerns.
 *
 * @module
 */

import { Icon } from "../../components/icon.tsx";
import { describeIssues } from "../../model/describe_issues.ts";
import { selectTrack } from "../panels.ts";
import { editorDocument, frame, issues, playing, rendered } from "../state.ts";

/** More than these are counted, not listed. */
const SHOWN = 100;

/** The panel. */
export function ChecksPanel() {
  const all = issues.value;
  const shown = describeIssues(all.slice(0, SHOWN), {
    document: editorDocument.value,
    rendered: rendered.value,
  });
  if (shown.length === 0) {
    return (
      <p class="nothing">
        {editorDocument.value.tracks.length === 0
          ? "Nothing to check yet."
          : "No issues: the tracks are within the range that ATI was trained on."}
      </p>
    );
  }
  return (
    <>
      <ul class="issues">
        {shown.map((issue, i) => (
          <li key={i}>
            <button
              type="button"
              class={`issue ${issue.error ? "error" : ""}`}
              title={`Go to frame ${issue.frame}`}
              onClick={() => {
                playing.value = false;
                frame.value = issue.frame;
                if (issue.id !== undefined) selectTrack(issue.id);
              }}
            >
              <Icon name="warning" />
              <span>
                <strong>{issue.title}</strong>
                <span class="issue-frame">frame {issue.frame}</span>
                <br />
                {issue.message}
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
