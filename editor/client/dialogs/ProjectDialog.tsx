/** @jsxRuntime automatic */
/** @jsxImportSource npm:preact@10.29.8 */
/**
 * The project as one file, saved and opened; and where a browser keeps the
 * project itself, how much of its storage that takes and for how long.
 *
 * @module
 */

import { useEffect } from "npm:preact@10.29.8/hooks";
import { useSignal } from "npm:@preact/signals@2.11.4";
import { Icon } from "../../components/icon.tsx";
import { addProject, fetchArchive } from "../api.ts";
import { dialog } from "../panels.ts";
import {
  imageId,
  openImage,
  project,
  refreshProject,
  say,
  sayError,
  settledEtag,
} from "../state.ts";
import { Dialog } from "./Dialog.tsx";
import { saveFile } from "./save_file.ts";

/** The dialog. */
export function ProjectDialog() {
  const working = useSignal(false);
  const images = project.value?.images ?? [];
  const close = () => dialog.value = undefined;
  const work = async (what: () => Promise<void>) => {
    working.value = true;
    try {
      await what();
      close();
    } catch (error) {
      sayError(error);
    } finally {
      working.value = false;
    }
  };
  const save = async () => {
    // What was drawn a moment ago belongs to it.
    if (imageId.value !== undefined) await settledEtag();
    saveFile(await fetchArchive(), "project.zip");
    say("Saved the project file");
  };
  const open = async (file: File) => {
    const added = await addProject(file);
    await refreshProject();
    if (added[0] !== undefined) await openImage(added[0]);
    say(`Added ${added.length} image${added.length === 1 ? "" : "s"}`);
  };
  return (
    <Dialog title="Project file" closeLabel="Close" onClose={close}>
      <p>
        One file to carry: the images, their drawings with earlier versions, the
        stored tracks, the presets and the job file. It is a ZIP of a project
        folder: unpacked, <kbd>deno task editor</kbd> opens it and{" "}
        <kbd>deno task generate</kbd>{" "}
        makes its videos; a packed project folder can be opened here.
      </p>
      <div class="project-file">
        <button
          type="button"
          class="button primary"
          disabled={working.value || images.length === 0}
          onClick={() => void work(save)}
        >
          <Icon name="download" /> Save project file
        </button>
        <button
          type="button"
          class="button"
          disabled={working.value}
          onClick={() => chooseZip((file) => void work(() => open(file)))}
        >
          <Icon name="import" /> Open project file…
        </button>
      </div>
      {project.value?.place === "browser" && <BrowserStorage />}
    </Dialog>
  );
}

/** What the browser's storage has of this page. */
function BrowserStorage() {
  const used = useSignal<StorageEstimate | undefined>(undefined);
  const isKept = useSignal<boolean | undefined>(undefined);
  useEffect(() => {
    const { storage } = navigator;
    storage.estimate().then((estimate) => used.value = estimate, () => {});
    storage.persisted().then((kept) => isKept.value = kept, () => {});
  }, []);
  const { usage = 0, quota = 0 } = used.value ?? {};
  const ask = async () => {
    isKept.value = await navigator.storage.persist();
    if (!isKept.value) sayError(new Error("The browser does not promise it"));
  };
  return (
    <>
      <p>
        This page has no server: this browser keeps the project, and no other
        device sees it. {quota > 0 &&
          `It uses ${megabytes(usage)} of ${megabytes(quota)}.`}
        {isKept.value === false &&
          " The browser may remove it when the disk is full: save the project file now and then."}
      </p>
      {isKept.value === false && (
        <button
          type="button"
          class="button quiet small"
          onClick={() => void ask().catch(sayError)}
        >
          Ask the browser to keep it
        </button>
      )}
    </>
  );
}

function megabytes(bytes: number): string {
  const megabytes = bytes / 1e6;
  return megabytes < 1000
    ? `${megabytes.toFixed(megabytes < 10 ? 1 : 0)} MB`
    : `${(megabytes / 1000).toFixed(0)} GB`;
}

function chooseZip(take: (file: File) => void): void {
  const input = document.createElement("input");
  input.type = "file";
  input.accept = ".zip,application/zip";
  input.onchange = () => {
    const [file] = input.files ?? [];
    if (file) take(file);
  };
  input.click();
}
