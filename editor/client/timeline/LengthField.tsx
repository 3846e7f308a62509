/** @jsxRuntime automatic */
/** @jsxImportSource npm:preact@10.29.8 */
/** How long the video of the open image is. @module */

import { NumberField } from "../../components/fields.tsx";
import type { EditorDocument } from "../../model/document.ts";
import {
  framesFor,
  goesOnAfter,
  lengthText,
  MAX_SECONDS,
  MIN_SECONDS,
  secondsOf,
  segmentsOf,
  withLength,
} from "../../model/document_length.ts";
import { edit, editorDocument, imageId, lastFrame, say } from "../state.ts";

/** The length in seconds, with the segments that a run makes. */
export function LengthField() {
  const document = editorDocument.value;
  const segments = segmentsOf(document);
  return (
    <div class="transport-length">
      <NumberField
        label="Length"
        title="How long the video is, in seconds. More than 5 s is made in segments of 5 s, one after the other. Motions keep their times."
        value={secondsOf(document)}
        min={MIN_SECONDS}
        max={MAX_SECONDS}
        step={MIN_SECONDS}
        disabled={imageId.value === undefined}
        onValue={setSeconds}
      />
      <span class="hint">s</span>
      {segments > 1 && <span class="hint clock">{segments} segments</span>}
    </div>
  );
}

function setSeconds(seconds: number): void {
  const was = lastFrame.peek();
  edit((document) => withLength(document, framesFor(seconds)));
  const now = editorDocument.peek();
  if (lastFrame.peek() !== was) say(describe(now, was));
}

/** What a new length does to what is drawn. */
function describe(document: EditorDocument, was: number): string {
  const last = lastFrame.peek();
  const seconds = lengthText(document);
  if (last > was) {
    const segments = segmentsOf(document);
    return `${seconds} in ${segments} segments: motions keep their times, and stay where they end`;
  }
  const cut = goesOnAfter(document, last);
  return cut === 0
    ? `The video ends after ${seconds}`
    : `The video ends after ${seconds}: ${
      cut === 1 ? "one motion goes" : `${cut} motions go`
    } on after it. The rest is kept for a longer one`;
}
