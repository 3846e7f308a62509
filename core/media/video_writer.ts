/**
 * Videos out: H.264 in MP4, written frame by frame.
 *
 * The defaults are those of the reference's `cache_video` (16 frames per
 * second, libx264 at CRF 10, yuv420p); other than there the colors are tagged
 * BT.709 and the index stands at the front.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import { quote, withHint } from "../base/errors.ts";
import { fileError } from "../files/file_error.ts";
import { openAtomicFile } from "../files/files.ts";
import type { RgbImage } from "../base/image.ts";
import type { I420Image } from "./i420.ts";
import { moveIndexToFront } from "./_faststart.ts";
import {
  allocateFrame,
  check,
  createConverter,
  type Libav,
  LibavError,
  loadLibav,
  received,
  tagFrame,
} from "./_libav.ts";
import { writingIo } from "./file_io.ts";
import { repeatableX264 } from "./_x264_options.ts";

/** libx264's presets, fast to slow. */
export const VIDEO_PRESETS = [
  "ultrafast",
  "superfast",
  "veryfast",
  "faster",
  "fast",
  "medium",
  "slow",
  "slower",
  "veryslow",
] as const;

/** How long the encoder may think about a frame. */
export type VideoPreset = typeof VIDEO_PRESETS[number];

/** What video to write. */
export interface CreateVideoOptions {
  /** Width in px, even. */
  readonly width: number;
  /** Height in px, even. */
  readonly height: number;
  /** Frames per second; 16 unless given, as Wan makes them. */
  readonly fps?: number;
  /**
   * When each frame is shown, in seconds, ascending from 0, for a rate that
   * varies; frames after these follow at `fps`.
   */
  readonly times?: readonly number[];
  /**
   * The constant rate factor, 0 (lossless) to 51; 10 unless given, which cannot
   * be told from the original. 18 is still good at a third of the size.
   */
  readonly crf?: number;
  /** `medium` unless given. `veryfast` takes a third of the time for larger files. */
  readonly preset?: VideoPreset;
  /**
   * Tags in the file, for example `title` and `comment`. Keys outside of those
   * that MP4 knows are kept too, but then fewer programs show them.
   */
  readonly metadata?: Readonly<Record<string, string>>;
  /** Whether a file of that name may be replaced. */
  readonly overwrite?: boolean;
  /** Aborting it makes `write` and `finish` fail; the file is not written. */
  readonly signal?: AbortSignal;
}

/** A video that is being written. Leaving an `await using` scope aborts it unless it was finished. */
export interface VideoWriter extends AsyncDisposable {
  /** How many frames were written so far. */
  readonly frameCount: number;
  /**
   * Appends a frame. Its pixels are taken before the call returns: the caller
   * may use the buffer again while the frame is encoded. Wait for the promise
   * before the next frame.
   *
   * @throws {RangeError} When its size is not the video's.
   * @throws {TypeError} When the frame before is still being encoded; that one
   * goes on.
   */
  write(frame: RgbImage): Promise<void>;
  /** Like {@linkcode VideoWriter.write}, of planes, which are not converted. */
  writePlanes(frame: I420Image): Promise<void>;
  /**
   * Encodes what is left, moves the index to the front and gives the file its
   * name.
   *
   * @throws {RangeError} When no frame was written.
   */
  finish(): Promise<void>;
  /** Gives up: no file is left. Does nothing after `finish`. */
  abort(): Promise<void>;
}

/**
 * Begins an MP4 file. It gets its name in `finish`; whatever goes wrong before,
 * no file is left. Memory does not grow with the length of the video.
 *
 * @throws {RangeError} When the size is odd or an option is out of range.
 * @throws {Deno.errors.AlreadyExists} When there is a file and `overwrite` is
 * not set.
 * @throws {Error} With a HINT when libav cannot be loaded.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { createVideo } from "@ati/ati";
 * const folder = await Deno.makeTempDir();
 * const path = `${folder}/gray.mp4`;
 * const size = { width: 64, height: 32 };
 * await using video = await createVideo(path, { ...size, fps: 16 });
 * const data = new Uint8Array(3 * 64 * 32).fill(128);
 * for (let i = 0; i < 3; i++) await video.write({ ...size, data });
 * await video.finish();
 * assert.ok((await Deno.stat(path)).isFile);
 * await Deno.remove(folder, { recursive: true });
 * ```
 */
