/** @jsxRuntime automatic */
/** @jsxImportSource npm:preact@10.29.8 */
/**
 * The image with its tracks, and the buttons of the view.
 *
 * @module
 */

import { useEffect, useRef } from "npm:preact@10.29.8/hooks";
import { useSignal } from "npm:@preact/signals@2.11.4";
import { Icon } from "../../components/icon.tsx";
import { EmptyStage } from "../EmptyStage.tsx";
import { addImages, imagesIn } from "../add_images.ts";
import { imagesOnTheWay, shownImage } from "../images.ts";
import { stageMenu } from "../panels.ts";
import {
  droppedFiles,
  imageId,
  openImage,
  project,
  sayError,
  spoken,
  zoom,
} from "../state.ts";
import { listenToKeys } from "./keyboard.ts";
import { StageController } from "./stage_controller.ts";

/** The stage. */
export function Stage() {
  const host = useRef<HTMLDivElement>(null);
  const stage = useRef<StageController>();
  const dragged = useSignal(false);
  useEffect(() => {
    const controller = stage.current = new StageController(host.current!);
    const listening = new AbortController();
    const { signal } = listening;
    listenToKeys(controller, { stage: host.current!, signal });
    listenToFiles(signal, (over) => dragged.value = over);
    return () => {
      listening.abort();
      controller[Symbol.dispose]();
    };
  }, []);
  return (
    <div
      ref={host}
      class="stage"
      tabIndex={0}
      role="application"
      aria-label="Image with its tracks"
      aria-describedby="stage-keys"
      onContextMenu={(event) => {
        event.preventDefault();
        // A finger that rests is drawing.
        const { pointerType } = event as unknown as PointerEvent;
        if (pointerType === "touch" || pointerType === "pen") return;
        const { clientX: x, clientY: y } = event;
        stage.current?.pickAt(x, y);
        if (imageId.value !== undefined) stageMenu.value = { x, y };
      }}
    >
      <canvas class="image" aria-hidden="true" />
      <canvas class="tracks" aria-hidden="true" />
      <canvas class="top" aria-hidden="true" />
      <p id="stage-keys" class="visually-hidden">
        With a drawing tool the arrow keys move a crosshair and Enter sets a
        point. With the Select tool, Tab goes through the tracks, square
        brackets through the points of one, and the arrow keys move them.
      </p>
      <p class="visually-hidden" role="status">{spoken.value}</p>
      {shownImage.value === undefined && imagesOnTheWay.value === 0 &&
        project.value !== undefined && <EmptyStage />}
      <div class="zoom" role="group" aria-label="Zoom">
        <button
          type="button"
          class="button quiet icon-only"
          aria-label="Zoom out"
          title="Zoom out (-)"
          onClick={() => stage.current?.zoomStep(-1)}
        >
          <Icon name="minus" />
        </button>
        <button
          type="button"
          class="button quiet percent"
          title="Actual size (1)"
          onClick={() => stage.current?.actualSize()}
        >
          {Math.round(100 * zoom.value)} %
        </button>
        <button
          type="button"
          class="button quiet icon-only"
          aria-label="Zoom in"
          title="Zoom in (+)"
          onClick={() => stage.current?.zoomStep(1)}
        >
          <Icon name="plus" />
        </button>
        <button
          type="button"
          class="button quiet"
          title="Fit to window (0)"
          onClick={() => stage.current?.fit()}
        >
          <Icon name="fit" /> Fit
        </button>
      </div>
      {dragged.value && (
        <div class="drop" aria-hidden="true">
          <p>Drop to add it to the project</p>
        </div>
      )}
    </div>
  );
}

/** Images and track files that are dropped on the page or pasted. */
function listenToFiles(
  signal: AbortSignal,
  onOver: (over: boolean) => void,
): void {
  let depth = 0;
  const holdsFiles = (event: DragEvent) =>
    event.dataTransfer?.types.includes("Files") === true;
  document.addEventListener("dragenter", (event) => {
    if (!holdsFiles(event)) return;
    depth++;
    onOver(true);
  }, { signal });
  document.addEventListener("dragleave", (event) => {
    if (!holdsFiles(event)) return;
    depth = Math.max(0, depth - 1);
    if (depth === 0) onOver(false);
  }, { signal });
  document.addEventListener("dragover", (event) => {
    if (holdsFiles(event)) event.preventDefault();
  }, { signal });
  document.addEventListener("drop", (event) => {
    if (!holdsFiles(event)) return;
    event.preventDefault();
    depth = 0;
    onOver(false);
    const images = imagesIn(event.dataTransfer);
    const others = [...event.dataTransfer!.files].filter((file) =>
      !images.includes(file)
    );
    if (images.length > 0) void addImages(images);
    if (others.length === 0) return;
    // Tracks that are dropped on an image of the gallery are for that one.
    const { target } = event;
    const id = target instanceof Element &&
      target.closest(".gallery [data-image]")?.getAttribute("data-image");
    void (id ? openImage(id) : Promise.resolve()).then(() => {
      droppedFiles.value = others;
    }).catch(sayError);
  }, { signal });
  document.addEventListener("paste", (event) => {
    const images = imagesIn(event.clipboardData);
    if (images.length === 0) return;
    event.preventDefault();
    void addImages(images);
  }, { signal });
}
