/**
 * Videos in: the frames of an MP4 or QuickTime file, one after the other.
 *
 * @module
 */

import { basename } from "node:path";
import { FormatError, quote, withHint } from "../base/errors.ts";
import { openFileSource } from "../files/files.ts";
import type { RgbImage } from "../base/image.ts";
import { cutOff } from "./_cut_off.ts";
import { createDeinterlacer, type Deinterlacer } from "./_deinterlacer.ts";
import { orientationOf, squareSize } from "./_display.ts";
import { isTurned, orientImage, UPRIGHT } from "./orientation.ts";
import type { I420Image } from "./i420.ts";
import {
  allocateFrame,
  check,
  createConverter,
  type Libav,
  LibavError,
  type LibavFrame,
  type LibavStream,
  loadLibav,
  received,
} from "./_libav.ts";
import { readingIo } from "./file_io.ts";
import { risingTime } from "./frame_times.ts";
import { MAX_PIXELS } from "./image_header.ts";

/** One frame of a video. */
export interface VideoFrame extends RgbImage {
  /**
   * When it is shown, in seconds of the video's own clock; always later than
   * the frame before.
   */
  readonly time: number;
}

/** One frame of a video, in the planes that codecs take. */
export interface PlanarVideoFrame extends I420Image {
  /** As of a {@linkcode VideoFrame}. */
  readonly time: number;
}

/** A video that can be read, any number of times. It holds no file open. */
export interface VideoReader {
  /** Width of every frame in px, as it is shown. */
  readonly width: number;
  /** Height of every frame in px, as it is shown. */
  readonly height: number;
  /** Frames per second, on average. */
  readonly fps: number;
  /** How many frames there are, where the file's index says it. */
  readonly frameCount: number | undefined;
  /** The file's tags, for example `title` and `comment`. */
  readonly metadata: Readonly<Record<string, string>>;
  /**
   * The frames in the order they are shown, from the first one on at every
   * call. One frame is in memory at a time; each has its own buffer.
   *
   * The iteration throws a {@linkcode FormatError} where the file is damaged
   * or ends before its last frame.
   */
  frames(options?: { signal?: AbortSignal }): AsyncGenerator<VideoFrame, void>;
  /**
   * Like {@linkcode VideoReader.frames}, but for another video: frames that are
   * stored in these planes are not converted to RGB and back. `undefined` where
   * frames are stored turned or flipped, or with an odd side.
   */
  readonly planarFrames?: (
    options?: { signal?: AbortSignal },
  ) => AsyncGenerator<PlanarVideoFrame, void>;
  /**
   * When each frame is shown, in seconds from the first, ascending. Nothing is
   * decoded for it.
   *
   * @throws {FormatError} When the file is damaged.
   */
  times(options?: { signal?: AbortSignal }): Promise<readonly number[]>;
}

/**
 * Opens an MP4 or QuickTime video and reads its index.
 *
 * Frames are as a player shows them: turned and flipped as the display matrix
 * says (to the nearest quarter), with square pixels, interlaced ones with both
 * fields of one moment. Untagged colors are taken as BT.601, as ffmpeg takes
 * them.
 *
 * @throws {FormatError} When it is no such file, is damaged or has no video.
 * @throws {Deno.errors.NotFound} When no such file.
 * @throws {Error} With a HINT when libav cannot be loaded.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { createVideo, openVideo } from "@ati/ati";
 * const folder = await Deno.makeTempDir();
 * const path = `${folder}/gray.mp4`;
 * const frame = { width: 64, height: 32, data: new Uint8Array(6144).fill(99) };
 * const video = await createVideo(path, { width: 64, height: 32 });
 * await video.write(frame);
 * await video.finish();
 *
 * const { fps, frameCount, frames } = await openVideo(path);
 * assert.ok(fps === 16 && frameCount === 1);
 * for await (const { data } of frames()) assert.ok(data[0] === 99);
 * await Deno.remove(folder, { recursive: true });
 * ```
 */