export async function createVideo(
  path: string,
  options: CreateVideoOptions,
): Promise<VideoWriter> {
  checkOptions(path, options);
  const { width, height, overwrite = false, signal } = options;
  signal?.throwIfAborted();
  const av = await loadLibav();
  const pending = await openAtomicFile(path, { overwrite });
  let ioError: unknown;
  let encoder: Encoder;
  try {
    encoder = await openEncoder(av, pending.file, {
      ...options,
      failed: (error) => ioError ??= error,
    });
  } catch (error) {
    await pending.abort();
    throw explain(error);
  }

  let frameCount = 0;
  let state: "open" | "finished" | "aborted" = "open";
  let isGivenUp = false;
  let working: Promise<void> | undefined;
  let closing: Promise<void> | undefined;
  const close = async () => {
    state = "aborted";
    try {
      await encoder.close();
    } finally {
      await pending.abort();
    }
  };
  const abort = async () => {
    isGivenUp = true; // no step is begun any more
    // What a step still uses must not be freed: libav works in other threads.
    await working?.catch(() => {});
    if (state !== "finished") await (closing ??= close());
  };
  const take = async (action: () => Promise<void>) => {
    if (state !== "open" || isGivenUp) {
      const end = state === "open" ? "aborted" : state;
      throw new TypeError(
        `Cannot continue with ${quote(path)}: the video is ${end}`,
      );
    }
    try {
      signal?.throwIfAborted();
      await action();
      if (ioError !== undefined) throw ioError;
    } catch (error) {
      await (closing ??= close());
      throw explain(error);
    }
  };
  /** Runs a step; when it fails the video is given up. */
  const step = async (action: () => Promise<void>) => {
    if (working) {
      throw new TypeError(
        `Cannot continue with ${
          quote(path)
        }: a frame is still being encoded, expected that its promise is awaited`,
      );
    }
    working = take(action);
    try {
      await working;
    } finally {
      working = undefined;
    }
  };
  const append = (
    frame: { readonly width: number; readonly height: number },
    bytes: Uint8Array,
    perPixel: 3 | 1.5,
  ) =>
    step(async () => {
      checkFrame(frame, bytes, {
        place: `frame ${frameCount} to ${quote(path)}`,
        ...{ width, height, perPixel },
      });
      await encoder.encode(bytes, frameCount, perPixel === 3 ? "rgb" : "yuv");
      frameCount++;
    });
  function explain(error: unknown): unknown {
    if (ioError === undefined && !(error instanceof LibavError)) return error;
    const cause = ioError ?? error;
    const known = fileError("write", path, cause);
    if (known !== cause) return known;
    const reason = cause instanceof Error ? cause.message : String(cause);
    return new Error(`Cannot write ${quote(path)}: ${reason}`, { cause });
  }

  return {
    get frameCount() {
      return frameCount;
    },
    write: (frame) => append(frame, frame.data, 3),
    writePlanes: (frame) => append(frame, frame.planes, 1.5),
    finish: () =>
      step(async () => {
        if (frameCount === 0) {
          throw new RangeError(
            `Cannot finish ${
              quote(path)
            }: no frame was written, expected one or more`,
          );
        }
        await encoder.flush();
        await encoder.close();
        if (ioError !== undefined) throw ioError;
        moveIndexToFront(pending.file);
        await pending.commit();
        state = "finished";
      }),
    abort,
    [Symbol.asyncDispose]: abort,
  };
}

/** Refuses a frame of another size than the video's. */
function checkFrame(
  frame: { readonly width: number; readonly height: number },
  bytes: Uint8Array,
  { place, width, height, perPixel }: {
    readonly place: string;
    readonly width: number;
    readonly height: number;
    readonly perPixel: 3 | 1.5;
  },
): void {
  if (
    frame.width === width && frame.height === height &&
    bytes.length === perPixel * width * height
  ) return;
  throw new RangeError(
    `Cannot add ${place}: it is ${frame.width}x${frame.height} with ${bytes.length} bytes, expected ${width}x${height} with ${
      perPixel === 3 ? "three" : "one and a half"
    } for each pixel`,
  );
}

