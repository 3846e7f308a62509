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
import { Icon } from "../../components/icon.tsx";
import { SettingField } from "../../components/setting_field.tsx";
import { lengthText } from "../../model/document_length.ts";
import { actsOn, GENERATE_SETTINGS } from "../../model/generate_settings.ts";
import { takeFolder } from "../../model/take.ts";
import type { Engine } from "../api.ts";
import { showTake } from "../inspector/TakesPanel.tsx";
import { picked } from "../gallery_choices.ts";
import { dialog, inspectorTab } from "../panels.ts";
import { editorDocument, imageId, project } from "../state.ts";
import { stored } from "./stored.ts";
import { Dialog } from "./Dialog.tsx";
import { UnfinishedRuns } from "./UnfinishedRuns.tsx";
import { chosenEngine, chosenValues } from "./generate_choices.ts";
import { cancelRun } from "./follow_run.ts";
import { isRunning, type MadeTake, run, runShare } from "./generation.ts";
import { startRun } from "./start_run.ts";

const ENGINE_LABELS: Readonly<Record<Engine, string>> = {
  preview:
    "A motion preview: the image, warped along the tracks. It takes seconds; no model is used and nothing is generated.",
  model:
    "The model generates the video from image, tracks and prompt. This takes minutes and needs a large GPU.",
};

/** The dialog. */
export function GenerateDialog() {
  const { engines, command } = project.value!.generator;
  const scope = useSignal<"one" | "picked" | "all">(
    picked.value.size > 0 ? "picked" : "one",
  );
  const chosen = chosenEngine.value;
  const engine = chosen && engines.includes(chosen)
    ? chosen
    : engines.at(-1) ?? "preview";
  const now = run.value;
  const working = isRunning.value;
  // Of the open image the page knows more than the gallery.
  const storedImages = project.value!.images.filter((p) =>
    (p.id === imageId.value ? stored.value ?? p.stored : p.stored) !== "never"
  ).map((p) => p.id);
  // The open image is stored before it is generated.
  const chosenImages = project.value!.images.map((p) => p.id).filter((id) =>
    picked.value.has(id) && (id === imageId.value || storedImages.includes(id))
  );
  const images = {
    one: [imageId.value!],
    picked: chosenImages,
    all: storedImages,
  }[scope.value];
  return (
    <Dialog
      wide="wide"
      title="Generate video"
      closeLabel={working ? "Keep drawing" : "Close"}
      onClose={() => dialog.value = undefined}
      actions={working
        ? (
          <button
            key="cancel"
            type="button"
            class="button"
            onClick={() => void cancelRun()}
          >
            Cancel the run
          </button>
        )
        : engines.length > 0 && (
          <button
            key="start"
            type="button"
            class="button primary"
            disabled={imageId.value === undefined || images.length === 0}
            onClick={() => void startRun(images, engine, chosenValues.value)}
          >
            {engine === "model" ? "Generate" : "Make preview"}
          </button>
        )}
    >
      {engines.length === 0
        ? project.value!.place === "browser" ? <NoMachine /> : (
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
                value={engine}
                values={[["preview", "Preview"], ["model", "Model"]]}
                disabled={working}
                onValue={(value) => chosenEngine.value = value}
              />
            )}
            <p class="hint">{ENGINE_LABELS[engine]}</p>
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
                ...picked.value.size > 0
                  ? [["picked", `Selected (${chosenImages.length})`] as const]
                  : [],
                ...storedImages.length > 0
                  ? [["all", `All stored (${storedImages.length})`] as const]
                  : [],
              ]}
              disabled={working}
              onValue={(value) => scope.value = value}
            />
            {engine === "model" && images.length === 1 &&
              images[0] === imageId.value &&
              editorDocument.value.prompt.trim() === "" && (
              <p class="warning">
                The prompt of this image is empty: the model follows it as much
                as the tracks.
              </p>
            )}
            {images.length === 1 && images[0] === imageId.value &&
              editorDocument.value.frames !== undefined && (
              <p class="hint">
                {`A video of ${
                  lengthText(editorDocument.value)
                }: each segment goes on from the last frame of the one before. A segment is as long as Frames says, and has the prompt of its number.`}
              </p>
            )}
            <Settings engine={engine} disabled={working} />
          </div>
        )}
      {!working && <UnfinishedRuns />}
      {now && <Progress />}
    </Dialog>
  );
}

/** What to do where there is no server that could run anything. */
function NoMachine() {
  return (
    <>
      <p>
        This page runs in the browser alone: the model needs a machine with this
        program and a large GPU. Store the tracks of each image, save the
        project file, unpack it there, and run in a terminal:
      </p>
      <code class="command">
        deno task generate -p project/test.yaml -c CHECKPOINT -o output
      </code>
      <p>A preview can be saved as a video here: in Export.</p>
      <button
        type="button"
        class="button"
        onClick={() => dialog.value = "project"}
      >
        <Icon name="download" /> Project file…
      </button>
    </>
  );
}

/** Every setting that acts on this engine, in groups. */
function Settings({ engine, disabled }: {
  readonly engine: Engine;
  readonly disabled: boolean;
}) {
  const values = chosenValues.value;
  const active = GENERATE_SETTINGS.filter((s) => actsOn(s, engine, values));
  const groups = [...new Set(active.map((setting) => setting.group))];
  return (
    <div class="setting-groups">
      {groups.map((group) => {
        const settings = active.filter((s) => s.group === group);
        const changed = settings.filter(({ name }) =>
          values[name] !== undefined
        ).length;
        return (
          <details key={group} open={group === groups[0] && !run.value}>
            <summary>
              {group}
              {changed > 0 && <span class="hint">{changed} changed</span>}
            </summary>
            <div class="settings">
              {settings.map((setting) => (
                <SettingField
                  key={setting.name}
                  setting={setting}
                  value={values[setting.name]}
                  disabled={disabled}
                  onValue={(value) => {
                    const { [setting.name]: _, ...rest } = chosenValues.value;
                    chosenValues.value = value === undefined
                      ? rest
                      : { ...rest, [setting.name]: value };
                  }}
                />
              ))}
            </div>
          </details>
        );
      })}
      {Object.keys(values).length > 0 && (
        <button
          type="button"
          class="button quiet small"
          disabled={disabled}
          onClick={() => chosenValues.value = {}}
        >
          <Icon name="undo" /> Use the defaults
        </button>
      )}
    </div>
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
        {now.made.map((made) => <MadeVideo key={made.image} made={made} />)}
      </div>
    </section>
  );
}

/** A video that the run has made. */
function MadeVideo({ made: { image, number } }: { readonly made: MadeTake }) {
  const url = `takes/${image}/${number}.mp4?run=${run.value!.began}`;
  const path = `output/takes/${image}/${takeFolder(number)}/${image}.mp4`;
  return (
    <figure>
      <video src={url} controls autoplay loop muted playsInline />
      <figcaption>
        <span>
          Image {image}, take {number} ·{" "}
          <a href={url} download={`${image}-take-${number}.mp4`}>
            Download video
          </a>
        </span>
        <code class="path">{project.value!.dir}/{path}</code>
        {image === imageId.value && (
          <button
            type="button"
            class="button small"
            onClick={() => {
              dialog.value = undefined;
              inspectorTab.value = "takes";
              showTake(number);
            }}
          >
            Show next to the image
          </button>
        )}
      </figcaption>
    </figure>
  );
}