export async function openVideo(path: string): Promise<VideoReader> {
  const session = await openSession(path);
  const { stream, input } = session;
  try {
    const { width, height } = session;
    const { num, den } = stream.avgFrameRate;
    return {
      width,
      height,
      fps: den === 0 ? 0 : num / den,
      frameCount: Number(stream.nbFrames) || undefined,
      metadata: withoutTechnical(input.metadata?.getAll() ?? {}),
      frames: ({ signal } = {}) => readFrames(path, signal),
      ...session.orientation === UPRIGHT && width % 2 === 0 &&
        height % 2 === 0 && {
        planarFrames: ({ signal } = {}) => readPlanes(path, signal),
      },
      times: ({ signal } = {}) => readTimes(path, signal),
    };
  } finally {
    await session.close();
  }
}

/** The tags that the container itself sets are none of the user's. */
function withoutTechnical(
  tags: Record<string, string>,
): Record<string, string> {
  const technical = /^(major_brand|minor_version|compatible_brands|encoder)$/;
  return Object.fromEntries(
    Object.entries(tags).filter(([key]) => !technical.test(key)),
  );
}

async function* readFrames(
  path: string,
  signal: AbortSignal | undefined,
): AsyncGenerator<VideoFrame, void> {
  yield* readWith(path, signal, ({ av, square, orientation }) => {
    const rgb = allocateFrame(av, square, "rgb");
    const converter = createConverter(av);
    return {
      take(frame) {
        converter.convert(rgb, frame);
        return orientImage({ ...square, data: bytesOf(rgb) }, orientation);
      },
      [Symbol.dispose]() {
        converter[Symbol.dispose]();
        rgb.free();
      },
    };
  });
}

async function* readPlanes(
  path: string,
  signal: AbortSignal | undefined,
): AsyncGenerator<PlanarVideoFrame, void> {
  yield* readWith(path, signal, ({ av, square }) => {
    const rgb = allocateFrame(av, square, "rgb");
    const yuv = allocateFrame(av, square, "yuv");
    const toRgb = createConverter(av), fromRgb = createConverter(av);
    return {
      take(frame) {
        if (isPlain(av, frame, square)) {
          return { ...square, planes: bytesOf(frame) };
        }
        toRgb.convert(rgb, frame);
        fromRgb.convert(yuv, rgb);
        return { ...square, planes: bytesOf(yuv) };
      },
      [Symbol.dispose]() {
        for (const converter of [toRgb, fromRgb]) converter[Symbol.dispose]();
        for (const frame of [rgb, yuv]) frame.free();
      },
    };
  });
}

/** Whether a frame is what the writer makes: I420 in BT.709, limited range. */
function isPlain(
  av: Libav,
  frame: LibavFrame,
  { width, height }: { readonly width: number; readonly height: number },
): boolean {
  return frame.format === av.AV_PIX_FMT_YUV420P &&
    frame.colorSpace === av.AVCOL_SPC_BT709 &&
    frame.colorRange === av.AVCOL_RANGE_MPEG &&
    frame.width === width && frame.height === height;
}

/** A copy of a frame's pixels, without gaps. */
function bytesOf(frame: LibavFrame): Uint8Array<ArrayBuffer> {
  const { buffer, byteOffset, byteLength } = frame.toBuffer();
  return new Uint8Array(buffer as ArrayBuffer, byteOffset, byteLength);
}

/** The frames in the order they are shown, each as `prepare` takes it. */
async function* readWith<Taken>(
  path: string,
  signal: AbortSignal | undefined,
  prepare: (
    session: Session,
  ) => { take(frame: LibavFrame): Taken } & Disposable,
): AsyncGenerator<Taken & { time: number }, void> {
  const session = await openSession(path);
  const { stream } = session;
  using taker = prepare(session);
  const rate = stream.avgFrameRate.num / stream.avgFrameRate.den;
  let frames = 0, last = -Infinity;
  try {
    for await (const { frame, timeBase } of readShown(session, signal)) {
      const taken = taker.take(frame);
      const stamp = shownAt(frame, timeBase) ?? frames / rate;
      frames++;
      last = risingTime(stamp, last);
      yield { ...taken, time: last };
      signal?.throwIfAborted();
    }
    if (frames === 0 && Number(stream.nbFrames) > 0) {
      throw new LibavError(`none of its ${stream.nbFrames} frames is there`);
    }
  } catch (error) {
    throw session.explain(error);
  } finally {
    await session.close();
  }
}

