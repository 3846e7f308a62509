/** @jsxRuntime automatic */
/** @jsxImportSource npm:preact@10.29.8 */
/**
 * One or two takes next to the image. They follow the timeline, as the image
 * does: whatever is played, scrubbed or stepped there is in step here.
 *
 * @module
 */

import { useEffect, useRef } from "npm:preact@10.29.8/hooks";
import { effect } from "npm:@preact/signals@2.11.4";
import { TRACK_FPS } from "../../core/tracks/track_set.ts";
import { IconButton } from "../components/fields.tsx";
import type { Take } from "../model/take.ts";
import { describeTake, showTake, takeUrl } from "./inspector/TakesPanel.tsx";
import { frame, imageId, playing } from "./state.ts";
import { shownTakes, takeList } from "./takes.ts";

/** A playing video may be this far from the timeline, in s. */
const MAX_DRIFT = 0.1;

/** The viewer; nothing while no take is shown. */
export function TakeViewer() {
  const takes = shownTakes.value
    .map((number) => takeList.value?.takes.find((t) => t.number === number))
    .filter((take) => take !== undefined);
  if (takes.length === 0) return null;
  return (
    <section class="take-viewer" aria-label="Takes next to the image">
      {takes.map((take) => <TakeVideo key={take.number} take={take} />)}
    </section>
  );
}

function TakeVideo({ take }: { readonly take: Take }) {
  const video = useRef<HTMLVideoElement>(null);
  useEffect(() => followTimeline(video.current!), []);
  const { number } = take;
  return (
    <figure>
      <video
        ref={video}
        src={takeUrl(imageId.value!, take)}
        aria-label={`Take ${number}`}
        muted
        playsInline
        preload="auto"
      />
      <figcaption>
        <strong>Take {number}</strong>
        <span class="hint">{describeTake(take)}</span>
        <IconButton
          icon="close"
          label={`Close take ${number}`}
          onClick={() => showTake(number, { toggle: true })}
        />
      </figcaption>
    </figure>
  );
}

/** Keeps a video at the frame of the timeline; answers with how to stop. */
function followTimeline(video: HTMLVideoElement): () => void {
  const place = () => {
    // Read first: what an effect has not read does not start it again.
    const time = frame.value / TRACK_FPS, runs = playing.value;
    const { duration } = video;
    if (!Number.isFinite(duration)) return;
    // Into the frame, not onto its edge; and not behind the last one.
    const wanted = Math.min(time + 0.002, duration - 0.02);
    const isPlaying = runs && wanted < duration - 0.02;
    if (!isPlaying) {
      if (!video.paused) video.pause();
      if (video.currentTime !== wanted && !video.seeking) {
        video.currentTime = wanted;
      }
      return;
    }
    if (Math.abs(video.currentTime - wanted) > MAX_DRIFT && !video.seeking) {
      video.currentTime = wanted;
    }
    if (video.paused) video.play().catch(() => {});
  };
  const stop = effect(place);
  // Once it is loaded, and when a seek was overtaken by the next.
  video.addEventListener("loadedmetadata", place);
  video.addEventListener("seeked", place);
  return () => {
    stop();
    video.removeEventListener("loadedmetadata", place);
    video.removeEventListener("seeked", place);
  };
}