interface Encoder {
  encode(
    bytes: Uint8Array,
    index: number,
    kind: "rgb" | "yuv",
  ): Promise<void>;
  flush(): Promise<void>;
  close(): Promise<void>;
}

async function openEncoder(
  av: Libav,
  file: Deno.FsFile,
  options: CreateVideoOptions & { failed: (error: unknown) => void },
): Promise<Encoder> {
  const { width, height, crf = 10, preset = "medium" } = options;
  const { metadata = {}, failed } = options;
  const codec = av.Codec.findEncoderByName(av.FF_ENCODER_LIBX264);
  if (!codec) throw new LibavError("this build of libav has no libx264");
  const { timeBase, rate, ticksAt } = timing(av, options);
  // All of it is given back, in the opposite order, whatever fails.
  await using made = new AsyncDisposableStack();
  const io = await writingIo(av, file, failed);
  made.defer(() => io.release());
  const converter = made.use(createConverter(av));
  const converted = allocateFrame(av, { width, height }, "yuv");
  made.defer(() => converted.free());
  const packet = new av.Packet();
  made.defer(() => packet.free());
  packet.alloc();
  const context = h264Context(av, codec, { width, height, timeBase, rate });
  made.defer(() => context.freeContext());
  const output = new av.FormatContext();
  made.defer(() => {
    output.pb = null; // else libav frees what is still ours
    output.freeContext();
  });
  check(
    av,
    await context.open2(
      codec,
      av.Dictionary.fromObject({
        crf: String(crf),
        preset,
        ...repeatableX264(),
      }),
    ),
    "open the encoder",
  );
  check(
    av,
    output.allocOutputContext2(null, "mp4", null),
    "open the MP4 writer",
  );
  output.pb = io.context;
  const stream = output.newStream(null);
  check(av, context.parametersFromContext(stream.codecpar), "set the stream");
  stream.timeBase = timeBase;
  stream.avgFrameRate = context.framerate;
  if (Object.keys(metadata).length > 0) {
    output.metadata = av.Dictionary.fromObject({ ...metadata });
  }
  check(
    av,
    await output.writeHeader(av.Dictionary.fromObject(
      Object.keys(metadata).every((key) => MP4_TAGS.has(key))
        ? {}
        : { movflags: "use_metadata_tags" },
    )),
    "write the file's head",
  );

  const drain = async () => {
    while (
      received(av, await context.receivePacket(packet), "encode a frame")
    ) {
      packet.streamIndex = stream.index;
      packet.rescaleTs(timeBase, stream.timeBase);
      check(av, await output.writeFrame(packet), "write a frame");
      packet.unref();
    }
  };
  const kept = made.move();
  return {
    async encode(bytes, index, kind) {
      using source = av.Frame.fromVideoBuffer(
        Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength),
        {
          width,
          height,
          format: kind === "rgb" ? av.AV_PIX_FMT_RGB24 : av.AV_PIX_FMT_YUV420P,
        },
      );
      tagFrame(av, source, kind);
      if (kind === "rgb") {
        check(av, converted.makeWritable(), "make room for a frame");
        converter.convert(converted, source);
      }
      const frame = kind === "rgb" ? converted : source;
      frame.pts = BigInt(ticksAt(index));
      frame.duration = BigInt(ticksAt(index + 1) - ticksAt(index));
      check(av, await context.sendFrame(frame), "encode a frame");
      await drain();
    },
    async flush() {
      check(av, await context.sendFrame(null), "encode the last frames");
      await drain();
      check(av, await output.writeTrailer(), "write the file's index");
    },
    close: () => kept.disposeAsync(),
  };
}

/** When frames are shown: even, or at their own times. */
function timing(
  av: Libav,
  { fps = 16, times }: Pick<CreateVideoOptions, "fps" | "times">,
): {
  timeBase: InstanceType<Libav["Rational"]>;
  rate: InstanceType<Libav["Rational"]>;
  /** A frame's time, in units of the time base. */
  ticksAt: (index: number) => number;
} {
  const { num, den } = frameRate(fps);
  const rate = new av.Rational(num, den);
  if (!times) {
    return { timeBase: new av.Rational(den, num), rate, ticksAt: (i) => i };
  }
  const last = times.length - 1;
  return {
    timeBase: new av.Rational(1, CLOCK),
    rate,
    ticksAt(index) {
      const seconds = times[index] ?? times[last]! + (index - last) / fps;
      return Math.round(seconds * CLOCK);
    },
  };
}

