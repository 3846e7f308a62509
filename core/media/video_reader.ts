/**
 * Videos in: the frames of an MP4 or QuickTime file, one after the other.
 *
 * @module
 */

import { FormatError, quote, withHint } from "../base/errors.ts";
import { openFileSource } from "../files/files.ts";
import type { RgbImage } from "../base/image.ts";
import {
  allocateFrame,
  check,
  createConverter,
  type Libav,
  LibavError,
  loadLibav,
  readingIo,
  received,
} from "./_libav.ts";
import { MAX_PIXELS } from "./image.ts";

/** One frame of a video. */
export interface VideoFrame extends RgbImage {
  /** When it is shown, in seconds of the video's own clock. */
  readonly time: number;
}

/** A video that can be read, any number of times. It holds no file open. */
export interface VideoReader {
  /** Width of every frame in px. */
  readonly width: number;
  /** Height of every frame in px. */
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
}

/**
 * Opens an MP4 or QuickTime video and reads its index.
 *
 * Untagged colors are taken as BT.601, as ffmpeg takes them.
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
    const { width, height } = stream.codecpar;
    const { num, den } = stream.avgFrameRate;
    return {
      width,
      height,
      fps: den === 0 ? 0 : num / den,
      frameCount: Number(stream.nbFrames) || undefined,
      metadata: withoutTechnical(input.metadata?.getAll() ?? {}),
      frames: ({ signal } = {}) => readFrames(path, signal),
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
  const session = await openSession(path);
  const { av, input, stream } = session;
  const context = new av.CodecContext();
  using packet = new av.Packet();
  packet.alloc();
  using decoded = new av.Frame();
  decoded.alloc();
  const { width, height } = stream.codecpar;
  using rgb = allocateFrame(av, { width, height }, "rgb");
  using converter = createConverter(av);
  let packets = 0, frames = 0;
  try {
    const decoder = av.Codec.findDecoder(stream.codecpar.codecId);
    if (!decoder) throw new LibavError("there is no decoder for its video");
    context.allocContext3(decoder);
    check(av, context.parametersToContext(stream.codecpar), "set the decoder");
    context.threadCount = 0;
    check(av, await context.open2(decoder, null), "open the decoder");
    for (let ended = false; !ended;) {
      signal?.throwIfAborted();
      ended = !received(av, await input.readFrame(packet), "read a frame");
      if (!ended && packet.streamIndex !== stream.index) {
        packet.unref();
        continue;
      }
      check(
        av,
        await context.sendPacket(ended ? null : packet),
        "decode a frame",
      );
      if (!ended) packets++;
      packet.unref();
      while (
        received(av, await context.receiveFrame(decoded), "decode a frame")
      ) {
        if (decoded.width !== width || decoded.height !== height) {
          throw new LibavError("the size of the frames changes");
        }
        converter.convert(rgb, decoded);
        const time = shownAt(decoded, stream.timeBase) ??
          frames / (stream.avgFrameRate.num / stream.avgFrameRate.den);
        frames++;
        decoded.unref();
        const { buffer, byteOffset, byteLength } = rgb.toBuffer(); // a copy
        const data = new Uint8Array(buffer, byteOffset, byteLength);
        yield { width, height, data, time };
        signal?.throwIfAborted();
      }
    }
    if (packets < Number(stream.nbFrames)) {
      throw new LibavError(
        `it ends after ${packets} of ${stream.nbFrames} frames`,
      );
    }
  } catch (error) {
    throw session.explain(error);
  } finally {
    context.freeContext();
    await session.close();
  }
}

/** A frame's time stamp in seconds, where it has one. */
function shownAt(
  frame: { readonly bestEffortTimestamp: bigint },
  { num, den }: { readonly num: number; readonly den: number },
): number | undefined {
  const stamp = frame.bestEffortTimestamp;
  return stamp === -(2n ** 63n) ? undefined : Number(stamp) * num / den;
}

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
  const io = readingIo(av, source, (error) => ioError ??= error);
  const input = new av.FormatContext();
  const close = async () => {
    await input.closeInput();
    io.freeContext();
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
    input.pb = io;
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
    check(av, await input.findStreamInfo(null), "look into its video");
    const { width, height } = stream.codecpar;
    if (width < 1 || height < 1 || width * height > MAX_PIXELS) {
      throw new FormatError(
        `Cannot read ${
          quote(path)
        }: its frames are ${width}x${height}, expected 1 to ${
          MAX_PIXELS / 1e6
        } megapixels`,
      );
    }
    return { av, input, stream, close, explain };
  } catch (error) {
    await close();
    throw explain(error);
  }
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
      `Cannot read ${
        quote(path)
      }: it does not begin as an MP4 or QuickTime video does`,
      { offset: 4 },
    );
  }
}