/** A frame that is overwritten by the next, and the unit of its time stamp. */
interface ShownFrame {
  readonly frame: LibavFrame;
  readonly timeBase: { readonly num: number; readonly den: number };
}

/** The frames in the order they are shown, each with one moment in it. */
async function* readShown(
  session: Session,
  signal: AbortSignal | undefined,
): AsyncGenerator<ShownFrame, void> {
  const { av, stream } = session;
  using output = new av.Frame();
  output.alloc();
  let deinterlacer: Deinterlacer | undefined;
  const { timeBase } = stream;
  try {
    for await (const frame of decode(session, signal)) {
      if (frame?.hasFlags(av.AV_FRAME_FLAG_INTERLACED)) {
        deinterlacer ??= await createDeinterlacer(av, frame, timeBase);
      }
      if (!deinterlacer) {
        if (frame) yield { frame, timeBase };
        continue;
      }
      await deinterlacer.send(frame);
      while (await deinterlacer.receive(output)) {
        yield { frame: output, timeBase: deinterlacer.timeBase };
        output.unref();
      }
    }
  } finally {
    deinterlacer?.[Symbol.dispose]();
  }
}

/** The frames as they are stored, then `null`. */
async function* decode(
  session: Session,
  signal: AbortSignal | undefined,
): AsyncGenerator<LibavFrame | null, void> {
  const { av, stream } = session;
  const context = new av.CodecContext();
  using decoded = new av.Frame();
  decoded.alloc();
  const { width, height } = stream.codecpar;
  try {
    const decoder = av.Codec.findDecoder(stream.codecpar.codecId);
    if (!decoder) throw new LibavError("there is no decoder for its video");
    context.allocContext3(decoder);
    check(av, context.parametersToContext(stream.codecpar), "set the decoder");
    context.threadCount = 0;
    check(av, await context.open2(decoder, null), "open the decoder");
    for await (const packet of readPackets(session, signal)) {
      check(av, await context.sendPacket(packet), "decode a frame");
      while (
        received(av, await context.receiveFrame(decoded), "decode a frame")
      ) {
        if (decoded.width !== width || decoded.height !== height) {
          throw new LibavError("the size of the frames changes");
        }
        yield decoded;
        decoded.unref();
      }
    }
    yield null;
  } finally {
    context.freeContext();
  }
}

/** The packets of the video, each overwritten by the next, then `null`. */
async function* readPackets(
  { av, input, stream }: Session,
  signal: AbortSignal | undefined,
) {
  using packet = new av.Packet();
  packet.alloc();
  for (;;) {
    signal?.throwIfAborted();
    if (!received(av, await input.readFrame(packet), "read a frame")) break;
    if (packet.streamIndex === stream.index) {
      if (packet.flags & av.AV_PKT_FLAG_CORRUPT) {
        throw new LibavError("a frame is cut off");
      }
      yield packet;
    }
    packet.unref();
  }
  yield null;
}

async function readTimes(
  path: string,
  signal: AbortSignal | undefined,
): Promise<readonly number[]> {
  const session = await openSession(path);
  const { av, stream } = session;
  try {
    const { num, den } = stream.timeBase;
    const stamps: number[] = [];
    for await (const packet of readPackets(session, signal)) {
      if (!packet || packet.flags & av.AV_PKT_FLAG_DISCARD) continue;
      const stamp = packet.pts === NO_STAMP ? packet.dts : packet.pts;
      if (stamp !== NO_STAMP) stamps.push(Number(stamp));
    }
    stamps.sort((a, b) => a - b);
    let last = -Infinity;
    return stamps.map((stamp) =>
      last = risingTime((stamp - stamps[0]!) * num / den, last)
    );
  } catch (error) {
    throw session.explain(error);
  } finally {
    await session.close();
  }
}

/** libav's time stamp for "none". */
const NO_STAMP = -(2n ** 63n);

