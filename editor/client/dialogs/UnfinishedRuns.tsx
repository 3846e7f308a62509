/** @jsxRuntime automatic */
/** @jsxImportSource npm:preact@10.29.8 */
/**
 * Runs that ended before they were done, with what they had saved.
 *
 * @module
 */

import { useEffect } from "npm:preact@10.29.8/hooks";
import { useSignal } from "npm:@preact/signals@2.11.4";
import { IconButton } from "../../components/fields.tsx";
import type { UnfinishedRun } from "../../server/generator.ts";
import { project, sayError } from "../state.ts";
import { formatWhen } from "../when.ts";
import { discardUnfinished, fetchUnfinished } from "./generation_request.ts";
import { resumeRun } from "./start_run.ts";

/** The list, where there are any. */
export function UnfinishedRuns() {
  const runs = useSignal<readonly UnfinishedRun[]>([]);
  const canStart = (run: UnfinishedRun) =>
    project.value?.generator.engines.includes(run.engine) === true;
  const look = () => {
    if (project.value?.generator.engines.length === 0) return;
    // Without an answer there is nothing to go on with.
    fetchUnfinished().then((found) => runs.value = found).catch(() => {});
  };
  useEffect(look, []);
  if (runs.value.length === 0) return null;
  return (
    <section class="unfinished" aria-label="Unfinished runs">
      <h3>Unfinished</h3>
      <ul class="presets">
        {runs.value.map((run) => (
          <li key={run.name}>
            <span class="preset-text">
              <span>
                {run.images.length === 1
                  ? `Image ${run.images[0]}`
                  : `${run.images.length} images`}
              </span>
              <span class="hint">
                {formatWhen(run.at)}, seed {run.settings["base_seed"]}
              </span>
            </span>
            <button
              type="button"
              class="button small"
              disabled={!canStart(run)}
              title="From the last step that was saved"
              onClick={() => void resumeRun(run)}
            >
              Go on
            </button>
            <IconButton
              icon="trash"
              label="Discard what was saved"
              onClick={() => {
                discardUnfinished(run.name).then(look).catch(sayError);
              }}
            />
          </li>
        ))}
      </ul>
    </section>
  );
}