/** An H.264 encoder for BT.709 at 4:2:0, not opened yet. */
function h264Context(
  av: Libav,
  codec: InstanceType<Libav["Codec"]>,
  { width, height, timeBase, rate }: {
    readonly width: number;
    readonly height: number;
    readonly timeBase: InstanceType<Libav["Rational"]>;
    readonly rate: InstanceType<Libav["Rational"]>;
  },
): InstanceType<Libav["CodecContext"]> {
  const context = new av.CodecContext();
  context.allocContext3(codec);
  context.width = width;
  context.height = height;
  context.pixelFormat = av.AV_PIX_FMT_YUV420P;
  context.timeBase = timeBase;
  context.framerate = rate;
  context.colorRange = av.AVCOL_RANGE_MPEG;
  context.colorSpace = av.AVCOL_SPC_BT709;
  context.colorPrimaries = av.AVCOL_PRI_BT709;
  context.colorTrc = av.AVCOL_TRC_BT709;
  context.setFlags(av.AV_CODEC_FLAG_GLOBAL_HEADER);
  return context;
}

/** Ticks per second of videos whose rate varies. */
const CLOCK = 90_000;

/** The tags that every MP4 program reads, and libav writes in that form. */
const MP4_TAGS: ReadonlySet<string> = new Set([
  "title",
  "artist",
  "album_artist",
  "composer",
  "album",
  "date",
  "comment",
  "genre",
  "copyright",
  "grouping",
  "lyrics",
  "description",
  "synopsis",
]);

/** A frame rate as a fraction: whole, NTSC, or in thousandths. */
function frameRate(fps: number): { num: number; den: number } {
  if (Number.isInteger(fps)) return { num: fps, den: 1 };
  const ntsc = Math.round(fps * 1.001);
  if (Math.abs(ntsc / 1.001 - fps) < 5e-3) {
    return { num: ntsc * 1000, den: 1001 };
  }
  return { num: Math.round(fps * 1000), den: 1000 };
}

function checkOptions(path: string, options: CreateVideoOptions): void {
  const { width, height, fps = 16, crf = 10, preset = "medium" } = options;
  for (const [name, value] of Object.entries({ width, height })) {
    if (!Number.isInteger(value) || value < 2 || value > 16384) {
      throw new RangeError(
        `Cannot write ${
          quote(path)
        }: ${name} is ${value}, expected a whole number from 2 to 16384`,
      );
    }
  }
  if (width % 2 || height % 2) {
    throw new RangeError(
      withHint(
        `Cannot write ${
          quote(path)
        }: the size is ${width}x${height}, expected even numbers`,
        "H.264 stores color for two by two pixels. Crop or resize the frames by one pixel.",
      ),
    );
  }
  if (!(fps > 0 && fps <= 1000)) {
    throw new RangeError(
      `Cannot write ${
        quote(path)
      } with ${fps} frames per second, expected more than 0 and at most 1000`,
    );
  }
  const { times } = options;
  const late = times?.findIndex((time, i) =>
    !(i === 0 ? time === 0 : time >= times[i - 1]! + 1 / CLOCK)
  );
  if (times && (times.length === 0 || late !== -1)) {
    throw new RangeError(
      times.length === 0
        ? `Cannot write ${
          quote(path)
        }: there are no times, expected one or more`
        : `Cannot write ${quote(path)}: frame ${late} is shown at ${
          times[late!]
        } s, expected ${
          late === 0 ? "0" : `more than the ${times[late! - 1]} s before`
        }`,
    );
  }
  if (!(crf >= 0 && crf <= 51)) {
    throw new RangeError(
      `Cannot write ${quote(path)} with crf ${crf}, expected 0 to 51`,
    );
  }
  if (!VIDEO_PRESETS.includes(preset)) {
    throw new TypeError(
      `Cannot write ${quote(path)} with preset ${
        quote(preset)
      }, expected one of ${VIDEO_PRESETS.join(", ")}`,
    );
  }
}
