/**
 * The stage at work: three canvases one above the other (image, tracks that
 * rest, everything that moves), drawn when a signal says that something
 * changed, and passes pointer events to the active tool.
 *
 * @module
 */

import { effect, untracked } from "npm:@preact/signals@2.11.4";
import type { Point } from "../../model/document.ts";
import {
  fitView,
  keepInSight,
  panView,
  type Size,
  toImage,
  toScreen,
  type View,
  zoomView,
} from "../../model/view.ts";
import { imagesOnTheWay, isImageShown, shownImage } from "../images.ts";
import {
  imageId,
  pointer as pointerSignal,
  sayError,
  selection,
  spoken,
  type Tool,
  tool as toolSignal,
  zoom as zoomSignal,
} from "../state.ts";
import { type Placing, placing } from "./placing.ts";
import { PointerInput, type RawPointer } from "./pointer_input.ts";
import { StagePainter } from "./stage_painter.ts";
import type { StageContext, StagePointer, StageTool } from "./stage_tool.ts";
import { CircleTool } from "./tools/circle_tool.ts";
import { FreehandTool } from "./tools/freehand_tool.ts";
import { PlaceTool } from "./tools/place_tool.ts";
import { SelectTool } from "./tools/select_tool.ts";
import { SplineTool } from "./tools/spline_tool.ts";
import { StaticTool } from "./tools/static_tool.ts";

/** How far from a target still counts, CSS px. */
const REACH = { mouse: 8, pen: 10, touch: 18 } as const;
/** One step of the zoom keys and buttons. */
const ZOOM_STEP = 1.25;

/** The stage of one page. */
export class StageController implements StageContext, Disposable {
  readonly #host: HTMLElement;
  readonly #painter: StagePainter;
  readonly #tools: Record<Exclude<Tool, "hand" | "object">, StageTool>;
  readonly #select: SelectTool;
  /** Loaded when it is first used. */
  #objectTool: StageTool | undefined;
  readonly #undo: (() => void)[] = [];
  #size: Size = { width: 1, height: 1 };
  #view: View = { scale: 1, x: 0, y: 0 };
  /** Whether the image still is shown as a whole, as after opening it. */
  #fitted = true;
  #tool: StageTool | undefined;
  #down = false;
  /** The last position of the gesture. */
  #last: StagePointer | undefined;
  #hover: StagePointer | undefined;
  /** The keyboard's crosshair, px of the image. */
  #crosshair: Point | undefined;
  #pressed = false;

