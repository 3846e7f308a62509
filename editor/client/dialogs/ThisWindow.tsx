/** @jsxRuntime automatic */
/** @jsxImportSource npm:preact@10.29.8 */
/**
 * This window's drawing, as one side of a question.
 *
 * @module
 */

import { Side } from "../../components/sides.tsx";
import { editorDocument, session } from "../state.ts";
import { formatWhen } from "../when.ts";
import { DocumentView } from "./DocumentView.tsx";

/** The drawing and when it was changed last. */
export function ThisWindow() {
  return (
    <Side name="This window" when={formatWhen(session.value!.changedAt)}>
      <DocumentView
        document={editorDocument.value}
        size={260}
        label="This window"
      />
    </Side>
  );
}
