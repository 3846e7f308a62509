/** @jsxRuntime automatic */
/** @jsxImportSource npm:preact@10.29.8 */
/**
 * The whole page, in the order in which the Tab key goes through it.
 *
 * @module
 */

import { Dialogs, HintSlot, TakeSlot } from "./dialogs/Dialogs.tsx";
import { load, loaded } from "./dialogs/load.ts";
import { Drawers } from "./Drawers.tsx";
import { Gallery } from "./Gallery.tsx";
import { Inspector } from "./Inspector.tsx";
import { drawer } from "./panels.ts";
import { panelStyle } from "./panel_sizes.ts";
import { Stage } from "./stage/Stage.tsx";
import { StatusLine } from "./StatusLine.tsx";
import { Timeline } from "./Timeline.tsx";
import { Toolbar } from "./Toolbar.tsx";
import { ToolOptions } from "./ToolOptions.tsx";
import { TrackList } from "./TrackList.tsx";

/** The editor. */
export function Editor() {
  return (
    <div
      class="editor"
      data-drawer={drawer.value}
      style={panelStyle()}
      // The edges come with the first sign of a person.
      onPointerMove={() => void load()}
      onKeyDown={() => void load()}
    >
      <Toolbar />
      <nav class="gallery" aria-label="Images">
        <Gallery />
      </nav>
      <main class="center">
        <ToolOptions />
        <HintSlot />
        <Stage />
        <TakeSlot />
      </main>
      <aside class="side" aria-label="Tracks and their settings">
        <TrackList />
        <Inspector />
      </aside>
      <section class="timeline" aria-label="Timeline">
        <Timeline />
      </section>
      <Drawers />
      <StatusLine />
      {loaded.value && <loaded.value.edges />}
      <Dialogs />
    </div>
  );
}
