/** @jsxRuntime automatic */
/** @jsxImportSource npm:preact@10.29.8 */
/**
 * Generate: choose what makes the video, watch it come, see it. The page stays
 * free meanwhile; closing the dialog does not end the run.
 *
 * @module
 */

import { useSignal } from "npm:@preact/signals@2.11.4";
import { ChoiceField } from "../../components/fields.tsx";
import type { Engine } from "../api.ts";
import { dialog } from "../panels.ts";
import { pictureId, project } from "../state.ts";
import { Dialog } from "./Dialog.tsx";
import { run, type RunItem, runShare } from "./generation.ts";
import { cancelRun, startRun } from "./start_run.ts";

const ENGINE_WORDS: Readonly<Record<Engine, string>> = {
  preview:
    "A motion preview: the picture itself, bent along the tracks. It takes seconds; no model is used and nothing is generated.",
  model:
    "The model makes the video from picture, tracks and prompt. This takes minutes and a large GPU.",
};

/** The dialog. */
export function GenerateDialog() {
  const { engines, command } = project.value!.generator;
  const engine = useSignal<Engine>(engines.at(-1) ?? "preview");
  const scope = useSignal<"one" | "all">("one");
  const now = run.value;
  const working = now?.state === "running";
  const stored = project.value!.pictures.filter((p) =>
    p.stored !== "never" || p.id === pictureId.value
  ).map((p) => p.id);
  const pictures = scope.value === "all" ? stored : [pictureId.value!];
  return (
    <Dialog
      wide="wide"
      title="Make the video"
      closeLabel={working ? "Go on drawing" : "Close"}
      onClose={() => dialog.value = undefined}
      actions={working
        ? (
          <button
            type="button"
            class="button"
            onClick={() => void cancelRun()}
          >
            Cancel the run
          </button>
        )
        : engines.length > 0 && (
          <button
            type="button"
            class="button primary"
            disabled={pictureId.value === undefined}
            onClick={() => void startRun(pictures, engine.value)}
          >
            {engine.value === "model" ? "Generate" : "Make preview"}
          </button>
        )}
    >
      {engines.length === 0
        ? (
          <>
            <p>
              This editor may not start other programs. On a terminal, this
              makes the videos of all stored pictures:
            </p>
            <code class="command">{command}</code>
          </>
        )
        : (
          <div class="form">
            {engines.length > 1 && (
              <ChoiceField
                label="Made by"
                value={engine.value}
                values={[["preview", "Preview"], ["model", "Model"]]}
                disabled={working}
                onValue={(value) => engine.value = value}
              />
            )}
            <p class="hint">{ENGINE_WORDS[engine.value]}</p>
            {!engines.includes("model") && (
              <p class="hint">
                For the model, start the editor with a checkpoint:{" "}
                <kbd>-c FOLDER</kbd>
              </p>
            )}
            <ChoiceField
              label="Pictures"
              value={scope.value}
              values={[
                ["one", `This one (${pictureId.value ?? "none"})`],
                ["all", `All stored (${stored.length})`],
              ]}
              disabled={working}
              onValue={(value) => scope.value = value}
            />
          </div>
        )}
      {now && <Progress />}
    </Dialog>
  );
}

function Progress() {
  const now = run.value!;
  const current = now.pictures.find((id) =>
    now.items[id] && !now.items[id].ended
  );
  const item = current === undefined ? undefined : now.items[current];
  const words = now.state === "running"
    ? item
      ? `Picture ${current}: ${item.stage}, ${Math.round(100 * item.share)} %`
      : "Starting…"
    : { done: "Done", failed: "It did not work", cancelled: "Cancelled" }[
      now.state
    ];
  const faults = now.state !== "failed" ? [] : [
    ...now.pictures.flatMap((id) => now.items[id]?.fault ?? []),
    ...now.messages,
  ];
  return (
    <section class="run" data-state={now.state} aria-label="The run">
      <div class="run-line">
        <progress
          max={1}
          value={now.state === "running" || now.state === "done"
            ? runShare.value
            : 0}
          aria-label="How far it is"
        />
        <span role="status">{words}</span>
      </div>
      {faults.length > 0 && <pre class="run-notes">{faults.join("\n")}</pre>}
      <div class="videos">
        {now.pictures.filter((id) => isVideo(now.items[id])).map((id) => {
          const url = `/outputs/${id}.mp4?run=${now.began}`;
          return (
            <figure key={id}>
              <video src={url} controls autoplay loop muted playsInline />
              <figcaption>
                Picture {id} ·{" "}
                <a href={url} download={`${id}.mp4`}>Save the video</a>
              </figcaption>
            </figure>
          );
        })}
      </div>
    </section>
  );
}

function isVideo(item: RunItem | undefined): boolean {
  return item?.ended === "done" || item?.ended === "skipped";
}