/** A frame's time stamp in seconds, where it has one. */
function shownAt(
  frame: { readonly bestEffortTimestamp: bigint },
  { num, den }: { readonly num: number; readonly den: number },
): number | undefined {
  const stamp = frame.bestEffortTimestamp;
  return stamp === NO_STAMP ? undefined : Number(stamp) * num / den;
}

/** A video that is open, and how it is shown. */
type Session = Awaited<ReturnType<typeof openSession>>;

async function openSession(path: string) {
  const source = openFileSource(path);
  let av: Libav;
  try {
    checkHead(path, source.read(0, Math.min(source.size, 12)));
    av = await loadLibav();
  } catch (error) {
    source.close();
    throw error;
  }
  let ioError: unknown;
  const io = await readingIo(av, source, (error) => ioError ??= error);
  const input = new av.FormatContext();
  const close = async () => {
    await input.closeInput();
    await io.release();
    source.close();
  };
  const explain = (error: unknown): unknown => {
    if (ioError !== undefined) return ioError;
    if (!(error instanceof LibavError)) return error;
    return new FormatError(
      `Cannot read ${quote(path)}: the video is damaged (${error.message})`,
      { cause: error },
    );
  };
  try {
    input.allocContext();
    input.pb = io.context;
    // Never let libav guess: some of its readers open other files by name.
    const format = av.InputFormat.findInputFormat("mp4");
    const opened = await input.openInput("", format, null);
    // A failed open has freed the context behind the wrapper's back: give it a
    // fresh one, or it would be freed again.
    if (opened < 0) input.allocContext();
    check(av, opened, "read its index");
    const best = input.findBestStream(av.AVMEDIA_TYPE_VIDEO);
    const stream = best < 0 ? undefined : input.streams[best];
    if (!stream || stream.disposition & av.AV_DISPOSITION_ATTACHED_PIC) {
      throw new FormatError(
        `Cannot read ${quote(path)}: it has no video, expected a video`,
      );
    }
    const cut = cutOff(source);
    if (cut !== undefined) throw new LibavError(cut);
    check(av, await input.findStreamInfo(null), "look into its video");
    const square = squareSize(stream.codecpar, pixelOf(stream));
    for (const { width, height } of [stream.codecpar, square]) {
      if (width < 1 || height < 1 || width * height > MAX_PIXELS) {
        throw new FormatError(
          `Cannot read ${
            quote(path)
          }: its frames are ${width}x${height}, expected 1 to ${
            MAX_PIXELS / 1e6
          } megapixels`,
        );
      }
    }
    const orientation = orientationOf(
      stream.codecpar.getCodedSideData(av.AV_PKT_DATA_DISPLAYMATRIX),
    );
    const { width, height } = isTurned(orientation)
      ? { width: square.height, height: square.width }
      : square;
    return {
      av,
      input,
      stream,
      square,
      orientation,
      width,
      height,
      close,
      explain,
    };
  } catch (error) {
    await close();
    throw explain(error);
  }
}

/** The shape of a pixel: the container's word counts, else the codec's. */
function pixelOf({ sampleAspectRatio, codecpar }: LibavStream) {
  return sampleAspectRatio.num > 0
    ? sampleAspectRatio
    : codecpar.sampleAspectRatio;
}

/** An MP4 or QuickTime file begins with a box of one of these types. */
const FIRST_BOXES = ["ftyp", "moov", "mdat", "free", "skip", "wide", "pnot"];

function checkHead(path: string, head: Uint8Array): void {
  if (head.length === 0) {
    throw new FormatError(
      withHint(
        `Cannot read ${quote(path)}: the file is empty, expected an MP4 video`,
        "A program that was interrupted may have left it; make the video again.",
      ),
      { offset: 0 },
    );
  }
  const type = String.fromCharCode(...head.subarray(4, 8));
  if (!FIRST_BOXES.includes(type)) {
    throw new FormatError(
      withHint(
        `Cannot read ${
          quote(path)
        }: it does not begin as an MP4 or QuickTime video does`,
        `Other videos are converted with: ffmpeg -i ${
          basename(path)
        } -crf 10 video.mp4`,
      ),
      { offset: 4 },
    );
  }
}
