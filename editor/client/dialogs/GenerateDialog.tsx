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
import { imageId, project } from "../state.ts";
import { Dialog } from "./Dialog.tsx";
import { run, type RunItem, runShare } from "./generation.ts";
import { cancelRun, startRun } from "./start_run.ts";

const ENGINE_LABELS: Readonly<Record<Engine, string>> = {
  preview:
    "A motion preview: the image, warped along the tracks. It takes seconds; no model is used and nothing is generated.",
  model:
    "The model generates the video from image, tracks and prompt. This takes minutes and needs a large GPU.",
};

/** The dialog. */
export function GenerateDialog() {
  const { engines, command } = project.value!.generator;
  const engine = useSignal<Engine>(engines.at(-1) ?? "preview");
  const scope = useSignal<"one" | "all">("one");
  const now = run.value;
  const working = now?.state === "running";
  const stored = project.value!.images.filter((p) =>
    p.stored !== "never" || p.id === imageId.value
  ).map((p) => p.id);
  const images = scope.value === "all" ? stored : [imageId.value!];
  return (
    <Dialog
      wide="wide"
      title="Generate video"
      closeLabel={working ? "Keep drawing" : "Close"}
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
            disabled={imageId.value === undefined}
            onClick={() => void startRun(images, engine.value)}
          >
            {engine.value === "model" ? "Generate" : "Make preview"}
          </button>
        )}
    >
      {engines.length === 0
        ? (
          <>
            <p>
              This editor was started without Generate (see{" "}
              <kbd>deno task editor:generate</kbd>). Run this in a terminal for
              the videos of all stored images:
            </p>
            <code class="command">{command}</code>
          </>
        )
        : (
          <div class="form">
            {engines.length > 1 && (
              <ChoiceField
                label="Engine"
                value={engine.value}
                values={[["preview", "Preview"], ["model", "Model"]]}
                disabled={working}
                onValue={(value) => engine.value = value}
              />
            )}
            <p class="hint">{ENGINE_LABELS[engine.value]}</p>
            {!engines.includes("model") && (
              <p class="hint">
                For the model, start the editor with a checkpoint:{" "}
                <kbd>-c FOLDER</kbd>
              </p>
            )}
            <ChoiceField
              label="Images"
              value={scope.value}
              values={[
                ["one", `Current image (${imageId.value ?? "none"})`],
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
  const current = now.images.find((id) =>
    now.items[id] && !now.items[id].ended
  );
  const item = current === undefined ? undefined : now.items[current];
  const words = now.state === "running"
    ? item
      ? `Image ${current}: ${item.stage}, ${Math.round(100 * item.share)} %`
      : now.waiting
      ? `Waiting for ${now.waiting} ${now.waiting === 1 ? "run" : "runs"}…`
      : "Starting…"
    : { done: "Done", failed: "Failed", cancelled: "Cancelled" }[
      now.state
    ];
  const faults = now.state !== "failed" ? [] : [
    ...now.images.flatMap((id) => now.items[id]?.fault ?? []),
    ...now.messages,
  ];
  return (
    <section class="run" data-state={now.state} aria-label="Run">
      <div class="run-line">
        <progress
          max={1}
          value={now.state === "running" || now.state === "done"
            ? runShare.value
            : 0}
          aria-label="Progress"
        />
        <span role="status">{words}</span>
      </div>
      {faults.length > 0 && <pre class="run-notes">{faults.join("\n")}</pre>}
      <div class="videos">
        {now.images.filter((id) => isVideo(now.items[id])).map((id) => {
          const url = `/outputs/${id}.mp4?run=${now.began}`;
          return (
            <figure key={id}>
              <video src={url} controls autoplay loop muted playsInline />
              <figcaption>
                Image {id} ·{" "}
                <a href={url} download={`${id}.mp4`}>Download video</a>
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
