/**
 * Draws the stage. The image goes through the motion preview's mesh; tracks
 * that are not selected keep a canvas of their own, which is only drawn again
 * when they or the view change; what moves with pointer and time is on top.
 *
 * @module
 */

import { trackColor } from "../../components/palette.ts";
import type { Point } from "../../model/document.ts";
import { segmentAt } from "../../model/document_length.ts";
import { isObject, outlineAt } from "../../model/objects.ts";
import { type Size, toScreen, type View } from "../../model/view.ts";
import { type ShownImage, shownImage } from "../images.ts";
import {
  editorDocument,
  footprints,
  frame,
  image,
  issues,
  lastFrame,
  livePreview,
  loupe,
  markedObjects,
  onionSkin,
  playing,
  rendered,
  sayError,
  selectedMove,
  selectedPoint,
  selectedTracks,
  selection,
  trackSet,
  wholeFrame,
} from "../state.ts";
import { theme } from "../theme.ts";
import type { Detail, DetailLoader } from "./detail.ts";
import { issuePosition, paintLabel } from "./paint_guides.ts";
import { paintIssues, paintPositions } from "./paint_marks.ts";
import { createImageLayer } from "./create_image_layer.ts";
import type { MotionPasses } from "./motion_passes.ts";
import type { ImageLayer, ImagePass } from "./image_layer.ts";
import {
  type PaintedTrack,
  paintedTracks,
  paintTrack,
} from "./paint_tracks.ts";
import type { StageTool } from "./stage_tool.ts";
import { openMove } from "./tools/select_tool.ts";

/** What the painter does not know from signals. */
export interface Scene {
  /** How the image is shown. */
  readonly view: View;
  /** The stage's size, CSS px. */
  readonly size: Size;
  /** The active tool. */
  readonly tool: StageTool | undefined;
  /** A new path is being drawn: the image holds still in frame 0. */
  readonly still: boolean;
  /** The keyboard's crosshair, CSS px of the stage. */
  readonly crosshair:
    | { readonly at: Point; readonly held: boolean }
    | undefined;
}

interface Drawing extends Scene {
  /** Px of the canvas per CSS px. */
  readonly ratio: number;
  /** A sharper part of the image. */
  readonly detail: Detail | undefined;
}

/** Neighbors that shine through, frames away, and how strongly. */
const ONION = { away: 12, opacity: 0.3 } as const;

/** How near to a path the pointer is on it, CSS px. */
const PATH_REACH = 6;

/** What could not be loaded is tried again after this time, in ms. */
const RETRY_DELAY = 2000;

type Later = typeof import("../later.ts");

/** Draws into three canvases. */
export class StagePainter {
  /** Where the pen is, px of the image: the loupe and hints are there. */
  pen: Point | undefined;
  /** The frame in which the pen came to where it is. */
  #aim: { readonly pen: Point | undefined; readonly at: number } | undefined;
  #layer: ImageLayer | undefined;
  readonly #tracks: CanvasRenderingContext2D;
  readonly #top: CanvasRenderingContext2D;
  readonly #imageCanvas: HTMLCanvasElement;
  #image: ShownImage | undefined;
  #later: Later | undefined;
  #laterAsked = false;
  /** Parts of the client that are being loaded: its layer is the first. */
  #loading = 1;
  /** Whether the layers of the image, once cut, change what is shown. */
  #waitsForCut = false;
  #details: DetailLoader | undefined;
  #resting: readonly unknown[] = [];
  #drawnImage: readonly unknown[] = [];
  #motion: MotionPasses | undefined;
  #restored = 0;

  /** Takes the canvases, which have no context yet. */
  constructor(
    canvases: Record<"image" | "tracks" | "top", HTMLCanvasElement>,
  ) {
    this.#imageCanvas = canvases.image;
    const again = () => {
      this.#restored++;
      this.repaintSoon();
    };
    createImageLayer(canvases.image, again).then((layer) => {
      this.#layer = layer;
    }).catch(sayError).finally(() => {
      this.#loading--;
      again();
    });
    this.#tracks = canvases.tracks.getContext("2d")!;
    this.#top = canvases.top.getContext("2d")!;
  }

