/**
 * Pictures on their way to the screen: files that a person brings, decoded
 * and shown at once while they are still being sent, and the pictures of the
 * project as the stage draws them.
 *
 * @module
 */

import { effect, signal } from "npm:@preact/signals@2.11.4";
import { pictureUrl, RequestError, sendPicture } from "./api.ts";
import {
  openPicture,
  picture,
  project,
  refreshProject,
  say,
  sayError,
} from "./state.ts";

/** A picture as the stage draws it. */
export interface ShownPicture {
  /** Changes with the content. */
  readonly key: string;
  /** The decoded picture, upright, at most {@linkcode MAX_SIDE} px a side. */
  readonly bitmap: ImageBitmap;
  /** Its own width in px, as it is seen. */
  readonly width: number;
  /** Its own height in px. */
  readonly height: number;
  /** The file, where the decoded picture is smaller than the picture. */
  readonly source?: Blob;
}

/** The longest side that is kept decoded, px: what every GPU can take. */
export const MAX_SIDE = 4096;

/** What the stage shows: the open picture, or one that is being sent. */
export const shownPicture = signal<ShownPicture | undefined>(undefined);

/** How many decoded pictures are kept, so that going back is instant. */
const KEPT = 4;
const decoded = new Map<string, ShownPicture>();

function keep(shown: ShownPicture): ShownPicture {
  decoded.delete(shown.key);
  decoded.set(shown.key, shown);
  for (const [key, old] of decoded) {
    if (decoded.size <= KEPT) break;
    if (key === shownPicture.peek()?.key) continue;
    decoded.delete(key);
    old.bitmap.close();
  }
  return shown;
}

/** Decodes a picture upright, and smaller where it is very large. */
export async function decodePicture(
  file: Blob,
  key: string,
): Promise<ShownPicture> {
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

/** Reads the gallery and opens its first picture. */
export async function openProject(): Promise<void> {
  try {
    await refreshProject();
    const first = project.value?.pictures[0];
    if (first) await openPicture(first.id);
  } catch (error) {
    sayError(error);
    // The page was opened while the server was away: try again.
    if (error instanceof RequestError && error.status === 0) {
      setTimeout(() => void openProject(), 2000);
    }
  }
}

/** Adds pictures to the project and opens the last of them. */
export async function addPictures(files: Iterable<File>): Promise<void> {
  const pictures = [...files];
  for (const file of pictures) {
    const before = shownPicture.value;
    try {
      const local = await decodePicture(file, `local ${file.name}`).catch(
        () => {
          throw new TypeError(
            `Cannot read ${
              file.name || "the picture"
            }: it is no picture that this browser knows`,
          );
        },
      );
      shownPicture.value = local;
      say(`Adding ${file.name || "the picture"}…`);
      const summary = await sendPicture(file);
      await refreshProject();
      // What was decoded here is what the server would send back.
      shownPicture.value = keep({
        ...local,
        key: `${summary.id} ${summary.revision}`,
      });
      await openPicture(summary.id);
      say(`Added ${file.name || "the picture"}`);
    } catch (error) {
      shownPicture.value = before;
      sayError(error);
    }
  }
}

/** Lets the person choose pictures from the disk. */
export function choosePictures(): void {
  const input = document.createElement("input");
  input.type = "file";
  input.accept = "image/jpeg,image/png,image/webp";
  input.multiple = true;
  input.onchange = () => void addPictures(input.files ?? []);
  input.click();
}

/** The pictures among what was dropped or pasted. */
export function picturesIn(data: DataTransfer | null): File[] {
  return [...data?.files ?? []].filter((file) =>
    file.type.startsWith("image/") && file.type !== "image/svg+xml"
  );
}

// Whatever picture is open is loaded and shown.
effect(() => {
  const summary = picture.value;
  if (!summary) {
    if (project.value) shownPicture.value = undefined;
    return;
  }
  const key = `${summary.id} ${summary.revision}`;
  const known = decoded.get(key);
  if (known) {
    shownPicture.value = keep(known);
    return;
  }
  void (async () => {
    try {
      const response = await fetch(pictureUrl(summary));
      if (!response.ok) {
        throw new RequestError("The picture is gone", response.status);
      }
      const loaded = await decodePicture(await response.blob(), key);
      const now = picture.peek();
      if (now && `${now.id} ${now.revision}` === key) {
        shownPicture.value = keep(loaded);
      } else loaded.bitmap.close();
    } catch (error) {
      sayError(error);
    }
  })();
});
