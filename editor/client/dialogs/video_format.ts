/**
 * The kinds of video that this browser can make by itself.
 *
 * @module
 */

/** A kind of video. */
export type VideoKind = "mp4" | "webp";

/** What a video is encoded with; for MP4 a WebCodecs codec string. */
export type VideoFormat =
  | { readonly kind: "webp" }
  | {
    readonly kind: "mp4";
    /** Its name in the container. */
    readonly codec: "avc" | "vp9" | "av1";
    /** Codec, profile and level, as WebCodecs wants it. */
    readonly config: string;
  };

/** Video codecs of MP4, the most widely played first. */
const VIDEO_CODECS = [
  ["avc", "avc1.640020"], // High, level 3.2
  ["avc", "avc1.4d0020"], // Main
  ["avc", "avc1.420020"], // Baseline
  ["vp9", "vp09.00.31.08"],
  ["av1", "av01.0.05M.08"],
] as const;

/** What a person calls the codecs. */
export const CODEC_NAMES = { avc: "H.264", vp9: "VP9", av1: "AV1" } as const;

/** The settings of the video encoder for a video. */
export function encoderConfig(
  codec: string,
  size: { readonly width: number; readonly height: number },
  fps: number,
): VideoEncoderConfig {
  return {
    codec,
    ...size,
    framerate: fps,
    // Generous: a preview is short, and looked at closely.
    bitrate: Math.round(1.2 * size.width * size.height * fps),
    latencyMode: "quality", // no frame is left out
    ...codec.startsWith("avc1") && { avc: { format: "avc" } },
  };
}

/** How an MP4 of this size can be made here; undefined when it cannot. */
export async function mp4Format(
  size: { readonly width: number; readonly height: number },
  fps: number,
): Promise<VideoFormat | undefined> {
  if (!("VideoEncoder" in globalThis)) return undefined;
  for (const [codec, config] of VIDEO_CODECS) {
    const wanted = encoderConfig(config, size, fps);
    const { supported } = await VideoEncoder.isConfigSupported(wanted)
      .catch(() => ({ supported: false }));
    if (supported) return { kind: "mp4", codec, config };
  }
  return undefined;
}

/** How an animated WebP can be made here; undefined when it cannot. */
export function webpFormat(): VideoFormat | undefined {
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = 1;
  // Browsers that cannot write WebP answer with a PNG.
  return canvas.toDataURL("image/webp").startsWith("data:image/webp")
    ? { kind: "webp" }
    : undefined;
}