  /** Whether what was painted last is not final: a part is still being made. */
  get busy(): boolean {
    return this.#loading > 0 || this.#layer?.busy === true ||
      this.#details?.busy === true ||
      (this.#waitsForCut && this.#motion?.busy === true);
  }

  /** Set by the stage: draws again soon. */
  repaintSoon: () => void = () => {};

  /** The image that is drawn. */
  setImage(image: ShownImage | undefined): void {
    this.#image = image;
  }

  /** Reads every signal that changes the stage. */
  watch(): void {
    for (
      const signal of [
        rendered,
        selection,
        selectedPoint,
        selectedMove,
        frame,
        playing,
        livePreview,
        onionSkin,
        footprints,
        loupe,
        issues,
        shownImage,
        theme,
      ]
    ) signal.value;
  }

  /** Draws what changed. */
  paint(scene: Scene): void {
    const ratio = Math.min(3, globalThis.devicePixelRatio || 1);
    const passes = this.#paintImage(scene, ratio);
    // An image that holds still is as sharp as it is.
    const detail = passes.some((pass) => pass.mesh)
      ? undefined
      : this.#detail(scene, ratio);
    // An image that is still being sent to the server has no tracks yet.
    const arrived = image.value !== undefined &&
      editorDocument.value.width === this.#image?.width &&
      editorDocument.value.height === this.#image.height;
    const tracks = arrived
      ? paintedTracks(editorDocument.value, rendered.value, selection.value)
      : [];
    this.#paintResting(tracks, { ...scene, ratio, detail });
    this.#paintTop(tracks, { ...scene, ratio, detail });
  }

  #paintImage(scene: Scene, ratio: number): ImagePass[] {
    const passes = this.#passes(scene);
    this.#waitsForCut = passes.some((pass) => pass.mesh);
    const now = [
      this.#image,
      scene.view,
      scene.size,
      ratio,
      playing.value,
      this.#restored,
      // With the loupe on, its contents are read from this canvas.
      loupe.value && {},
      ...passes.flatMap((pass) => [
        pass.mesh,
        pass.opacity,
        pass.texture,
        pass.image,
      ]),
    ];
    if (same(now, this.#drawnImage)) return passes;
    this.#drawnImage = now;
    // For who looks at the page from outside.
    this.#imageCanvas.dataset.layers = String(
      passes.filter((pass) => pass.texture?.channels === 1).length,
    );
    this.#layer?.setImage(passes[0]?.image ?? this.#image);
    this.#layer?.draw(passes, { ...scene, ratio, playing: playing.value });
    return passes;
  }

  /** The part in view of an image that is larger than what is drawn. */
  #detail(scene: Scene, ratio: number): Detail | undefined {
    const shown = this.#image;
    if (!shown?.source) return undefined;
    if (this.#details) return this.#details.get(shown, { ...scene, ratio });
    const later = this.#askLater();
    if (!later) return undefined;
    this.#details = new later.DetailLoader(() => this.repaintSoon());
    return this.#details.get(shown, { ...scene, ratio });
  }

  /** What is not loaded at the start; undefined while it is loading. */
  #askLater(): Later | undefined {
    if (!this.#later && !this.#laterAsked) {
      this.#laterAsked = true;
      this.#loading++;
      import("../later.ts").then((later) => {
        this.#later = later;
      }, (error) => {
        sayError(error);
        setTimeout(() => this.#laterAsked = false, RETRY_DELAY);
      }).finally(() => {
        this.#loading--;
        this.repaintSoon();
      });
    }
    return this.#later;
  }

  #passes(scene: Scene): ImagePass[] {
    const shown = this.#image;
    const set = trackSet.value;
    const warps = livePreview.value && !scene.still &&
      shown !== undefined && set.count > 0;
    const at = wholeFrame.value;
    // Paths begin in frame 0: a pen that hovers sees what it will move, until
    // the frame is changed under it.
    if (this.#aim?.pen !== this.pen) this.#aim = { pen: this.pen, at };
    const aiming = scene.tool?.draws === true && this.pen !== undefined &&
      this.#aim?.at === at && !playing.value;
    if (!warps || aiming) return [{ opacity: 1 }];
    const passes = this.#framePasses(at, 1);
    if (onionSkin.value) {
      for (const near of [at - ONION.away, at + ONION.away]) {
        // Another segment has another image.
        const other = near < 0 || near > lastFrame.value ||
          segmentAt(near) !== segmentAt(at);
        if (other) continue;
        passes.push(...this.#framePasses(near, ONION.opacity));
      }
    }
    return passes;
  }

  /** The image at a frame: in layers, or as one sheet. */
  #framePasses(at: number, opacity: number): ImagePass[] {
    // Asked for in frame 0 already: it is there when something moves.
    const later = this.#askLater(), shown = this.#image;
    if (!later || !shown || !this.#layer) return [{ opacity }];
    this.#motion ??= new later.MotionPasses({
      onReady: () => this.repaintSoon(),
      onError: sayError,
    });
    const { width, height } = editorDocument.value;
    return this.#motion.get(
      {
        image: shown,
        tracks: trackSet.value,
        objects: markedObjects.value,
        size: { width, height },
      },
      at,
      opacity,
    );
  }

  #paintResting(
    tracks: readonly PaintedTrack[],
    { view, size, ratio, detail }: Drawing,
  ): void {
    const resting = tracks.filter((track) => !track.selected);
    const now = [
      view,
      size.width,
      size.height,
      ratio,
      detail,
      ...resting.flatMap((t) => [t.track, t.color, t.number]),
    ];
    if (same(now, this.#resting)) return;
    this.#resting = now;
    clear(this.#tracks, { size, ratio, stays: true });
    if (detail) drawPart(this.#tracks, detail, view);
    for (const track of resting) paintTrack(this.#tracks, track, view);
  }

  #paintTop(
    tracks: readonly PaintedTrack[],
    scene: Drawing,
  ): void {
    const ctx = this.#top;
    const { view, size, ratio } = scene;
    clear(ctx, { size, ratio, stays: tracks.length === 0 });
    const at = { view, frame: frame.value };
    const aids = footprints.value || onionSkin.value || loupe.value
      ? this.#askLater()
      : undefined;
    if (footprints.value) {
      for (const { track, color } of tracks) {
        aids?.paintInfluence(ctx, track, {
          ...at,
          image: editorDocument.value,
          color: trackColor(color),
        });
      }
    }
    for (const track of tracks) {
      if (track.selected) paintTrack(ctx, track, view);
    }
    if (onionSkin.value) {
      for (const { track, color } of tracks) {
        aids?.paintTicks(ctx, track, { view, color: trackColor(color) });
      }
    }
    this.#paintRestingPositions(tracks, scene);
    paintPositions(ctx, tracks.filter((track) => track.selected), at);
    if (tracks.length > 0) this.#paintGuides(scene);
    scene.tool?.paint?.(ctx, view);
    if (scene.crosshair) {
      const { at, held } = scene.crosshair;
      this.#askLater()?.paintCrosshair(ctx, at, held);
    }
    if (loupe.value) this.#paintLoupe(tracks, scene);
    else this.#paintHint(scene);
  }

  #restingPositions: readonly unknown[] = [];
  #positions: ImageBitmap | undefined;

  /** Kept as one image while something else is dragged. */
  #paintRestingPositions(
    tracks: readonly PaintedTrack[],
    { view, size, ratio }: Drawing,
  ): void {
    const resting = tracks.filter((track) => !track.selected);
    const at = { view, frame: frame.value };
    const now = [
      ...[frame.value, view, size.width, size.height, ratio],
      ...resting.flatMap((t) => [t.track, t.color]),
    ];
    if (!same(now, this.#restingPositions)) {
      this.#restingPositions = now;
      this.#positions?.close();
      this.#positions = undefined;
      paintPositions(this.#top, resting, at);
      return;
    }
    if (resting.length === 0) return;
    if (!this.#positions) {
      const { width, height } = this.#top.canvas;
      const canvas = new OffscreenCanvas(width, height);
      const ctx = canvas.getContext("2d")!;
      ctx.scale(ratio, ratio);
      paintPositions(ctx, resting, at);
      this.#positions = canvas.transferToImageBitmap();
    }
    this.#top.drawImage(
      this.#positions,
      0,
      0,
      this.#top.canvas.width / ratio,
      this.#top.canvas.height / ratio,
    );
  }

  #paintGuides({ view, size, tool, still }: Scene): void {
    const ctx = this.#top;
    const document = editorDocument.value;
    for (const track of document.tracks.filter(isObject)) {
      if (track.hidden) continue;
      this.#askLater()?.paintObject(
        ctx,
        outlineAt(track, document, still ? 0 : wholeFrame.value),
        {
          view,
          selected: selection.value.has(track.id),
          color: trackColor(track.colour),
        },
      );
    }
    // Handles are for selecting, and would disturb drawing.
    if (tool && !tool.draws && selectedTracks.value.length <= 8) {
      for (const track of selectedTracks.value) {
        if (track.hidden || track.locked) continue;
        const chosen = selectedPoint.value;
        this.#askLater()?.paintHandles(ctx, track, {
          view,
          frame: wholeFrame.value,
          chosen: chosen?.id === track.id ? chosen.index : undefined,
          ownWay: document.camera.some((move) =>
            move.enabled &&
            (move.applies === "all" || move.applies.includes(track.id))
          ),
        });
      }
    }
    paintIssues(
      ctx,
      issues.value.flatMap((issue) =>
        issuePosition(issue, rendered.value, { view, size }) ?? []
      ),
    );
    const move = openMove();
    if (move && !tool?.draws) {
      this.#askLater()?.paintCameraMove(ctx, move, { view, image: document });
    }
  }

  /** What a warning or a path says, while the pointer is on it. */
  #paintHint({ view, size, tool }: Scene): void {
    if (!this.pen) return;
    const pen = toScreen(view, this.pen);
    const isHere = (position: Point | undefined) =>
      position && Math.hypot(position.x - pen.x, position.y - pen.y) <= 11;
    const here = issues.value.filter((issue) =>
      isHere(issuePosition(issue, rendered.value, { view, size }))
    );
    if (here.length === 0) {
      if (tool && !tool.draws && !playing.value) {
        this.#paintPathHint(size, view);
      }
      return;
    }
    const words = this.#askLater()?.describeIssues(here.slice(0, 3), {
      document: editorDocument.value,
      rendered: rendered.value,
    });
    if (!words) return;
    paintLabel(this.#top, words.map((word) => word.message).join(" "), {
      at: pen,
      stage: size,
    });
  }

  /** When a track is where the pointer is on its path, and how fast. */
  #paintPathHint(size: Size, view: View): void {
    const later = this.#askLater(), pen = this.pen;
    if (!later || !pen) return;
    const reach = PATH_REACH / view.scale;
    const on = later.pathAt(rendered.value, pen, reach);
    if (!on) return;
    paintLabel(this.#top, later.describePathPosition(on), {
      at: toScreen(view, pen),
      stage: size,
    });
  }

  #paintLoupe(tracks: readonly PaintedTrack[], scene: Drawing): void {
    const at = scene.crosshair?.at ??
      (this.pen && toScreen(scene.view, this.pen));
    const shown = this.#image;
    if (!at || !shown) return;
    const ctx = this.#top;
    const { view, size, detail } = scene;
    this.#later?.paintLoupe(ctx, {
      at,
      view,
      ground: getComputedStyle(this.#imageCanvas).getPropertyValue(
        "--stage",
      ) || "#000000",
      paint: (near) => {
        const warped = this.#passes(scene).some((pass) => pass.mesh);
        const zoom = near.scale / view.scale;
        if (warped) {
          // What WebGL just drew, as large as it is.
          ctx.drawImage(
            this.#imageCanvas,
            near.x - zoom * view.x,
            near.y - zoom * view.y,
            zoom * size.width,
            zoom * size.height,
          );
        } else {
          ctx.imageSmoothingEnabled = near.scale < 4;
          ctx.drawImage(
            shown.bitmap,
            near.x,
            near.y,
            near.scale * shown.width,
            near.scale * shown.height,
          );
          if (detail) drawPart(ctx, detail, near);
          ctx.imageSmoothingEnabled = true;
        }
        for (const track of tracks) paintTrack(ctx, track, near);
        scene.tool?.paint?.(ctx, near);
      },
    });
  }
}

