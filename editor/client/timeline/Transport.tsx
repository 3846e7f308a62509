/** @jsxRuntime automatic */
/** @jsxImportSource npm:preact@10.29.8 */
/** The buttons that play, and the frame as a number. @module */

import { TRACK_FPS } from "../../../core/tracks/track_set.ts";
import { FrameField, IconButton } from "../../components/fields.tsx";
import { Icon } from "../../components/icon.tsx";
import { loaded } from "../dialogs/load.ts";
import { goToFrame, stepFrame, togglePlay } from "../stage/playback.ts";
import { imageId, lastFrame, loop, playing, wholeFrame } from "../state.ts";

/** Playback. */
export function Transport() {
  const Length = loaded.value?.lengthField;
  return (
    <div class="transport">
      <div class="transport-buttons" role="group" aria-label="Playback">
        <IconButton
          icon="start"
          label="Go to start"
          hint="Home"
          onClick={() => goToFrame(0)}
        />
        <IconButton
          icon="step-back"
          label="Previous frame"
          hint=","
          onClick={() => stepFrame(-1)}
        />
        <button
          type="button"
          class="button small play"
          title="Play or pause (Space)"
          disabled={imageId.value === undefined}
          onClick={togglePlay}
        >
          <Icon name={playing.value ? "pause" : "play"} />
          {playing.value ? "Pause" : "Play"}
        </button>
        <IconButton
          icon="step-forward"
          label="Next frame"
          hint="."
          onClick={() => stepFrame(1)}
        />
        <IconButton
          icon="repeat"
          label="Loop"
          pressed={loop.value}
          onClick={() => loop.value = !loop.value}
        />
      </div>
      <div class="transport-frame">
        <FrameField
          label="Frame"
          title={`The frame that is shown, 0 to ${lastFrame.value} at 24 per second`}
          max={lastFrame.value}
          value={wholeFrame.value}
          onValue={goToFrame}
        />
        <span class="hint clock">
          {(wholeFrame.value / TRACK_FPS).toFixed(2)} s
        </span>
      </div>
      {Length && <Length />}
    </div>
  );
}
