/**
 * Images that a user adds: decoded and shown at once, while they are still
 * being sent.
 *
 * @module
 */

import { sendImage } from "./api.ts";
import { keep, shownImage } from "./images.ts";
import { openImage, refreshProject, say, sayError } from "./state.ts";

/** Adds images to the project and opens the last of them. */
export async function addImages(files: Iterable<File>): Promise<void> {
  const images = [...files];
  for (const file of images) {
    const before = shownImage.value;
    try {
      const { checkedImage } = await import("./later.ts");
      const local = await checkedImage(file);
      shownImage.value = local;
      say(`Adding ${file.name || "the image"}…`);
      const summary = await sendImage(file);
      await refreshProject();
      // What was decoded here is what the server would send back.
      shownImage.value = keep({
        ...local,
        key: `${summary.id} ${summary.revision}`,
      });
      await openImage(summary.id);
      say(`Added ${file.name || "the image"}`);
    } catch (error) {
      shownImage.value = before;
      sayError(error);
    }
  }
}

/** Lets the person choose images from the disk. */
export function chooseImages(): void {
  const input = document.createElement("input");
  input.type = "file";
  input.accept = "image/jpeg,image/png,image/webp";
  input.multiple = true;
  input.onchange = () => void addImages(input.files ?? []);
  input.click();
}

/** The images among what was dropped or pasted. */
export function imagesIn(data: DataTransfer | null): File[] {
  return [...data?.files ?? []].filter((file) =>
    file.type.startsWith("image/") && file.type !== "image/svg+xml"
  );
}
