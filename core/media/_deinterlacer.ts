/**
 * Interlaced frames as a player shows them: each with both fields of one
 * moment (libav's `bwdif`). Progressive frames pass as they are.
 *
 * @module
 */

import { check, type Libav, type LibavFrame, received } from "./_libav.ts";

/** Takes frames in the order they are shown, gives as many. */
export interface Deinterlacer extends Disposable {
  /** Units of the frames' time stamps that come out, in seconds. */
  readonly timeBase: { readonly num: number; readonly den: number };
  /** Takes a frame, or `null` at the end. */
  send(frame: LibavFrame | null): Promise<void>;
  /** Fills `frame` with the next one; `false` when it wants more, or is done. */
  receive(frame: LibavFrame): Promise<boolean>;
}

/** A deinterlacer for frames like `first`. */
export async function createDeinterlacer(
  av: Libav,
  first: LibavFrame,
  timeBase: { readonly num: number; readonly den: number },
): Promise<Deinterlacer> {
  const graph = new av.FilterGraph();
  graph.alloc();
  const filter = (name: string, args: string | null) => {
    const known = av.Filter.getByName(name);
    const context = known && graph.createFilter(known, name, args);
    if (context) return context;
    graph.free();
    throw new Error(`Cannot deinterlace: this build of libav has no ${name}`);
  };
  const source = filter(
    "buffer",
    [
      `video_size=${first.width}x${first.height}`,
      `pix_fmt=${first.format}`,
      `time_base=${timeBase.num}/${timeBase.den}`,
      `colorspace=${first.colorSpace}`,
      `range=${first.colorRange}`,
    ].join(":"),
  );
  const middle = filter("bwdif", "mode=send_frame:deint=interlaced");
  const sink = filter("buffersink", null);
  try {
    check(av, source.link(0, middle, 0), "deinterlace");
    check(av, middle.link(0, sink, 0), "deinterlace");
    check(av, await graph.config(), "deinterlace");
  } catch (error) {
    graph.free();
    throw error;
  }
  return {
    timeBase: sink.buffersinkGetTimeBase(),
    async send(frame) {
      check(av, await source.buffersrcAddFrame(frame), "deinterlace a frame");
    },
    async receive(frame) {
      return received(
        av,
        await sink.buffersinkGetFrame(frame),
        "deinterlace a frame",
      );
    },
    [Symbol.dispose]: () => graph.free(),
  };
}
