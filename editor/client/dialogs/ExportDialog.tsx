/** @jsxRuntime automatic */
/** @jsxImportSource npm:preact@10.29.8 */
/**
 * Export: the tracks as a file for other programs, the preview as a film.
 *
 * @module
 */

import { useEffect } from "npm:preact@10.29.8/hooks";
import { useSignal } from "npm:@preact/signals@2.11.4";
import { VIDEO_FPS } from "../../../core/tracks/resample.ts";
import type { WritableTracksFormat } from "../../../core/tracks/write_tracks.ts";
import { Icon } from "../../components/icon.tsx";
import { ask } from "../exchange.ts";
import { dialog } from "../panels.ts";
import { shownPicture } from "../pictures.ts";
import {
  editorDocument,
  pictureId,
  project,
  say,
  sayError,
  trackSet,
} from "../state.ts";
import { Dialog } from "./Dialog.tsx";
import {
  CODEC_NAMES,
  type FilmFormat,
  type FilmKind,
  mp4Format,
  webpFormat,
} from "./film_format.ts";
import { filmSize, makeFilm } from "./preview_film.ts";
import { saveFile } from "./save_file.ts";
import { startRun } from "./start_run.ts";

const FORMATS: readonly (readonly [
  format: WritableTracksFormat,
  title: string,
  text: string,
])[] = [
  ["pth", ".pth", "ATI’s own file, as Store Tracks writes it"],
  ["json", ".json", "For ComfyUI: KJNodes’ splines, WanVideo’s ATI tracks"],
  ["npz", ".npz", "For NumPy: (tracks, 121, 1, 3), times 8"],
];

/** What this browser can make, once it has said. */
type Abilities = Readonly<Record<FilmKind, FilmFormat | undefined>>;

/** The dialog. */
export function ExportDialog() {
  const making = useSignal<
    { readonly stop: AbortController; readonly share: number } | undefined
  >(undefined);
  const can = useSignal<Abilities | undefined>(undefined);
  const id = pictureId.value ?? "tracks";
  const shown = shownPicture.value;
  useEffect(() => () => making.peek()?.stop.abort(), []);
  useEffect(() => {
    if (!shown) return;
    void mp4Format(filmSize(shown), VIDEO_FPS).then((mp4) =>
      can.value = { mp4, webp: webpFormat() }
    );
  }, [shown]);

  const write = async (format: WritableTracksFormat) => {
    try {
      const bytes = await ask("exportTracks", {
        document: editorDocument.value,
        format,
      });
      saveFile(new Blob([bytes]), `${id}.${format}`);
      say(`Exported ${id}.${format}`);
    } catch (error) {
      sayError(error);
    }
  };
  const film = async (format: FilmFormat) => {
    const stop = new AbortController();
    making.value = { stop, share: 0 };
    try {
      const name = `${id}-preview.${format.kind}`;
      const file = await makeFilm(shown!, trackSet.value, {
        format,
        signal: stop.signal,
        onProgress: (share) => making.value = { stop, share },
      });
      saveFile(file, name);
      say(`Exported ${name}`);
    } catch (error) {
      if (!stop.signal.aborted) sayError(error);
    } finally {
      making.value = undefined;
    }
  };
  const isBusy = !shown || making.value !== undefined ||
    trackSet.value.count === 0;
  return (
    <Dialog
      title={`Export picture ${id}`}
      onClose={() => dialog.value = undefined}
    >
      <ul class="exports" aria-label="Tracks as a file">
        {FORMATS.map(([format, title, text]) => (
          <Entry
            key={format}
            icon="download"
            title={title}
            text={text}
            onClick={() => void write(format)}
          />
        ))}
      </ul>
      <ul class="exports" aria-label="The motion preview as a film">
        <Mp4Entry can={can.value} isBusy={isBusy} make={film} />
        <Entry
          icon="film"
          title=".webp"
          text={!can.value
            ? "Asking this browser…"
            : can.value.webp
            ? "The preview as an animated picture"
            : "This browser cannot write WebP"}
          disabled={isBusy || !can.value?.webp}
          onClick={() => void film(can.value!.webp!)}
        />
      </ul>
      <div class="run-line" data-idle={making.value === undefined}>
        <progress
          max={1}
          value={making.value?.share ?? 0}
          aria-label="Making the film"
        />
        <button
          type="button"
          class="button small"
          disabled={making.value === undefined}
          onClick={() => making.value?.stop.abort()}
        >
          Stop
        </button>
      </div>
    </Dialog>
  );
}

function Entry(props: {
  readonly icon: "download" | "film";
  readonly title: string;
  readonly text: string;
  readonly disabled?: boolean;
  readonly onClick: () => void;
}) {
  return (
    <li>
      <button
        type="button"
        class="export"
        disabled={props.disabled}
        onClick={props.onClick}
      >
        <Icon name={props.icon} />
        <strong>{props.title}</strong>
        <span class="hint">{props.text}</span>
      </button>
    </li>
  );
}

/** MP4: made here; where the browser cannot, by the tools, if they may start. */
function Mp4Entry(props: {
  readonly can: Abilities | undefined;
  readonly isBusy: boolean;
  readonly make: (format: FilmFormat) => Promise<void>;
}) {
  const format = props.can?.mp4;
  const entry = { icon: "film", title: ".mp4" } as const;
  if (format?.kind === "mp4") {
    return (
      <Entry
        {...entry}
        text={`The preview as a video (${CODEC_NAMES[format.codec]})`}
        disabled={props.isBusy}
        onClick={() => void props.make(format)}
      />
    );
  }
  if (props.can && project.value!.generator.engines.includes("preview")) {
    return (
      <Entry
        {...entry}
        text="The preview as a video, made by the tools"
        disabled={props.isBusy}
        onClick={() => {
          dialog.value = "generate";
          void startRun([pictureId.value!], "preview");
        }}
      />
    );
  }
  return (
    <Entry
      {...entry}
      text={props.can
        ? "This browser cannot encode video; deno task generate can"
        : "Asking this browser…"}
      disabled
      onClick={() => {}}
    />
  );
}
