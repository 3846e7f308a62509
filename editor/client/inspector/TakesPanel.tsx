/** @jsxRuntime automatic */
/** @jsxImportSource npm:preact@10.29.8 */
/**
 * The takes of the open image: played next to it, compared, starred, made
 * again with the next seed, deleted.
 *
 * @module
 */

import { useSignal } from "npm:@preact/signals@2.11.4";
import { IconButton } from "../../components/fields.tsx";
import { Icon } from "../../components/icon.tsx";
import type { EditorDocument } from "../../model/document.ts";
import { GENERATE_SETTINGS } from "../../model/generate_settings.ts";
import type { Take } from "../../model/take.ts";
import { request } from "../api.ts";
import { isRunning } from "../dialogs/generation.ts";
import { startRun } from "../dialogs/start_run.ts";
import { dialog } from "../panels.ts";
import { edit, imageId, project, say, sayError, selection } from "../state.ts";
import { refreshTakes, shownTakes, takeList } from "../takes.ts";
import { formatWhen } from "../when.ts";

/** The panel. */
export function TakesPanel() {
  const deleted = useSignal<
    { readonly id: string; readonly number: number } | undefined
  >(undefined);
  const id = imageId.value!;
  const list = takeList.value;
  const send = async (method: string, number: number, body?: unknown) => {
    try {
      await request(method, `api/images/${id}/takes/${number}`, {
        ...body !== undefined && {
          body: JSON.stringify(body),
          headers: { "content-type": "application/json" },
        },
      });
      await refreshTakes();
      return true;
    } catch (error) {
      sayError(error);
      return false;
    }
  };
  if (!list) return null;
  const restore = deleted.value?.id === id && (
    <button
      type="button"
      class="button quiet small"
      onClick={async () => {
        const { number } = deleted.value!;
        if (await send("POST", number)) deleted.value = undefined;
      }}
    >
      <Icon name="undo" /> Restore take {deleted.value?.number}
    </button>
  );
  if (list.takes.length === 0) {
    return (
      <>
        <p class="nothing">
          {project.value?.place === "browser"
            ? "Takes are the videos that a run of Generate makes, on a machine with this program. This page runs in the browser alone."
            : "No takes yet. Each run of Generate adds one; none replaces another."}
        </p>
        {restore}
      </>
    );
  }
  return (
    <>
      <p class="hint takes-hint">
        Select one take to play it next to the image, two to compare them.
      </p>
      <ul class="takes" aria-label="Takes">
        {list.takes.map((take) => (
          <TakeRow
            key={take.number}
            take={take}
            isCurrent={take.number === list.current}
            onStar={() =>
              void send("PUT", take.number, { starred: !take.starred })}
            onDelete={async () => {
              if (await send("DELETE", take.number)) {
                deleted.value = { id, number: take.number };
              }
            }}
          />
        ))}
      </ul>
      {restore}
      <p class="hint takes-hint">
        In {list.folder}; take {list.current} is output/outputs/{id}.mp4.
      </p>
    </>
  );
}

function TakeRow({ take, isCurrent, onStar, onDelete }: {
  readonly take: Take;
  readonly isCurrent: boolean;
  readonly onStar: () => void;
  readonly onDelete: () => void;
}) {
  const id = imageId.value!;
  const { number, starred } = take;
  const isShown = shownTakes.value.includes(number);
  return (
    <li class="take" data-shown={isShown}>
      <button
        type="button"
        class="take-show"
        aria-pressed={isShown}
        title={settingsOf(take)}
        onClick={() => showTake(number, { toggle: true })}
      >
        <video
          src={takeUrl(id, take)}
          preload="metadata"
          muted
          playsInline
          aria-hidden="true"
        />
        <span class="take-text">
          <strong>
            Take {number}
            {isCurrent && <span class="hint">in outputs</span>}
          </strong>
          <span class="hint">{describeTake(take)}</span>
          <span class="hint">{formatWhen(take.at)}</span>
        </span>
      </button>
      <div class="take-actions">
        <IconButton
          icon="star"
          label={`Star take ${number}`}
          pressed={starred}
          onClick={onStar}
        />
        <IconButton
          icon="repeat"
          label={take.engine === "model"
            ? `Make take ${number} again: same settings, next seed`
            : `Make take ${number} again: same settings`}
          disabled={isRunning.value || !canMakeAgain(take)}
          onClick={() => void makeAgain(id, take)}
        />
        <IconButton
          icon="draw"
          label={`Open the drawing of take ${number}`}
          disabled={take.engine === "other"}
          onClick={() => void openDrawing(id, number)}
        />
        <a
          class="button quiet small icon-only"
          href={takeUrl(id, take)}
          download={`${id}-take-${number}.mp4`}
          aria-label={`Download take ${number}`}
          title={`Download take ${number}`}
        >
          <Icon name="download" />
        </a>
        <IconButton
          icon="trash"
          label={`Delete take ${number}`}
          onClick={onDelete}
        />
      </div>
    </li>
  );
}

/** Where the browser finds the video of a take. */
export function takeUrl(id: string, { number, at }: Take): string {
  return `takes/${id}/${number}.mp4?at=${at}`;
}

/** Shows a take next to the image; of more than two the oldest choice goes. */
export function showTake(
  number: number,
  options: { readonly toggle?: boolean } = {},
): void {
  const others = shownTakes.value.filter((shown) => shown !== number);
  const closes = options.toggle && others.length < shownTakes.value.length;
  shownTakes.value = closes ? others : [...others.slice(-1), number];
}

/** What made a take, briefly. */
export function describeTake(
  { engine, seed, settings, seconds }: Take,
): string {
  if (engine === "other") return "Made by another program";
  const parts = engine === "preview" ? ["Motion preview"] : [
    `Model, ${settings["control"] ?? "ati"}`,
    `seed ${seed ?? "unknown"}`,
    `${settings["sample_steps"] ?? 40} steps`,
  ];
  if (seconds !== undefined) parts.push(durationOf(seconds));
  return parts.join(", ");
}

function durationOf(seconds: number): string {
  if (seconds < 60) return `${Math.max(1, Math.round(seconds))} s`;
  const minutes = Math.round(seconds / 60);
  return minutes < 60
    ? `${minutes} min`
    : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** The settings that are not defaults, one a line; and the prompt. */
function settingsOf({ settings, prompt, tracks }: Take): string {
  const lines = GENERATE_SETTINGS.flatMap(({ name, label }) =>
    settings[name] === undefined ? [] : [`${label}: ${settings[name]}`]
  );
  return [
    ...lines,
    `Tracks: ${tracks}`,
    `Prompt: ${prompt || "none"}`,
  ].join("\n");
}

function canMakeAgain({ engine }: Take): boolean {
  return engine !== "other" &&
    (project.value?.generator.engines.includes(engine) ?? false);
}

/** The same settings with the next seed; of what is drawn now. */
async function makeAgain(id: string, take: Take): Promise<void> {
  if (take.engine === "other") return;
  const { engine, seed, settings } = take;
  dialog.value = "generate";
  await startRun([id], engine, {
    ...settings,
    ...seed !== undefined && { base_seed: (seed + 1) % 2 ** 32 },
  });
}

async function openDrawing(id: string, number: number): Promise<void> {
  try {
    const path = `api/images/${id}/takes/${number}/document`;
    const drawing: EditorDocument = await (await request("GET", path)).json();
    if (imageId.value !== id) return;
    edit(() => drawing);
    selection.value = new Set();
    say(`Opened the drawing of take ${number}; Undo restores yours`);
  } catch (error) {
    sayError(error);
  }
}
