/** @jsxRuntime automatic */
/** @jsxImportSource npm:preact@10.29.8 */
/**
 * Export: the tracks as a file for other programs, the preview as a video.
 *
 * @module
 */

import { useEffect } from "npm:preact@10.29.8/hooks";
import { useSignal } from "npm:@preact/signals@2.11.4";
import { VIDEO_FPS } from "../../../core/tracks/resample.ts";
import { Icon } from "../../components/icon.tsx";
import type { ExportFormat } from "../../model/exchange.ts";
import { ask } from "../exchange.ts";
import { dialog } from "../panels.ts";
import { shownImage } from "../images.ts";
import {
  editorDocument,
  imageId,
  markedObjects,
  project,
  say,
  sayError,
  trackSet,
} from "../state.ts";
import { Dialog } from "./Dialog.tsx";
import {
  CODEC_NAMES,
  mp4Format,
  type VideoFormat,
  type VideoKind,
  webpFormat,
} from "./video_format.ts";
import { makeVideo, videoSize } from "./preview_video.ts";
import { saveFile } from "./save_file.ts";
import { isRunning } from "./generation.ts";
import { startRun } from "./start_run.ts";

const FORMATS: readonly (readonly [
  format: ExportFormat,
  title: string,
  text: string,
])[] = [
  ["pth", ".pth", "ATI track file, as Store Tracks writes it"],
  ["json", ".json", "For ComfyUI: KJNodes’ splines, WanVideo’s ATI tracks"],
  [
    "kjnodes",
    "SplineEditor",
    "A ComfyUI workflow: KJNodes’ editor with the same curves",
  ],
  ["npz", ".npz", "For NumPy: (tracks, samples, 1, 3), times 8"],
  ["motion", ".motion.json", "All of it, editable, for images of any size"],
];

/** The ending of a file, where it is not its format. */
const ENDINGS: Partial<Record<ExportFormat, string>> = {
  kjnodes: "workflow.json",
  motion: "motion.json",
};

/** What this browser can make, once it has said. */
type Abilities = Readonly<Record<VideoKind, VideoFormat | undefined>>;

/** The dialog. */
export function ExportDialog() {
  const making = useSignal<
    { readonly stop: AbortController; readonly share: number } | undefined
  >(undefined);
  const can = useSignal<Abilities | undefined>(undefined);
  const id = imageId.value ?? "tracks";
  const shown = shownImage.value;
  useEffect(() => () => making.peek()?.stop.abort(), []);
  useEffect(() => {
    if (!shown) return;
    void mp4Format(videoSize(shown), VIDEO_FPS).then((mp4) =>
      can.value = { mp4, webp: webpFormat() }
    );
  }, [shown]);

  const write = async (format: ExportFormat) => {
    try {
      const bytes = await ask("exportTracks", {
        document: editorDocument.value,
        format,
      });
      const file = `${id}.${ENDINGS[format] ?? format}`;
      saveFile(new Blob([bytes]), file);
      say(`Exported ${file}`);
    } catch (error) {
      sayError(error);
    }
  };
  const video = async (format: VideoFormat) => {
    const stop = new AbortController();
    making.value = { stop, share: 0 };
    try {
      const name = `${id}-preview.${format.kind}`;
      const file = await makeVideo(shown!, trackSet.value, {
        format,
        objects: markedObjects.value,
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
      title={`Export image ${id}`}
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
      <ul class="exports" aria-label="The motion preview as a video">
        <Mp4Entry can={can.value} isBusy={isBusy} make={video} />
        <Entry
          icon="video"
          title=".webp"
          text={!can.value
            ? "Checking this browser…"
            : can.value.webp
            ? "The preview as an animated image"
            : "This browser cannot write WebP"}
          disabled={isBusy || !can.value?.webp}
          onClick={() => void video(can.value!.webp!)}
        />
      </ul>
      <div class="run-line" data-idle={making.value === undefined}>
        <progress
          max={1}
          value={making.value?.share ?? 0}
          aria-label="Progress"
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
  readonly icon: "download" | "video";
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
  readonly make: (format: VideoFormat) => Promise<void>;
}) {
  const format = props.can?.mp4;
  const entry = { icon: "video", title: ".mp4" } as const;
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
        disabled={props.isBusy || isRunning.value}
        onClick={() => {
          dialog.value = "generate";
          void startRun([imageId.value!], "preview");
        }}
      />
    );
  }
  return (
    <Entry
      {...entry}
      text={props.can
        ? "This browser cannot encode video; deno task generate can"
        : "Checking this browser…"}
      disabled
      onClick={() => {}}
    />
  );
}
