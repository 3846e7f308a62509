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
}

/** Known by their first bytes, and refused by name. */
const REFUSED: readonly (readonly [name: string, heads: readonly string[]])[] =
  [
    ["a GIF image", ["GIF87a", "GIF89a"]],
    ["a TIFF image", ["II*\0", "MM\0*", "II+\0", "MM\0+"]],
    ["a BMP image", ["BM"]],
    ["a Photoshop document", ["8BPS"]],
    ["a PDF document", ["%PDF"]],
    ["an icon", ["\0\0\x01\0"]],
    ["a JPEG 2000 image", ["\0\0\0\x0cjP  "]],
    ["a JPEG XL image", ["\xff\x0a", "\0\0\0\x0cJXL "]],
    ["a WebM or Matroska video", ["\x1aE\xdf\xa3"]],
    ["a Git LFS pointer, not the file itself", ["version https://git-lfs"]],
  ];

/** What stands after the size and "ftyp" of an ISO media file. */
const BRANDS: readonly (readonly [name: string, brand: RegExp])[] = [
  ["an AVIF image", /^avi[fs]/],
  ["an HEIC image", /^(hei|hev|mif1|msf1)/],
  ["an MP4 or QuickTime video", /^/],
];

/** The first characters of a text file, behind a byte order mark and blanks. */
const TEXTS: readonly (readonly [name: string, text: RegExp])[] = [
  ["an SVG drawing", /^<(svg|\?xml|!doctype svg)/i],
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
  return { format: undefined, name: nameOther(head) };
}

function nameOther(head: string): string {
  if (head === "") return "empty";
  const found = REFUSED.find(([, heads]) =>
    heads.some((magic) => head.startsWith(magic))
  );
  if (found) return found[0];
  if (head.startsWith("ftyp", 4)) {
    return BRANDS.find(([, brand]) => brand.test(head.slice(8)))![0];
  }
  const text = head.replace(/^\xef\xbb\xbf/, "").trimStart();
  return TEXTS.find(([, start]) => start.test(text))?.[0] ??
    "of unknown format";
}