function drawPart(
  ctx: CanvasRenderingContext2D,
  { bitmap, x, y, width, height }: Detail,
  view: View,
): void {
  const { scale } = view;
  ctx.drawImage(
    bitmap,
    view.x + scale * x,
    view.y + scale * y,
    scale * width,
    scale * height,
  );
}

function same(a: readonly unknown[], b: readonly unknown[]): boolean {
  return a.length === b.length && a.every((value, i) => value === b[i]);
}

/** Empties a canvas and makes one unit one CSS px. */
function clear(
  ctx: CanvasRenderingContext2D,
  { size, ratio, stays }: {
    readonly size: Size;
    readonly ratio: number;
    /** Whether nothing may be painted after this. */
    readonly stays: boolean;
  },
): void {
  const width = Math.round(size.width * ratio);
  const height = Math.round(size.height * ratio);
  if (ctx.canvas.width !== width || ctx.canvas.height !== height) {
    ctx.canvas.width = width;
    ctx.canvas.height = height;
  }
  ctx.setTransform(ratio, 0, 0, ratio, 0, 0);
  ctx.clearRect(0, 0, size.width, size.height);
  if (!stays) return;
  // With a GPU, Chromium goes on showing what a cleared canvas had until
  // something is painted: this cannot be seen.
  ctx.fillStyle = "rgba(0, 0, 0, 0.01)";
  ctx.fillRect(0, 0, 1, 1);
}
