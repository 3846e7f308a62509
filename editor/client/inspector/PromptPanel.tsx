/** @jsxRuntime automatic */
/** @jsxImportSource npm:preact@10.29.8 */
/**
 * The prompts of an image, one for each segment of a long video, and the
 * command that turns the project into videos.
 *
 * @module
 */

import { Icon } from "../../components/icon.tsx";
import { MIN_SECONDS, segmentsOf } from "../../model/document_length.ts";
import { promptBefore, withPrompt } from "../../model/segment_prompts.ts";
import { edit, editorDocument, project, say } from "../state.ts";

/** The panel. */
export function PromptPanel() {
  const command = project.value?.generator.command ?? "";
  const document = editorDocument.value;
  const { prompt, nextPrompts = [], negative } = document;
  const segments = Array.from({ length: segmentsOf(document) }, (_, i) => i);
  return (
    <div class="part">
      {segments.map((segment) => {
        const before = promptBefore(document, segment);
        return (
          <PromptField
            key={segment}
            label={segment === 0
              ? "Prompt"
              : `Prompt from ${segment * MIN_SECONDS} s`}
            rows={segment === 0 ? 5 : 2}
            placeholder={segment === 0
              ? "What happens in the video, in full sentences"
              : before === ""
              ? "Empty: as before"
              : `As before: ${shortened(before)}`}
            value={segment === 0 ? prompt : nextPrompts[segment - 1] ?? ""}
            onText={(text) =>
              edit((d) => withPrompt(d, segment, text), {
                gesture: `type prompt ${segment}`,
              })}
          />
        );
      })}
      {segments.length > 1 && (
        <p class="hint">
          A prompt for each segment of the video; empty continues the one before
          it.
        </p>
      )}
      <PromptField
        label="Negative prompt"
        rows={2}
        placeholder="Empty: default"
        value={negative}
        onText={(text) =>
          edit((d) => ({ ...d, negative: text }), { gesture: "type negative" })}
      />
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

/** As much of a text as one line shows. */
function shortened(text: string): string {
  return text.length <= 24 ? text : `${text.slice(0, 24).trim()}…`;
}

function PromptField({ label, rows, placeholder, value, onText }: {
  readonly label: string;
  readonly rows: number;
  readonly placeholder: string;
  readonly value: string;
  readonly onText: (text: string) => void;
}) {
  return (
    <label class="prompt-field">
      <span class="label">{label}</span>
      <textarea
        rows={rows}
        maxLength={20_000}
        placeholder={placeholder}
        value={value}
        onInput={(event) => onText(event.currentTarget.value)}
      />
    </label>
  );
}

async function copy(text: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(text);
    say("Command copied to the clipboard");
  } catch {
    say("The browser does not allow copying: select the text", "error");
  }
}
