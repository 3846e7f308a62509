/**
 * The list of all images. What it takes long to find out of each (is what is
 * stored what is drawn?) is found out once and remembered until the image is
 * changed; of many images the rest comes later, so that the page opens at once.
 *
 * @module
 */

import type { Image } from "./images.ts";
import type { ImageSummary } from "./image_summary.ts";

/** So many images are looked at for every list. */
export const MANY_IMAGES = 100;

/** What is remembered is looked at again after this time, in ms. */
const REMEMBERED = 30_000;

/** The rest of many images is looked at this long after their list, in ms. */
const FILL_DELAY = 500;

/** And there is a pause between two of them, in ms. */
const FILL_PAUSE = 4;

/** What is remembered of one image. */
interface Known {
  readonly revision: string;
  readonly summary: ImageSummary;
  readonly at: number;
}

/** The summaries of a project's images. */
export class Gallery {
  readonly #summarize: (image: Image) => Promise<ImageSummary>;
  readonly #known = new Map<string, Known>();
  #wanted: readonly Image[] | undefined;
  #filling: Promise<void> | undefined;
  #generation = 0;

  /** A gallery that finds a summary out in this way. */
  constructor(summarize: (image: Image) => Promise<ImageSummary>) {
    this.#summarize = summarize;
  }

  /** The summaries of these images, in their order. */
  async list(images: readonly Image[]): Promise<ImageSummary[]> {
    if (images.length <= MANY_IMAGES) {
      return await Promise.all(images.map((image) => this.#look(image)));
    }
    const list = images.map((image) =>
      this.#find(image)?.summary ?? pendingSummary(image)
    );
    this.#wanted = images;
    this.#filling ??= this.#fill().finally(() => this.#filling = undefined);
    return list;
  }

  /** Looks at an image again with the next list. */
  forget(id: string): void {
    this.#generation++;
    this.#known.delete(id);
  }

  #find({ id, revision }: Image): Known | undefined {
    const known = this.#known.get(id);
    return known?.revision === revision ? known : undefined;
  }

  async #look(image: Image): Promise<ImageSummary> {
    const generation = this.#generation;
    const summary = await this.#summarize(image);
    // It may have been changed meanwhile.
    if (generation === this.#generation) {
      const { id, revision } = image;
      this.#known.set(id, { revision, summary, at: Date.now() });
    }
    return summary;
  }

  /** Looks at what is not known, and at what was looked at long ago. */
  async #fill(): Promise<void> {
    while (this.#wanted) {
      // The page opens its first image meanwhile.
      await pause(FILL_DELAY);
      const images = this.#wanted;
      this.#wanted = undefined;
      for (const image of images) {
        const known = this.#find(image);
        if (known && Date.now() - known.at < REMEMBERED) continue;
        await this.#look(image).catch(() => {});
        // What the page asks for meanwhile comes first.
        await pause(FILL_PAUSE);
      }
    }
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** What is known of an image from its file alone. */
function pendingSummary({ id, file, revision, header }: Image): ImageSummary {
  const { width, height } = header;
  return {
    ...{ id, file, width, height, revision },
    stored: "never",
    prompt: "",
    tracks: 0,
    pending: true,
  };
}
