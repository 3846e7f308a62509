/**
 * The images of the project as the stage draws them, decoded.
 *
 * @module
 */

import { computed, effect, signal } from "npm:@preact/signals@2.11.4";
import { attempt } from "./attempt.ts";
import { type ImageSummary, imageUrl, RequestError } from "./api.ts";
import {
  image,
  imageId,
  openImage,
  project,
  refreshProject,
  sayError,
} from "./state.ts";

/** An image as the stage draws it. */
export interface ShownImage {
  /** Changes with the content. */
  readonly key: string;
  /** The decoded image, upright, at most {@linkcode MAX_SIDE} px a side. */
  readonly bitmap: ImageBitmap;
  /** Its own width in px, as it is seen. */
  readonly width: number;
  /** Its own height in px. */
  readonly height: number;
  /** The file, where the decoded image is smaller than the image. */
  readonly source?: Blob;
}

/** The longest side that is kept decoded, px: what every GPU can take. */
export const MAX_SIDE = 4096;

/** How many images are being loaded for the stage. */
export const imagesOnTheWay = signal(0);

/** What the stage shows: the open image, or one that is being sent. */
export const shownImage = signal<ShownImage | undefined>(undefined);

/** Before the folder's path: the image that was open last there. */
const LAST_IMAGE = "ati-image ";

/** How many decoded images are kept, so that going back is instant. */
const KEPT = 4;
const decoded = new Map<string, ShownImage>();

/** Keeps a decoded image, and lets go of the one that was used longest ago. */
export function keep(shown: ShownImage): ShownImage {
  decoded.delete(shown.key);
  decoded.set(shown.key, shown);
  for (const [key, old] of decoded) {
    if (decoded.size <= KEPT) break;
    if (key === shownImage.peek()?.key) continue;
    decoded.delete(key);
    old.bitmap.close();
  }
  return shown;
}

/** Decodes an image upright, and smaller where it is very large. */
export async function decodeImage(
  file: Blob,
  key: string,
): Promise<ShownImage> {
  const whole = await createImageBitmap(file, {
    imageOrientation: "from-image",
  });
  const { width, height } = whole;
  const scale = MAX_SIDE / Math.max(width, height);
  if (scale >= 1) return { key, bitmap: whole, width, height };
  const bitmap = await createImageBitmap(whole, {
    resizeWidth: Math.round(width * scale),
    resizeHeight: Math.round(height * scale),
    resizeQuality: "medium",
  });
  whole.close();
  return { key, bitmap, width, height, source: file };
}

/** Reads the gallery and opens the image that was open last, or its first. */
export async function openProject(): Promise<void> {
  imagesOnTheWay.value = imagesOnTheWay.peek() + 1;
  try {
    await refreshProject();
    const { images = [], dir = "" } = project.value ?? {};
    const last = attempt(() => localStorage.getItem(LAST_IMAGE + dir));
    const first = images.find((image) => image.id === last) ?? images[0];
    if (first) {
      // The image comes while its document is read.
      void load(first);
      await openImage(first.id);
    }
  } catch (error) {
    sayError(error);
    // The page was opened while the server was away: try again.
    if (error instanceof RequestError && error.status === 0) {
      setTimeout(() => void openProject(), 2000);
    }
  }
  imagesOnTheWay.value = imagesOnTheWay.peek() - 1;
}

const keyOf = ({ id, revision }: ImageSummary) => `${id} ${revision}`;

/** Whether the stage shows the image that is open, and no other one yet. */
export const isImageShown = computed(() =>
  image.value !== undefined && shownImage.value?.key === keyOf(image.value)
);

const loading = new Map<string, Promise<void>>();

/** Loads an image, once at a time; it is shown when it is the open one. */
function load(summary: ImageSummary): Promise<void> {
  const key = keyOf(summary);
  const known = loading.get(key);
  if (known) return known;
  const started = loadAnew(summary, key).catch(sayError).finally(() => {
    loading.delete(key);
    imagesOnTheWay.value = imagesOnTheWay.peek() - 1;
  });
  imagesOnTheWay.value = imagesOnTheWay.peek() + 1;
  loading.set(key, started);
  return started;
}

async function loadAnew(summary: ImageSummary, key: string): Promise<void> {
  const response = await fetch(imageUrl(summary));
  if (!response.ok) {
    throw new RequestError("The image no longer exists", response.status);
  }
  const loaded = keep(await decodeImage(await response.blob(), key));
  const now = image.peek();
  if (now && keyOf(now) === key) shownImage.value = loaded;
}

effect(() => {
  const id = imageId.value;
  if (id === undefined) return;
  const key = LAST_IMAGE + (project.peek()?.dir ?? "");
  attempt(() => localStorage.setItem(key, id));
});

// Whatever image is open is loaded and shown.
effect(() => {
  const summary = image.value;
  if (!summary) {
    if (project.value) shownImage.value = undefined;
    return;
  }
  const known = decoded.get(keyOf(summary));
  if (known) shownImage.value = keep(known);
  else void load(summary);
});
