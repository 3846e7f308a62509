/**
 * What each segment of a long video begins with in the preview: the last frame
 * of the one before, made by the worker.
 *
 * @module
 */

import type { TrackPositions } from "../../../core/tracks/track_set.ts";
import type { RgbImage } from "../../../core/base/image.ts";
import type { MotionObject } from "../../../core/tracks/motion_objects.ts";
import { numbersOf, segmentTracks } from "../../model/segment_tracks.ts";
import { toRgba } from "../../model/rgba.ts";
import type { Size } from "../../model/view.ts";
import { lastFrameInWorker } from "../exchange_image.ts";
import type { ShownImage } from "../images.ts";

/** What the segments are made of. */
export interface SegmentInputs {
  /** The image. */
  readonly image: ShownImage;
  /** The tracks, px of the document. */
  readonly tracks: TrackPositions;
  /** The marked objects. */
  readonly objects: readonly MotionObject[];
  /** The size of the document, px. */
  readonly size: Size;
}

/** Nothing has changed for so long before images are made, ms. */
const REST = 300;

/** The last frame of a segment, and what it was made of. */
interface Made {
  /** The numbers of its tracks. */
  readonly numbers: Float32Array;
  readonly image: RgbImage;
  readonly shown: ShownImage;
}

/** Keeps the images of the segments of one document. */
export class SegmentImages {
  readonly #events: {
    readonly onReady: () => void;
    readonly onError: (error: unknown) => void;
  };
  #inputs: SegmentInputs | undefined;
  /** By the segment that made it; what an edit has changed is made again. */
  #made: Made[] = [];
  /** So many of them are of the inputs. */
  #valid = 0;
  /** So many are shown, and so many will be. */
  #wanted = 0;
  #ahead = 0;
  /** Changes with the inputs. */
  #version = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #working = false;
  #failed = false;

  /** `onReady` is called when {@linkcode get} or `busy` has something new. */
  constructor(events: {
    readonly onReady: () => void;
    readonly onError: (error: unknown) => void;
  }) {
    this.#events = events;
  }

  /** Whether the image that was asked for last is still to be made. */
  get busy(): boolean {
    return this.#valid < this.#wanted && !this.#failed;
  }

  /**
   * The image that a segment, from the second on, begins with; that of before
   * the last edit, or undefined, until it is made.
   *
   * @param options.ahead how many more will soon be asked for
   */
  get(
    inputs: SegmentInputs,
    segment: number,
    { ahead }: { readonly ahead: number },
  ): ShownImage | undefined {
    const before = this.#inputs;
    if (before?.image !== inputs.image) this.#made = [];
    if (
      before?.image !== inputs.image || before.tracks !== inputs.tracks ||
      !sameObjects(before, inputs)
    ) {
      this.#valid = before?.image === inputs.image
        ? this.#stillValid(before, inputs)
        : 0;
      this.#version++;
      this.#failed = false;
      clearTimeout(this.#timer);
      this.#timer = undefined;
    }
    this.#inputs = inputs;
    this.#wanted = segment;
    this.#ahead = segment + ahead;
    this.#workSoon();
    return this.#made[segment - 1]?.shown;
  }

  /** How many images an edit has not changed. */
  #stillValid(before: SegmentInputs, inputs: SegmentInputs): number {
    if (!sameObjects(before, inputs)) return 0;
    let valid = 0;
    for (const { numbers } of this.#made.slice(0, this.#valid)) {
      const now = numbersOf(segmentTracks(inputs.tracks, valid));
      const isSame = now.length === numbers.length &&
        now.every((value, i) => value === numbers[i]);
      if (!isSame) break;
      valid++;
    }
    return valid;
  }

  get #hasWork(): boolean {
    return this.#valid < this.#ahead && !this.#failed;
  }

  #workSoon(): void {
    if (!this.#hasWork || this.#working) return;
    this.#timer ??= setTimeout(() => void this.#work(), REST);
  }

  async #work(): Promise<void> {
    this.#timer = undefined;
    this.#working = true;
    const version = this.#version;
    try {
      while (this.#hasWork && version === this.#version) await this.#makeNext();
    } catch (error) {
      // What has been replaced meanwhile says nothing of what is there now.
      if (version === this.#version) {
        this.#failed = true;
        this.#events.onError(error);
      }
    }
    this.#working = false;
    this.#workSoon();
    this.#events.onReady();
  }

  async #makeNext(): Promise<void> {
    const version = this.#version, segment = this.#valid;
    const { image, tracks, objects, size } = this.#inputs!;
    const numbers = numbersOf(segmentTracks(tracks, segment));
    const last = await lastFrameInWorker(image, {
      ...segment > 0 && { begin: this.#made[segment - 1]!.image },
      tracks: numbers,
      objects: segment === 0 ? objects : [],
      drawnOn: { width: size.width, height: size.height },
    });
    const { data, width, height } = toRgba(last);
    const bitmap = await createImageBitmap(new ImageData(data, width, height));
    // Edited or opened meanwhile: made again.
    if (this.#version !== version) return;
    this.#made[segment] = {
      numbers,
      image: last,
      shown: {
        key: `${image.key} segment ${segment + 1}`,
        bitmap,
        ...{ width: image.width, height: image.height },
      },
    };
    this.#valid = segment + 1;
    this.#events.onReady();
  }
}

type Objects = Pick<SegmentInputs, "objects">;

/** Asked for each frame that is painted: mostly they are the very same. */
function sameObjects(a: Objects, b: Objects): boolean {
  return a.objects === b.objects ||
    JSON.stringify(a.objects) === JSON.stringify(b.objects);
}
