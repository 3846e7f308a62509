/**
 * The door to libav (node-av): the only file that imports it.
 *
 * Native code reads and writes past Deno's permissions, so files are opened by
 * Deno and handed over as callbacks; no path goes through this door.
 *
 * @module
 */

import { lazyNative } from "./_native.ts";

/** What node-av needs to be allowed: to load, and to ask for its own build. */
export const LIBAV_PERMISSIONS = "--allow-ffi --allow-env=AV_FROM_SOURCE";

/** libav, imported at the first call and told to be silent: errors are thrown. */
export const loadLibav = lazyNative({
  name: "node-av",
  purpose: "read or write a video",
  permissions: LIBAV_PERMISSIONS,
}, async () => {
  const [lib, constants] = await Promise.all([
    import("npm:node-av@6.1.1/lib"),
    import("npm:node-av@6.1.1/constants"),
  ]);
  lib.Log.setLevel(constants.AV_LOG_QUIET);
  return { ...lib, ...constants };
});

/** The loaded library. */
export type Libav = Awaited<ReturnType<typeof loadLibav>>;
/** A libav frame. */
export type LibavFrame = InstanceType<Libav["Frame"]>;
/** A stream of a file. */
export type LibavStream = InstanceType<Libav["Stream"]>;
/** Bytes that libav pulls or pushes through callbacks. */
export type LibavIo = InstanceType<Libav["IOContext"]>;

/** A call into libav that did not succeed. */
export class LibavError extends Error {
  override readonly name = "LibavError";
}

/** The result of a libav call, or a {@linkcode LibavError} where it is negative. */
export function check(av: Libav, result: number, action: string): number {
  if (result >= 0) return result;
  throw new LibavError(
    `${action}: ${av.FFmpegError.strerror(result).toLowerCase()}`,
  );
}

/**
 * Runs a call that goes through a pair of `send` and `receive`: `true` when
 * something was received, `false` when it wants more input or has ended.
 */
export function received(av: Libav, result: number, action: string): boolean {
  if (result === av.AVERROR_EAGAIN || result === av.AVERROR_EOF) return false;
  check(av, result, action);
  return true;
}

/** Converts pixels from one frame into another. */
export interface Converter extends Disposable {
  /** Fills `target`, which has its buffers, with the pixels of `source`. */
  convert(target: LibavFrame, source: LibavFrame): void;
}

/**
 * A converter of pixels. swscale takes its colors from the two frames, and
 * where color samples lie (H.264: at the left pixel of two); without accurate
 * rounding and full chroma it shifts red by two levels. Frames are those of
 * `ffmpeg -vf scale=in_h_chr_pos=0:in_v_chr_pos=128` with the same flags, byte
 * for byte; before version 7.1 its default takes the samples for centered,
 * which is off by 2 levels on average on a test pattern.
 */
export function createConverter(av: Libav): Converter {
  const context = new av.SoftwareScaleContext();
  context.allocContext();
  check(
    av,
    context.setOption(
      "sws_flags",
      "bicubic+accurate_rnd+full_chroma_int+full_chroma_inp",
    ),
    "set the scaler's flags",
  );
  return {
    convert(target, source) {
      check(av, context.scaleFrameSync(target, source), "convert the colors");
    },
    [Symbol.dispose]: () => context.freeContext(),
  };
}

/** An empty frame of a pixel format with its buffers. */
export function allocateFrame(
  av: Libav,
  size: { width: number; height: number },
  kind: "rgb" | "yuv",
): LibavFrame {
  const frame = new av.Frame();
  frame.alloc();
  frame.width = size.width;
  frame.height = size.height;
  tagFrame(av, frame, kind);
  check(av, frame.getBuffer(), "make room for a frame");
  return frame;
}

/** Tags a frame as full-range RGB or as studio-range BT.709. */
export function tagFrame(
  av: Libav,
  frame: LibavFrame,
  kind: "rgb" | "yuv",
): void {
  const rgb = kind === "rgb";
  frame.format = rgb ? av.AV_PIX_FMT_RGB24 : av.AV_PIX_FMT_YUV420P;
  frame.colorRange = rgb ? av.AVCOL_RANGE_JPEG : av.AVCOL_RANGE_MPEG;
  frame.colorSpace = rgb ? av.AVCOL_SPC_RGB : av.AVCOL_SPC_BT709;
  frame.colorPrimaries = av.AVCOL_PRI_BT709;
  frame.colorTrc = av.AVCOL_TRC_BT709;
}
