/** @jsxRuntime automatic */
/** @jsxImportSource npm:preact@10.29.8 */
/**
 * Motion that goes elsewhere: copied, pasted, and kept as presets.
 *
 * @module
 */

import { useEffect } from "npm:preact@10.29.8/hooks";
import { useSignal } from "npm:@preact/signals@2.11.4";
import { IconButton } from "../../components/fields.tsx";
import type { EditorDocument } from "../../model/document.ts";
import { findMotion } from "../../model/motion.ts";
import { rescaleDocument } from "../../model/rescale_document.ts";
import {
  applyMotion,
  chosenMotion,
  copyMotion,
  describeMotion,
  pasteMotion,
} from "../clipboard.ts";
import { ask } from "../exchange.ts";
import { dialog } from "../panels.ts";
import { MAX_NAME, type Preset } from "../../model/presets.ts";
import {
  isKeptHere,
  loadPresets,
  presets,
  removePreset,
  savePreset,
} from "../presets.ts";
import { editorDocument, say, sayError, selection } from "../state.ts";
import { formatWhen } from "../when.ts";
import { Dialog } from "./Dialog.tsx";
import { DocumentView } from "./DocumentView.tsx";
import { saveFile } from "./save_file.ts";

/** The dialog. */
export function MotionDialog() {
  const removed = useSignal<(() => Promise<void>) | undefined>(undefined);
  useEffect(() => void loadPresets().catch(sayError), []);
  const motion = chosenMotion();
  const isEmpty = motion.tracks.length + motion.camera.length === 0;
  const close = () => dialog.value = undefined;
  const restore = async () => {
    const undo = removed.value;
    await undo?.();
    // Unless another one was deleted meanwhile.
    if (removed.value === undo) removed.value = undefined;
  };
  const leave = (work: () => void | Promise<void>) => () => {
    close();
    void work();
  };
  return (
    <Dialog title="Motion" wide="wide" closeLabel="Close" onClose={close}>
      <div class="row">
        <button
          type="button"
          class="button"
          disabled={isEmpty}
          onClick={leave(copyMotion)}
        >
          {selection.value.size > 0
            ? "Copy the selected tracks"
            : "Copy the whole motion"}
        </button>
        <button
          type="button"
          class="button"
          title="Ctrl+V"
          onClick={leave(() => pasteMotion({ scaled: true }))}
        >
          Paste
        </button>
        <button
          type="button"
          class="button"
          title="Positions stay the same px (Ctrl+Shift+V)"
          onClick={leave(() => pasteMotion({ scaled: false }))}
        >
          Paste without scaling
        </button>
      </div>
      <PresetForm motion={motion} isEmpty={isEmpty} />
      <p class="hint">
        {isEmpty
          ? "This image has no motion to copy or save yet."
          : `${describeMotion(motion)} ${
            selection.value.size > 0
              ? "selected; with none selected it is the whole motion."
              : "in the whole motion; selected tracks are taken alone."
          }`}
      </p>
      {presets.value.length === 0
        ? (
          <p class="nothing">
            No presets yet. A preset is kept in the project and fits images of
            any size.
          </p>
        )
        : (
          <ul class="presets" aria-label="Presets">
            {presets.value.map((preset) => (
              <PresetRow
                key={`${preset.name} ${preset.at}`}
                preset={preset}
                onApplied={close}
                onRemoved={(undo) => removed.value = undo}
              />
            ))}
          </ul>
        )}
      {removed.value && (
        <button
          type="button"
          class="button quiet small"
          onClick={() => void restore().catch(sayError)}
        >
          Restore the preset
        </button>
      )}
    </Dialog>
  );
}

/** Keeps the motion under a name. */
function PresetForm({ motion, isEmpty }: {
  readonly motion: EditorDocument;
  readonly isEmpty: boolean;
}) {
  const name = useSignal("");
  const saving = useSignal(false);
  const called = name.value.trim();
  const save = async () => {
    if (called === "" || isEmpty || saving.value) return;
    saving.value = true;
    try {
      await savePreset(called, motion);
      if (name.value.trim() === called) name.value = "";
      say(`Saved the preset ${called}`);
    } catch (error) {
      sayError(error);
    }
    saving.value = false;
  };
  return (
    <form
      class="row"
      onSubmit={(event) => {
        event.preventDefault();
        void save();
      }}
    >
      <input
        type="text"
        class="preset-name"
        aria-label="Name of the new preset"
        placeholder="Name of a new preset"
        maxLength={MAX_NAME}
        value={name.value}
        onInput={(event) => name.value = event.currentTarget.value}
      />
      <button
        type="submit"
        class="button primary"
        disabled={isEmpty || called === "" || saving.value}
      >
        {presets.value.some((p) => p.name === called)
          ? "Replace preset"
          : "Save preset"}
      </button>
    </form>
  );
}

function PresetRow({ preset, onApplied, onRemoved }: {
  readonly preset: Preset;
  readonly onApplied: () => void;
  readonly onRemoved: (undo: () => Promise<void>) => void;
}) {
  const motion = useSignal<EditorDocument | undefined>(undefined);
  const { name, text, at } = preset;
  useEffect(() => {
    ask("parse", attemptMotion(text)).then((found) => motion.value = found)
      .catch(sayError);
  }, [text]);
  const known = motion.value;
  const apply = (scaled: boolean) => {
    onApplied();
    try {
      applyMotion(known!, { scaled });
    } catch (error) {
      sayError(error);
    }
  };
  const { width, height } = editorDocument.value;
  const isOther = known && (known.width !== width || known.height !== height);
  return (
    <li>
      <DocumentView
        document={known && rescaleDocument(known, { width, height })}
        size={120}
        label=""
      />
      <span class="preset-text">
        <strong>{name}</strong>
        <span class="hint">
          {known &&
            `${describeMotion(known)}, ${known.width} × ${known.height} px, `}
          {formatWhen(at)}
          {isKeptHere(preset) && ", in this browser, not in the project"}
        </span>
      </span>
      <button
        type="button"
        class="button small"
        aria-label={`Apply ${name}`}
        disabled={!known}
        onClick={() => apply(true)}
      >
        Apply
      </button>
      {isOther && (
        <button
          type="button"
          class="button quiet small"
          aria-label={`Apply ${name} without scaling`}
          title="Positions stay the same px"
          onClick={() => apply(false)}
        >
          In px
        </button>
      )}
      <IconButton
        icon="download"
        label={`Save ${name} as a file`}
        onClick={() => saveFile(new Blob([text]), `${name}.motion.json`)}
      />
      <IconButton
        icon="trash"
        label={`Delete ${name}`}
        onClick={() =>
          void removePreset(preset).then(onRemoved).catch(sayError)}
      />
    </li>
  );
}

/** What was kept, to be checked; what is damaged is no document. */
function attemptMotion(text: string): unknown {
  try {
    return findMotion(text);
  } catch {
    return undefined;
  }
}
