/** @jsxRuntime automatic */
/** @jsxImportSource npm:preact@10.29.8 */
/**
 * The menu of the image: what can be done with what is under the pointer.
 *
 * @module
 */

import { useEffect, useLayoutEffect, useRef } from "npm:preact@10.29.8/hooks";
import { updateTracks } from "../../model/edits.ts";
import {
  addAnchorGrid,
  deleteSelected,
  selectAll,
  selectNone,
} from "../actions.ts";
import { copyMotion, cutMotion, pasteMotion } from "../clipboard.ts";
import { dialog, stageMenu } from "../panels.ts";
import { duplicateSelected } from "../stage/placing.ts";
import { addSplinePoint } from "../stage/tools/select_tool.ts";
import { edit, selectedPoint, selectedTracks, selection } from "../state.ts";

/** An entry: its label, its key, what it does. */
type Item = readonly [label: string, key: string, act: () => void];

/** The menu, while it is open. */
export function StageMenu() {
  const at = stageMenu.value;
  const element = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => {
    const menu = element.current;
    if (!menu || !at) return;
    const { offsetWidth: width, offsetHeight: height } = menu;
    menu.style.left = `${
      Math.max(4, Math.min(at.x, innerWidth - width - 4))
    }px`;
    menu.style.top = `${
      Math.max(4, Math.min(at.y, innerHeight - height - 4))
    }px`;
    menu.querySelector("button")?.focus();
  }, [at]);
  useEffect(() => {
    if (!at) return;
    const close = (event: Event) => {
      if (element.current?.contains(event.target as Node)) return;
      stageMenu.value = undefined;
    };
    const events = ["pointerdown", "wheel", "blur"] as const;
    for (const name of events) addEventListener(name, close, true);
    return () => {
      for (const name of events) removeEventListener(name, close, true);
    };
  }, [at]);
  if (!at) return null;
  const close = () => {
    stageMenu.value = undefined;
    document.querySelector<HTMLElement>(".stage")?.focus();
  };
  return (
    <div
      ref={element}
      class="stage-menu"
      role="menu"
      aria-label="What is under the pointer"
      onContextMenu={(event) => event.preventDefault()}
      onKeyDown={(event) => {
        const buttons = [
          ...event.currentTarget.querySelectorAll("button"),
        ];
        const now = buttons.indexOf(
          document.activeElement as HTMLButtonElement,
        );
        const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
        if (step !== undefined) {
          buttons[(now + step + buttons.length) % buttons.length]?.focus();
        } else if (event.key === "Escape" || event.key === "Tab") close();
        else return;
        event.preventDefault();
        event.stopPropagation();
      }}
    >
      {itemsOf().map(([label, key, act]) => (
        <button
          key={label}
          type="button"
          role="menuitem"
          onClick={() => {
            close();
            act();
          }}
        >
          {label} <kbd>{key}</kbd>
        </button>
      ))}
    </div>
  );
}

const PASTE: readonly Item[] = [
  ["Paste", "Ctrl+V", () => void pasteMotion({ scaled: true })],
  [
    "Paste without scaling",
    "Ctrl+Shift+V",
    () => void pasteMotion({ scaled: false }),
  ],
  ["Presets…", "", () => dialog.value = "motion"],
];

/** What can be done with what is selected. */
function itemsOf(): Item[] {
  const tracks = selectedTracks.value;
  const point = selectedPoint.value;
  if (tracks.length === 0) {
    return [
      ["Select all tracks", "Ctrl+A", selectAll],
      ["Copy the whole motion", "Ctrl+C", copyMotion],
      ...PASTE,
      ["Add a grid of anchors", "", addAnchorGrid],
    ];
  }
  const one = tracks.length === 1 ? tracks[0] : undefined;
  const what = one ? one.name : `${tracks.length} tracks`;
  const locked = tracks.every((track) => track.locked);
  const items: Item[] = [];
  if (one && point && !locked && one.shape.kind === "spline") {
    const last = one.shape.points.length - 2;
    items.push(["Add a point after this one", "I", () => {
      addSplinePoint(one.id, Math.min(point.index, last));
    }]);
  }
  if (one && point && !locked) {
    items.push(["Delete the point", "Delete", deleteSelected]);
  }
  const deleteTracks = () => {
    selectedPoint.value = undefined;
    deleteSelected();
  };
  return [
    ...items,
    [`Copy ${what}`, "Ctrl+C", copyMotion],
    [`Cut ${what}`, "Ctrl+X", cutMotion],
    ...PASTE,
    [`Duplicate ${what}`, "Ctrl+D", duplicateSelected],
    [locked ? `Unlock ${what}` : `Lock ${what}`, "", () => {
      change({ locked: !locked });
    }],
    [`Hide ${what}`, "", () => {
      change({ hidden: true });
      selectNone();
    }],
    [`Delete ${what}`, point ? "" : "Delete", deleteTracks],
  ];
}

function change(
  part: { readonly locked?: boolean; readonly hidden?: boolean },
) {
  edit((document) =>
    updateTracks(
      document,
      selection.value,
      (track) => ({ ...track, ...part }),
      { evenLocked: true },
    )
  );
}