  /** Takes the element that holds the canvases `image`, `tracks`, `top`. */
  constructor(host: HTMLElement) {
    this.#host = host;
    const canvas = (name: string) =>
      host.querySelector<HTMLCanvasElement>(`canvas.${name}`)!;
    this.#painter = new StagePainter({
      image: canvas("image"),
      tracks: canvas("tracks"),
      top: canvas("top"),
    });
    this.#painter.repaintSoon = () => this.repaint();
    this.#tools = {
      select: this.#select = new SelectTool(this),
      freehand: new FreehandTool(this),
      spline: new SplineTool(this),
      static: new StaticTool(),
      circle: new CircleTool(this),
    };
    const sizes = new ResizeObserver(() => this.#resize());
    sizes.observe(host);
    this.#undo.push(
      () => sizes.disconnect(),
      effect(() => {
        const name = toolSignal.value, copies = placing.value;
        untracked(() => this.#takeTool(name, copies));
      }),
      effect(() => this.#takeImage(shownImage.value)),
      // What is being drawn is not for the image that is opened meanwhile.
      effect(() => {
        imageId.value;
        untracked(() => this.#onCancel());
      }),
      effect(() => {
        imagesOnTheWay.value;
        this.repaint();
      }),
      effect(() => {
        this.#painter.watch();
        host.dataset.selected = String(selection.value.size);
        this.repaint();
      }),
    );
    const input = new PointerInput(host, {
      pans: () => this.#tool === undefined || !isImageShown.value,
      down: (raw) => this.#onDown(raw),
      drag: (raws) => this.#onDrag(raws),
      up: (raw) => this.#onUp(raw),
      cancel: () => this.#onCancel(),
      hover: (raw) => this.#onHover(raw),
      leave: () => this.#onLeave(),
      pan: (by) => this.#setView(panView(this.#view, by, this.#sizes())),
      zoom: (factor, at) => this.zoomTo(this.#view.scale * factor, at),
      doubleClick: (raw) => this.#tool?.doubleClick?.(this.#toPointer(raw)),
    });
    this.#undo.push(() => input[Symbol.dispose]());
  }

  /** Stops listening. */
  [Symbol.dispose](): void {
    for (const undo of this.#undo) undo();
  }

  /** How the image is shown. */
  view(): View {
    return this.#view;
  }

  #request = 0;

  /** Draws before the next image of the screen. */
  repaint(): void {
    this.#request ||= requestAnimationFrame(() => {
      this.#request = 0;
      this.#paint();
      this.#tellBusy();
    });
    this.#tellBusy();
  }

  /** For who looks from outside: `false` once what is painted is final. */
  #tellBusy(): void {
    const busy = String(
      this.#request !== 0 || imagesOnTheWay.peek() > 0 || this.#painter.busy,
    );
    const { dataset } = this.#host;
    if (dataset.busy !== busy) dataset.busy = busy;
  }

  /** Shows the whole image. */
  fit(): void {
    const image = shownImage.value;
    if (!image) return;
    this.#setView(fitView(image, this.#size));
    this.#fitted = true;
  }

  /** One px of the image on one px of the page. */
  actualSize(): void {
    this.zoomTo(1);
  }

  /** Magnifies by one step, or makes smaller. */
  zoomStep(direction: 1 | -1): void {
    this.zoomTo(this.#view.scale * ZOOM_STEP ** direction);
  }

  /** Shows the image at a scale about a position; the middle by default. */
  zoomTo(scale: number, at?: Point): void {
    if (!shownImage.value) return;
    const middle = { x: this.#size.width / 2, y: this.#size.height / 2 };
    this.#setView(
      zoomView(this.#view, { scale, at: at ?? middle }, this.#sizes()),
    );
  }

  /** Moves the view by some CSS px. */
  panBy(dx: number, dy: number): void {
    if (!shownImage.value) return;
    this.#setView(panView(this.#view, { dx, dy }, this.#sizes()));
  }

  /**
   * Moves the keyboard's crosshair by some px of the image; while Enter has
   * pressed the pen down it draws. Answers false when the tool has no use for
   * a crosshair.
   */
  moveCrosshair(dx: number, dy: number): boolean {
    const image = shownImage.value;
    if (this.#tool?.nudge?.(dx, dy)) return true;
    if (!this.#tool?.draws || !image) return false;
    const at = this.#crosshair ?? this.#hover?.at ??
      { x: image.width / 2, y: image.height / 2 };
    const clamp = (value: number, most: number) =>
      Math.min(most, Math.max(0, Math.round(value)));
    this.#crosshair = {
      x: clamp(at.x + dx, image.width),
      y: clamp(at.y + dy, image.height),
    };
    const position = this.#crosshairPointer();
    if (this.#pressed) this.#tool.drag([position]);
    else this.#tool.hover?.(position);
    this.#painter.pen = position.at;
    pointerSignal.value = position.at;
    spoken.value = `${this.#crosshair.x}, ${this.#crosshair.y}`;
    this.repaint();
    return true;
  }

  /** The Enter key: sets a point at the crosshair, or presses the pen. */
  pressCrosshair(): boolean {
    const tool = this.#tool;
    if (!tool?.draws || !isImageShown.value) return false;
    if (!this.#crosshair) {
      // The mouse draws, the keyboard only ends the shape.
      if (tool.finish?.()) return true;
      return this.moveCrosshair(0, 0);
    }
    const position = this.#crosshairPointer();
    if (tool.press === "click") {
      tool.down(position);
      tool.up(position);
    } else if (this.#pressed) {
      this.#pressed = false;
      tool.up(position);
      spoken.value = "Pen up";
    } else {
      this.#pressed = true;
      tool.down(position);
      spoken.value = "Pen down: move with the arrow keys, Enter ends";
    }
    this.repaint();
    return true;
  }

  /** The Escape key; false when there was nothing to drop. */
  escape(): boolean {
    if (this.#pressed || this.#down) {
      this.#pressed = this.#down = false;
      this.#tool?.cancel();
      if (!placing.value) return true;
    }
    if (this.#tool?.escape?.()) return true;
    if (!this.#crosshair) return false;
    this.#crosshair = undefined;
    this.repaint();
    return true;
  }

  /** Undo; false when the document's last change should be undone. */
  takeBack(): boolean {
    return this.#tool?.takeBack?.() ?? false;
  }

  /**
   * Selects what is at a position of the page, in CSS px, as the Select tool
   * would; the point of the selected track, too.
   */
  pickAt(x: number, y: number): void {
    const box = this.#host.getBoundingClientRect();
    const at = { x: x - box.left, y: y - box.top };
    this.#select.pick(this.#toPointer({
      ...{ at, shift: false, alt: false, type: "mouse" },
      time: performance.now(),
    }));
  }

  /** The Delete key; false when the selection should be deleted. */
  remove(): boolean {
    return this.#tool?.remove?.() ?? false;
  }

  #sizes(): { image: Size; stage: Size } {
    return {
      image: shownImage.value ?? { width: 1, height: 1 },
      stage: this.#size,
    };
  }

  #setView(view: View): void {
    // At whole magnifications px of the image are aligned to px of the screen.
    const ratio = globalThis.devicePixelRatio || 1;
    const snap = (at: number) =>
      Number.isInteger(view.scale * ratio)
        ? Math.round(at * ratio) / ratio
        : at;
    this.#view = { scale: view.scale, x: snap(view.x), y: snap(view.y) };
    // For who measures the page from outside.
    this.#host.dataset.view = Object.values(this.#view).join(" ");
    this.#fitted = false;
    zoomSignal.value = view.scale;
    this.repaint();
  }

  #resize(): void {
    const { clientWidth: width, clientHeight: height } = this.#host;
    const before = this.#size;
    this.#size = { width: Math.max(1, width), height: Math.max(1, height) };
    if (this.#fitted) this.fit();
    else {
      this.#setView(keepInSight({
        ...this.#view,
        x: this.#view.x + (this.#size.width - before.width) / 2,
        y: this.#view.y + (this.#size.height - before.height) / 2,
      }, this.#sizes()));
    }
    this.repaint();
  }

  #shownSize = "";

  #takeImage(image: typeof shownImage.value): void {
    this.#painter.setImage(image);
    const size = `${image?.width}x${image?.height}`;
    // The same image, come back from the server: the view stays.
    if (size !== this.#shownSize) {
      this.#shownSize = size;
      if (image) this.#host.dataset.image = size;
      else delete this.#host.dataset.image;
      this.#crosshair = undefined;
      this.fit();
    }
    this.repaint();
  }

  #takeTool(name: Tool, copies: Placing | undefined): void {
    // What was in the making is not lost with the change of tools.
    if (this.#pressed) this.pressCrosshair();
    if (this.#down && this.#last) this.#tool?.up(this.#last);
    this.#tool?.finish?.();
    if (copies) {
      this.#host.focus({ preventScroll: true });
      this.#tool = new PlaceTool(this, copies, this.#hover);
    } else if (name === "object") {
      this.#tool = this.#objectTool;
      if (!this.#tool) void this.#loadObjectTool();
    } else this.#tool = name === "hand" ? undefined : this.#tools[name];
    this.#down = false;
    this.#crosshair = undefined;
    this.#host.dataset.tool = name;
    this.#host.style.cursor = name === "hand" ? "grab" : "";
    this.repaint();
  }

  async #loadObjectTool(): Promise<void> {
    try {
      const { ObjectTool } = await import("../later.ts");
      this.#objectTool ??= new ObjectTool(this);
    } catch (error) {
      sayError(error);
      return;
    }
    if (toolSignal.value === "object" && !placing.value) {
      this.#takeTool("object", undefined);
    }
  }

  #toPointer(raw: RawPointer): StagePointer {
    return {
      screen: raw.at,
      at: toImage(this.#view, raw.at),
      shift: raw.shift,
      alt: raw.alt,
      time: raw.time,
      reach: REACH[raw.type] / this.#view.scale,
    };
  }

  #crosshairPointer(): StagePointer {
    const at = this.#crosshair!;
    return {
      screen: toScreen(this.#view, at),
      at,
      shift: false,
      alt: false,
      time: performance.now(),
      // Points that were set by keys are apart, however close they are.
      reach: 1 / this.#view.scale,
    };
  }

  #onDown(raw: RawPointer): void {
    this.#crosshair = undefined;
    this.#pressed = false;
    this.#down = true;
    const position = this.#last = this.#toPointer(raw);
    this.#painter.pen = position.at;
    this.#tool?.down(position);
    this.repaint();
  }

  #onDrag(raws: readonly RawPointer[]): void {
    if (!this.#down) return;
    const positions = raws.map((raw) => this.#toPointer(raw));
    this.#last = positions.at(-1);
    pointerSignal.value = this.#painter.pen = this.#last?.at;
    this.#tool?.drag(positions);
    this.repaint();
  }

  #onUp(raw: RawPointer): void {
    if (!this.#down) return;
    this.#down = false;
    this.#tool?.up(this.#toPointer(raw));
    this.repaint();
  }

  #onCancel(): void {
    if (!this.#down) return;
    this.#down = false;
    this.#tool?.cancel();
    this.repaint();
  }

  #onHover(raw: RawPointer): void {
    if (!shownImage.value) return;
    const position = this.#toPointer(raw);
    this.#hover = position;
    pointerSignal.value = position.at;
    this.#painter.pen = position.at;
    this.#tool?.hover?.(position);
    if (this.#tool) this.#host.style.cursor = this.#tool.cursor(position);
    this.repaint();
  }

  #onLeave(): void {
    this.#hover = undefined;
    this.#tool?.leave?.();
    pointerSignal.value = undefined;
    this.#painter.pen = undefined;
    this.repaint();
  }

  #paint(): void {
    const tool = this.#tool;
    this.#painter.paint({
      view: this.#view,
      size: this.#size,
      tool,
      still: tool?.draws === true && (this.#down || this.#pressed),
      crosshair: this.#crosshair && {
        at: toScreen(this.#view, this.#crosshair),
        held: this.#pressed,
      },
    });
  }
}
