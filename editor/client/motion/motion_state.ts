/**
 * What "Motion from video" knows: the video, what was followed through it, and
 * where it goes on the image. Made anew each time the dialog opens.
 *
 * @module
 */

import { batch, computed, signal } from "npm:@preact/signals@2.11.4";
import type { PointChoice } from "../../../core/tracking/choose_points.ts";
import { subset } from "../../../core/tracking/choose_points.ts";
import {
  type MotionPart,
  type PlacedTracks,
  placeTracks,
} from "../../../core/tracking/place_tracks.ts";
import { TRACK_FPS } from "../../../core/tracks/track_set.ts";
import type { Point } from "../../model/document.ts";
import { secondsOf } from "../../model/document_length.ts";
import type { FollowedClip } from "../../model/followed_clip.ts";
import { editorDocument, lastFrame } from "../state.ts";
import type { ClipFacts } from "../track_worker.ts";
import { readClip } from "./read_clip.ts";

/** Where the motion goes: 100 % lays the frame over the whole image. */
export interface MotionPlace {
  /** The size, in % of the one that covers the image. */
  readonly scale: number;
  /** Clockwise. */
  readonly degrees: number;
  /** Whether left and right change places. */
  readonly mirror: boolean;
  /** Px of the image, to the right and down. */
  readonly dx: number;
  readonly dy: number;
}

/** As it is at first. */
export const COVERING: MotionPlace = {
  scale: 100,
  degrees: 0,
  mirror: false,
  dx: 0,
  dy: 0,
};

/** A wrapper makes `Array`s of frames comparable by identity. */
type Stills = readonly (ImageBitmap | undefined)[];

/** The state of one dialog. */
export type MotionState = ReturnType<typeof createMotionState>;

/** Makes the state; dispose of it when the dialog is closed. */
export function createMotionState() {
  const file = signal<File | undefined>(undefined);
  const from = signal(0), seconds = signal(secondsOf(editorDocument.peek()));
  const kind = signal<PointChoice["kind"]>("auto");
  const counts = { auto: signal(20), grid: signal(49) };
  const clicked = signal<readonly Point[]>([]);
  const facts = signal<ClipFacts | undefined>(undefined);
  const stills = signal<Stills>([]);
  const share = signal<number | undefined>(undefined);
  const error = signal<string | undefined>(undefined);
  const followed = signal<FollowedClip | undefined>(undefined);
  const removed = signal<ReadonlySet<number>>(new Set());
  const part = signal<MotionPart>("both");
  const place = signal(COVERING);
  const frame = signal(0);
  const playing = signal(
    !matchMedia("(prefers-reduced-motion: reduce)").matches,
  );
  let reading = new AbortController();
  /** The sample that is played, with its fraction. */
  let clock = 0;

  const scale = computed(() => {
    const { width, height } = editorDocument.value, clip = facts.value;
    if (!clip) return 1;
    const covering = Math.max(width / clip.width, height / clip.height);
    return covering * place.value.scale / 100;
  });
  const placement = computed(() => ({
    kind: "map" as const,
    ...place.value,
    scale: scale.value,
  }));
  const kept = computed(() => {
    const { count = 0 } = followed.value?.tracks ?? {};
    return Array.from({ length: count }, (_, n) => n)
      .filter((n) => !removed.value.has(n));
  });
  const placed = computed((): PlacedTracks | undefined => {
    const clip = followed.value, size = facts.value;
    if (!clip || !size) return undefined;
    const { width, height } = editorDocument.value;
    return placeTracks(subset(clip.tracks, kept.value), {
      video: size,
      image: { width, height },
      placement: placement.value,
      ...clip.camera && { motion: part.value, camera: clip.camera },
    });
  });

  const forgetStills = () => {
    for (const still of stills.peek()) still?.close();
    stills.value = [];
  };

  /** Reads the video: its first frame, or all of it with its motion. */
  const read = async (length: number) => {
    reading.abort();
    const mine = reading = new AbortController();
    const video = file.peek();
    if (!video) return;
    batch(() => {
      forgetStills();
      followed.value = undefined;
      error.value = undefined;
      frame.value = 0;
      share.value = length > 0 ? 0 : undefined;
    });
    try {
      const result = await readClip({
        file: video,
        from: from.peek(),
        seconds: length,
        choice: kind.peek() === "points"
          ? { kind: "points", points: clicked.peek() }
          : {
            kind: kind.peek() as "auto" | "grid",
            count: counts[kind.peek() as "auto" | "grid"].peek(),
          },
      }, {
        signal: mine.signal,
        onFacts: (known) => facts.value = known,
        onShare: (done) => share.value = done,
        onStill(sample, still) {
          const next = [...stills.peek()];
          next[sample]?.close();
          next[sample] = still;
          stills.value = next;
        },
      });
      batch(() => {
        followed.value = result;
        removed.value = new Set();
      });
    } catch (reason) {
      if (mine.signal.aborted) return;
      error.value = reason instanceof Error ? reason.message : String(reason);
    }
    if (mine === reading) share.value = undefined;
  };

  return {
    file,
    from,
    seconds,
    kind,
    counts,
    clicked,
    facts,
    stills,
    share,
    error,
    followed,
    removed,
    part,
    place,
    placement,
    frame,
    playing,
    placed,
    kept,
    /** How many samples are played. */
    samples: computed(() =>
      Math.max(
        1,
        followed.value?.tracks.frames ??
          Math.min(lastFrame.value + 1, stills.value.length),
      )
    ),
    /** Takes a video. */
    open(video: File) {
      batch(() => {
        file.value = video;
        facts.value = undefined;
        from.value = 0;
        clicked.value = [];
        place.value = COVERING;
      });
      void read(0);
    },
    /** Shows the first frame at another time. */
    begin(at: number) {
      from.value = at;
      clicked.value = [];
      void read(0);
    },
    /** Follows the points. */
    track: () => read(seconds.peek()),
    /** Stops following; the first frame is shown again. */
    stop: () => read(0),
    /** What is shown at a sample. */
    stillAt(sample: number): ImageBitmap | undefined {
      const all = stills.value;
      for (let s = Math.min(sample, all.length - 1); s >= 0; s--) {
        if (all[s]) return all[s];
      }
      return undefined;
    },
    /** One step of playing, by the time since the last one, ms. */
    advance(ms: number, samples: number) {
      clock = (clock + ms * TRACK_FPS / 1000) % samples;
      frame.value = Math.floor(clock);
    },
    /** Shows a sample and stays there. */
    hold(sample: number) {
      playing.value = false;
      frame.value = clock = sample;
    },
    [Symbol.dispose]() {
      reading.abort();
      forgetStills();
    },
  };
}
