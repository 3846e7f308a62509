/** @jsxRuntime automatic */
/** @jsxImportSource npm:preact@10.29.8 */
/**
 * The tool bar: tools, undo and redo, the project's actions, the theme.
 *
 * @module
 */

import { Icon, type IconName } from "../components/icon.tsx";
import { walkRadios } from "../components/radio_keys.ts";
import { LabelButton } from "../components/label_button.tsx";
import { ProjectActions } from "./dialogs/ProjectActions.tsx";
import { dialog } from "./panels.ts";
import { history, redo, type Tool, tool, undo } from "./state.ts";
import { nextTheme, theme } from "./theme.ts";

/** The tools in their order, each with its key. */
export const TOOLS: readonly {
  readonly tool: Tool;
  readonly icon: IconName;
  readonly label: string;
  readonly key: string;
  readonly title: string;
}[] = [
  {
    tool: "select",
    icon: "select",
    label: "Select",
    key: "V",
    title: "Select and move tracks and their points",
  },
  {
    tool: "freehand",
    icon: "draw",
    label: "Draw",
    key: "B",
    title: "Draw an object's path",
  },
  {
    tool: "spline",
    icon: "spline",
    label: "Curve",
    key: "P",
    title: "Set points; a curve runs through them",
  },
  {
    tool: "static",
    icon: "static",
    label: "Anchor",
    key: "A",
    title: "Pin what should not move",
  },
  {
    tool: "circle",
    icon: "circle",
    label: "Circle",
    key: "C",
    title: "Points on a circle that grows or shrinks: the camera's zoom",
  },
  {
    tool: "object",
    icon: "object",
    label: "Object",
    key: "O",
    title: "Mark an object and drag it: the motion brush",
  },
  {
    tool: "hand",
    icon: "hand",
    label: "Hand",
    key: "H",
    title: "Move the view",
  },
];

const THEME_ICONS = { system: "system", dark: "moon", light: "sun" } as const;

/** The tool bar. */
export function Toolbar() {
  return (
    <header class="toolbar">
      <h1 class="visually-hidden">Trajectory editor</h1>
      <div
        class="group"
        role="radiogroup"
        aria-label="Tool"
        onKeyDown={walkRadios}
      >
        {TOOLS.map((t) => (
          <button
            key={t.tool}
            type="button"
            role="radio"
            class="button quiet"
            aria-checked={tool.value === t.tool}
            tabIndex={tool.value === t.tool ? 0 : -1}
            aria-keyshortcuts={t.key}
            title={`${t.title} (${t.key})`}
            onClick={() => tool.value = t.tool}
          >
            <Icon name={t.icon} />
            <span class="button-label">{t.label}</span>
          </button>
        ))}
      </div>
      <div class="group">
        <LabelButton
          icon="undo"
          label="Undo"
          title="Undo (Ctrl+Z)"
          disabled={history.value.past.length === 0}
          onClick={undo}
        />
        <LabelButton
          icon="redo"
          label="Redo"
          title="Redo (Ctrl+Shift+Z)"
          disabled={history.value.future.length === 0}
          onClick={redo}
        />
      </div>
      <span class="spring" />
      <div class="group">
        <button
          type="button"
          class="button quiet icon-only"
          title={`Theme: ${theme.value}`}
          aria-label={`Theme: ${theme.value}`}
          onClick={nextTheme}
        >
          <Icon name={THEME_ICONS[theme.value]} />
        </button>
        <button
          type="button"
          class="button quiet icon-only"
          aria-label="Shortcuts and help"
          title="Shortcuts and help (?)"
          onClick={() => dialog.value = "shortcuts"}
        >
          <Icon name="help" />
        </button>
      </div>
      <ProjectActions />
    </header>
  );
}
