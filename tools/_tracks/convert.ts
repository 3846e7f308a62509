/**
 * `tracks convert`: tracks in another format, for other programs too.
 *
 * @module
 */

import { basename, extname } from "node:path";
import { quote, withHint } from "../../core/base/errors.ts";
import { writeFileAtomic } from "../../core/files/files.ts";
import {
  CONTROL_SHAPES,
  type ControlShape,
} from "../../core/media/shape_frames.ts";
import {
  endingsOf,
  EXCHANGE_FORMATS,
  type ExchangeFormat,
  type ExportedFile,
  exportTracks,
  formatOfEnding,
} from "../../core/tracks/exchange/export_tracks.ts";
import { LongTracks } from "../../core/tracks/long_tracks.ts";
import type { ImageSize } from "../../core/tracks/coordinates.ts";
import type { TrackSet } from "../../core/tracks/track_set.ts";
import {
  type WritableTracksFormat,
  writeTracks,
} from "../../core/tracks/write_tracks.ts";
import {
  type FitFlags,
  fiveSeconds,
  readFitted,
  readImageOrSize,
  readWhole,
  requireImageOrSize,
  transforming,
} from "./track_options.ts";
import { parseSize, type Size } from "../shared/track_reading.ts";
import {
  endedAtOnce,
  numberBetween,
  Option,
  printLine,
  UsageError,
} from "../shared/tool.ts";
import {
  CONTROL_FORMATS,
  type ControlFormat,
  writeControl,
} from "./control_video.ts";
import { markedObjects } from "../../core/jobs/marked_objects.ts";
import { protectInputs } from "../../core/files/inputs.ts";
import { describeTracks, prepareFile } from "./output.ts";

type Format = ExchangeFormat | ControlFormat;

/** Formats that hold tracks of more than five seconds. */
const ANY_LENGTH: readonly Format[] = ["ati", "comfyui"];

const FORMATS: readonly Format[] = [...EXCHANGE_FORMATS, ...CONTROL_FORMATS];

/** The command; `done` is given the work. */
export function convertCommand(
  signal: AbortSignal,
  done: (work: Promise<number>) => Promise<void>,
) {
  return transforming("convert")
    .description(
      "Write a track file in another format, or a control video. Without --as the ending decides: .pth and .npz are ATI's (coordinates times 8), .json ComfyUI's, .npy Wan-Move's pair, .txt After Effects' keyframe data, .nk a tracker of Nuke, .csv a table for Blender.",
    )
    .addOption(new Option("--as <format>", "the format").choices(FORMATS))
    .option(
      "--video-size <WxH>",
      "the size of a control video (default: the image's, made even)",
      parseSize,
    )
    .addOption(
      new Option("--shape <which>", "of a vace video").choices(CONTROL_SHAPES)
        .default("circle" as const),
    )
    .option(
      "--shape-size <px>",
      "of a vace video (default: a sixteenth of the shorter side)",
      numberBetween(1, 4096, "integer"),
    )
    .option("--prompt <text>", "for prompt.txt of a time-to-move folder")
    .option(
      "--crf <number>",
      "the quality of a control video, 0 (lossless) to 51",
      numberBetween(0, 51),
      4,
    )
    .addHelpText(
      "after",
      `
Formats besides those of the endings:
  comfyui-81   .json with 81 points at 16 per second, for Wan-Move's nodes
  cotracker    .npz with pred_tracks and pred_visibility
  tapir        .npz with tracks and visibles
  ltx-tracks   .mp4, the control video of LTX-2.3's motion-track IC-LoRA
  vace         .mp4, white shapes on black for VACE and Fun-Control
  time-to-move a folder with first_frame.png, motion_signal.mp4, mask.mp4 and
               prompt.txt; needs --image

Examples:
  ... convert fish.pth fish.nk --image fish.jpg
  ... convert fish.pth fish_ltx.mp4 --as ltx-tracks --image fish.jpg
  ... convert fish.pth fish_ttm --as time-to-move --image fish.jpg \\
      --prompt "A fish swims."`,
    )
    .action((input, output, flags) =>
      done(convert(input, output, { flags, signal }))
    );
}

