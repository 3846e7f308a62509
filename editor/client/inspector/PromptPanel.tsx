/** @jsxRuntime automatic */
/** @jsxImportSource npm:preact@10.29.8 */
/**
 * The prompt of an image, and the command that turns the project into videos.
 *
 * @module
 */

import { Icon } from "../../components/icon.tsx";
import type { EditorDocument } from "../../model/document.ts";
import { edit, editorDocument, project, say } from "../state.ts";

const FIELDS = [
  [
    "prompt",
    "Prompt",
    "What happens in the video, in full sentences",
    5,
  ],
  [
    "negative",
    "Negative prompt",
    "Empty: default",
    2,
  ],
] as const;

/** The panel. */
export function PromptPanel() {
  const command = project.value?.generator.command ?? "";
  return (
    <div class="part">
      {FIELDS.map(([key, label, placeholder, rows]) => (
        <label key={key} class="prompt-field">
          <span class="label">{label}</span>
          <textarea
            rows={rows}
            maxLength={20_000}
            placeholder={placeholder}
            value={editorDocument.value[key]}
            onInput={(event) =>
              setText(key, event.currentTarget.value)}
          />
        </label>
      ))}
      <div class="prompt-field">
        <span class="label">On the command line</span>
        <code class="command">{command}</code>
        <button
          type="button"
          class="button small"
          onClick={() => void copy(command)}
        >
          <Icon name="copy" /> Copy command
        </button>
      </div>
    </div>
  );
}

function setText(
  key: keyof Pick<EditorDocument, "prompt" | "negative">,
  text: string,
): void {
  edit((document) => ({ ...document, [key]: text }), {
    gesture: `type ${key}`,
  });
}

async function copy(text: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(text);
    say("Command copied to the clipboard");
  } catch {
    say("The browser does not allow copying: select the text", "error");
  }
}
