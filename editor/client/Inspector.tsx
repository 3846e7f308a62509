/** @jsxRuntime automatic */
/** @jsxImportSource npm:preact@10.29.8 */
/**
 * The inspector: the settings of what is selected, the camera, the prompt, and
 * what deserves a second look; one tab each.
 *
 * @module
 */

import { useEffect } from "npm:preact@10.29.8/hooks";
import { load, loaded } from "./dialogs/load.ts";
import { type InspectorTab, inspectorTab } from "./panels.ts";
import { editorDocument, imageId, issues, selection } from "./state.ts";
import { takeList } from "./takes.ts";

const TABS: readonly (readonly [tab: InspectorTab, label: string])[] = [
  ["track", "Track"],
  ["camera", "Camera"],
  ["text", "Prompt"],
  ["takes", "Takes"],
  ["checks", "Checks"],
];

/** The inspector. */
export function Inspector() {
  const current = inspectorTab.value;
  const empty = current === "track" && selection.value.size === 0;
  useEffect(() => {
    if (!empty) void load();
  }, [current, empty]);
  const Panel = {
    track: empty ? NoTrack : loaded.value?.track,
    camera: loaded.value?.camera,
    text: loaded.value?.prompt,
    takes: loaded.value?.takes,
    checks: loaded.value?.checks,
  }[current];
  const counts = {
    track: 0,
    camera: editorDocument.value.camera.length,
    text: 0,
    takes: takeList.value?.takes.length ?? 0,
    checks: issues.value.length,
  };
  const step = (event: KeyboardEvent) => {
    const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (by === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    const at = TABS.findIndex(([tab]) => tab === current);
    const [next] = TABS[(at + by + TABS.length) % TABS.length]!;
    inspectorTab.value = next;
    document.getElementById(`tab-${next}`)?.focus();
  };
  return (
    <div class="inspector">
      <div
        class="tabs"
        role="tablist"
        aria-label="Settings"
        onKeyDown={step}
      >
        {TABS.map(([tab, label]) => (
          <button
            key={tab}
            type="button"
            role="tab"
            id={`tab-${tab}`}
            aria-controls="tab-panel"
            aria-selected={tab === current}
            tabIndex={tab === current ? 0 : -1}
            onClick={() => inspectorTab.value = tab}
          >
            {label}
            {counts[tab] > 0 && <span class="count">{counts[tab]}</span>}
          </button>
        ))}
      </div>
      <div
        class="tab-panel"
        role="tabpanel"
        id="tab-panel"
        aria-labelledby={`tab-${current}`}
      >
        {imageId.value === undefined
          ? <p class="nothing">No image open.</p>
          : Panel && <Panel />}
      </div>
    </div>
  );
}

/** What the Track tab says while no track is selected. */
function NoTrack() {
  return (
    <p class="nothing">
      Select a track on the image or in the list to see its settings.
    </p>
  );
}