/** The options of the command. */
interface ConvertFlags extends FitFlags {
  readonly as?: Format | undefined;
  readonly videoSize?: Size | undefined;
  readonly shape: ControlShape;
  readonly shapeSize?: number | undefined;
  readonly prompt?: string | undefined;
  readonly crf: number;
  readonly overwrite?: true | undefined;
}

async function convert(
  input: string,
  output: string,
  context: { readonly flags: ConvertFlags; readonly signal: AbortSignal },
): Promise<number> {
  const { flags, signal } = context;
  const format = chooseFormat(output, flags.as);
  const { overwrite = false } = flags;
  if (isControl(format)) {
    const image = await requireImageOrSize(flags, `write ${format}`);
    if (format !== "time-to-move") await prepareFile(output, [input], flags);
    else await protectInputs([input]);
    const { tracks, notes, warnings } = await readFitted(
      input,
      flags,
      `write ${format}`,
    );
    const { objects, note } = await markedObjects(input, {
      trackCount: tracks.count,
      image,
    });
    [...notes, ...warnings, ...note ? [note] : []].forEach(printLine);
    printLine(
      await writeControl(tracks, output, {
        ...flags,
        format,
        image,
        objects,
        overwrite,
        signal,
      }),
    );
    return 0;
  }
  await prepareFile(output, [input], flags);
  const { tracks, notes, warnings } = await readWhole(input, flags);
  const image = await readImageOrSize(flags);
  const files = await endedAtOnce(() =>
    exportWhole(tracks, output, {
      input,
      format,
      ...image && { image: { width: image.width, height: image.height } },
    })
  );
  for (const { path } of files) await prepareFile(path, [input], flags);
  signal.throwIfAborted();
  for (const { path, bytes } of files) {
    await writeFileAtomic(path, bytes, { overwrite });
  }
  [...notes, ...warnings].forEach(printLine);
  printLine(
    `${files.map(({ path }) => path).join(", ")}: ${
      describeTracks(tracks)
    } written`,
  );
  return 0;
}

/** The files of tracks; those of more than five seconds in formats of any length. */
async function exportWhole(
  tracks: TrackSet | LongTracks,
  output: string,
  { input, format, image }: {
    readonly input: string;
    readonly format: ExchangeFormat;
    readonly image?: ImageSize;
  },
): Promise<ExportedFile[]> {
  const folder = basename(output, extname(output));
  if (tracks instanceof LongTracks && ANY_LENGTH.includes(format)) {
    const ending = extname(output).slice(1).toLowerCase();
    const bytes = await writeTracks(tracks, ending as WritableTracksFormat, {
      folder,
    });
    return [{ path: output, bytes }];
  }
  return await exportTracks(
    fiveSeconds(tracks, input, `write ${format}`),
    output,
    { format, folder, ...image && { image } },
  );
}

function isControl(format: Format): format is ControlFormat {
  return (CONTROL_FORMATS as readonly string[]).includes(format);
}

/** The format that is asked for or that the ending means. */
function chooseFormat(output: string, asked: Format | undefined): Format {
  const ending = extname(output).slice(1).toLowerCase();
  if (asked === undefined) {
    const format = formatOfEnding(ending);
    if (format) return format;
    throw new UsageError(
      withHint(
        `Cannot write ${quote(output)}: unknown file extension, expected ${
          [...new Set(EXCHANGE_FORMATS.flatMap(endingsOf))].map((known) =>
            `.${known}`
          ).join(", ")
        }`,
        `Say which with --as: ${FORMATS.join(", ")}.`,
      ),
    );
  }
  const endings = isControl(asked)
    ? asked === "time-to-move" ? [""] : ["mp4"]
    : endingsOf(asked);
  if (endings.includes(ending)) return asked;
  throw new UsageError(
    `Cannot write ${quote(output)} as ${asked}, expected ${
      endings[0] === ""
        ? "a folder's name without an ending"
        : `a path that ends in ${
          endings.map((known) => `.${known}`).join(" or ")
        }`
    }`,
  );
}
