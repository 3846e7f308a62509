/**
 * Which image format a file's first bytes announce. Names and media types
 * are never believed: what is decoded is decided here, so that a decoder for a
 * format nobody asked for is never reached.
 *
 * @module
 */

/** An image format that can be read and written. */
export type ImageFormat = "jpeg" | "png" | "webp";

/** The image formats that can be read and written. */
export const IMAGE_FORMATS: readonly ImageFormat[] = ["jpeg", "png", "webp"];

/** What the first bytes of a file say it is. */
export interface IdentifiedFormat {
  /** The format, where it is one that can be read. */
  readonly format: ImageFormat | undefined;
  /** A name for an error message: "a PNG image", "an SVG drawing", "unknown". */
  readonly name: string;
  /** How an image that can be read is made of it, where that is known. */
  readonly hint?: string;
}

/** Of what it is, what to do about it. */
const HINTS = {
  convert:
    "Save it as PNG or JPEG, for example with ImageMagick: magick OLD image.png",
  phone:
    "Save it as JPEG, for example with heif-convert OLD image.jpg (on an iPhone: Settings > Camera > Formats).",
  video: "Take a frame of it: ffmpeg -i VIDEO -frames:v 1 image.png",
  pointer: "Fetch the file itself: git lfs pull",
  fork:
    'macOS writes such files next to the real ones; the image has the same name without "._".',
} as const;

/** Known by their first bytes, and refused by name. */
const REFUSED: readonly (readonly [
  name: string,
  heads: readonly string[],
  hint: keyof typeof HINTS,
])[] = [
  ["a GIF image", ["GIF87a", "GIF89a"], "convert"],
  ["a TIFF image", ["II*\0", "MM\0*", "II+\0", "MM\0+"], "convert"],
  ["a BMP image", ["BM"], "convert"],
  ["a Photoshop document", ["8BPS"], "convert"],
  ["a PDF document", ["%PDF"], "convert"],
  ["an icon", ["\0\0\x01\0"], "convert"],
  ["a JPEG 2000 image", ["\0\0\0\x0cjP  "], "convert"],
  ["a JPEG XL image", ["\xff\x0a", "\0\0\0\x0cJXL "], "convert"],
  ["an OpenEXR image", ["v/1\x01"], "convert"],
  ["a WebM or Matroska video", ["\x1aE\xdf\xa3"], "video"],
  [
    "a Git LFS pointer, not the file itself",
    ["version https://git-lfs"],
    "pointer",
  ],
  [
    "what macOS knows about a file, not the file itself",
    ["\0\x05\x16\x07", "\0\x05\x16\0"],
    "fork",
  ],
];

/** What stands after the size and "ftyp" of an ISO media file. */
const BRANDS: readonly (readonly [
  name: string,
  brand: RegExp,
  hint: keyof typeof HINTS,
])[] = [
  ["an AVIF image", /^avi[fs]/, "convert"],
  ["an HEIC image", /^(hei|hev|mif1|msf1)/, "phone"],
  ["an MP4 or QuickTime video", /^/, "video"],
];

/** The first characters of a text file, behind a byte order mark and blanks. */
const TEXTS: readonly (readonly [
  name: string,
  text: RegExp,
  hint?: keyof typeof HINTS,
])[] = [
  ["an SVG drawing", /^<(svg|\?xml|!doctype svg)/i, "convert"],
  ["an HTML page", /^<(!doctype html|html)/i],
];

/** The format of an image by its first bytes. */
export function identifyImage(bytes: Uint8Array): IdentifiedFormat {
  const head = String.fromCharCode(...bytes.subarray(0, 64));
  if (head.startsWith("\xff\xd8\xff")) {
    return { format: "jpeg", name: "a JPEG image" };
  }
  if (head.startsWith("\x89PNG\r\n\x1a\n")) {
    return { format: "png", name: "a PNG image" };
  }
  if (head.startsWith("RIFF") && head.startsWith("WEBP", 8)) {
    return { format: "webp", name: "a WebP image" };
  }
  return { format: undefined, ...other(head) };
}

function other(head: string): Omit<IdentifiedFormat, "format"> {
  if (head === "") return { name: "empty" };
  const text = head.replace(/^\xef\xbb\xbf/, "").trimStart();
  const found =
    REFUSED.find(([, heads]) =>
      heads.some((magic) => head.startsWith(magic))
    ) ??
      (head.startsWith("ftyp", 4)
        ? BRANDS.find(([, brand]) => brand.test(head.slice(8)))
        : TEXTS.find(([, start]) => start.test(text)));
  if (!found) return { name: "of unknown format" };
  const [name, , hint] = found;
  return { name, ...hint && { hint: HINTS[hint] } };
}
