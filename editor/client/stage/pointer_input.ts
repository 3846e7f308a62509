/**
 * Pointer events made simple: one pointer that draws, two fingers that move the
 * view, a wheel that zooms. A gesture that was begun always ends: when the
 * pointer leaves the window, is cancelled or lost, where it was last counts.
 *
 * @module
 */

import type { Point } from "../../model/document.ts";

/** One position of the pointer, CSS px from the element's corner. */
export interface RawPointer {
  /** Where. */
  readonly at: Point;
  /** Shift is held. */
  readonly shift: boolean;
  /** Alt is held. */
  readonly alt: boolean;
  /** When, in ms. */
  readonly time: number;
  /** What points. */
  readonly type: "mouse" | "pen" | "touch";
}

/** What happens to the pointer. */
export interface PointerInputEvents {
  /** Whether pressing moves the view, whatever the button. */
  pans(): boolean;
  /** Pressed. */
  down(pointer: RawPointer): void;
  /** Moved while pressed, every position since the last call. */
  drag(pointers: readonly RawPointer[]): void;
  /** Released, or lost. */
  up(pointer: RawPointer): void;
  /** It was no drawing after all: a second finger came. */
  cancel(): void;
  /** Moved without being pressed. */
  hover(pointer: RawPointer): void;
  /** Went away. */
  leave(): void;
  /** The view should move, CSS px. */
  pan(by: { readonly dx: number; readonly dy: number }): void;
  /** The view should be scaled about a position. */
  zoom(factor: number, at: Point): void;
  /** Pressed twice at one position. */
  doubleClick(pointer: RawPointer): void;
}

/** A second finger later than this, in ms, is the palm. */
const PINCH_WITHIN = 300;
/** Two presses within this time and distance are a double click. */
const DOUBLE = { time: 350, distance: 6 } as const;

/** Whether the space bar is held: then pressing moves the view. */
export const spaceBar: { held: boolean; used: boolean } = {
  held: false,
  used: false,
};

/** Listens to one element. */
export class PointerInput implements Disposable {
  readonly #element: HTMLElement;
  readonly #events: PointerInputEvents;
  readonly #listening = new AbortController();
  readonly #touches = new Map<number, Point>();
  /** The pointer that draws, or moves the view. */
  #active: { id: number; pans: boolean; last: RawPointer } | undefined;
  #lastPress: { at: Point; time: number; count: number } | undefined;

  /** Listens until it is disposed of. */
  constructor(element: HTMLElement, events: PointerInputEvents) {
    this.#element = element;
    this.#events = events;
    const { signal } = this.#listening;
    const on = (name: string, handle: (event: PointerEvent) => void) =>
      element.addEventListener(name, handle as (event: Event) => void, {
        signal,
      });
    on("pointerdown", (event) => this.#down(event));
    on("pointermove", (event) => this.#move(event));
    on("pointerup", (event) => this.#end(event));
    on("pointercancel", (event) => this.#end(event));
    on("lostpointercapture", (event) => this.#end(event));
    on("pointerleave", () => {
      if (!this.#active) events.leave();
    });
    element.addEventListener("wheel", (event) => this.#wheel(event), {
      signal,
      passive: false,
    });
  }

  /** Stops listening. */
  [Symbol.dispose](): void {
    this.#listening.abort();
  }

  #down(event: PointerEvent): void {
    if ((event.target as Element).closest("button, a, input")) return;
    if (event.button > 1) return;
    event.preventDefault(); // No text is selected, no second mouse event comes.
    this.#element.focus({ preventScroll: true });
    // Only pointers of a hand can be captured, not those of a test's script.
    try {
      this.#element.setPointerCapture(event.pointerId);
    } catch { /* Its events come anyway while it is above. */ }
    const raw = this.#raw(event);
    if (event.pointerType === "touch") {
      this.#touches.set(event.pointerId, raw.at);
      if (this.#active && this.#touches.size === 2) {
        const early = raw.time - (this.#lastPress?.time ?? 0) < PINCH_WITHIN;
        if (!this.#active.pans && !early) return;
        if (!this.#active.pans) this.#events.cancel();
        this.#active.pans = true;
        return;
      }
    }
    if (this.#active) return;
    const pans = event.button === 1 || spaceBar.held || this.#events.pans();
    if (spaceBar.held) spaceBar.used = true;
    this.#active = { id: event.pointerId, pans, last: raw };
    const before = this.#lastPress;
    const twice = before !== undefined && before.count === 1 &&
      raw.time - before.time < DOUBLE.time &&
      distance(before.at, raw.at) < DOUBLE.distance;
    this.#lastPress = { at: raw.at, time: raw.time, count: twice ? 2 : 1 };
    if (pans) return;
    this.#events.down(raw);
  }

  #move(event: PointerEvent): void {
    const raw = this.#raw(event);
    const active = this.#active;
    if (!active) {
      this.#events.hover(raw);
      return;
    }
    if (this.#touches.size === 2 && active.pans) {
      this.#pinch(event.pointerId, raw.at);
      return;
    }
    if (event.pointerId !== active.id) return;
    if (this.#touches.has(event.pointerId)) {
      this.#touches.set(event.pointerId, raw.at);
    }
    if (active.pans) {
      this.#events.pan({
        dx: raw.at.x - active.last.at.x,
        dy: raw.at.y - active.last.at.y,
      });
    } else {
      const all = event.getCoalescedEvents?.() ?? [];
      this.#events.drag(
        all.length > 0 ? all.map((one) => this.#raw(one)) : [raw],
      );
    }
    active.last = raw;
  }

  #pinch(id: number, at: Point): void {
    const before = this.#touches.get(id);
    const other = [...this.#touches].find(([key]) => key !== id)?.[1];
    if (!before || !other) return;
    this.#touches.set(id, at);
    const middle = { x: (at.x + other.x) / 2, y: (at.y + other.y) / 2 };
    this.#events.pan({ dx: (at.x - before.x) / 2, dy: (at.y - before.y) / 2 });
    this.#events.zoom(
      Math.max(1, distance(at, other)) / Math.max(1, distance(before, other)),
      middle,
    );
  }

  #end(event: PointerEvent): void {
    this.#touches.delete(event.pointerId);
    const active = this.#active;
    if (!active) return;
    if (active.id !== event.pointerId) {
      // Of two fingers one stays: it continues to move the view from there.
      const left = this.#touches.get(active.id);
      if (left) active.last = { ...active.last, at: left };
      return;
    }
    this.#active = undefined;
    if (active.pans) return;
    // A lost pointer's event may carry no position: the last one counts.
    this.#events.up(
      event.type === "pointerup" ? this.#raw(event) : active.last,
    );
    const press = this.#lastPress;
    if (event.type === "pointerup" && press?.count === 2) {
      this.#lastPress = undefined;
      const raw = this.#raw(event);
      // A press that went on as a drag was no second click.
      if (distance(press.at, raw.at) < DOUBLE.distance) {
        this.#events.doubleClick(raw);
      }
    }
  }

  #wheel(event: WheelEvent): void {
    event.preventDefault();
    const { at } = this.#raw(event);
    // Lines and pages are as long as some px.
    const unit = [1, 16, 400][event.deltaMode] ?? 1;
    if (event.shiftKey && !event.ctrlKey) {
      this.#events.pan({
        dx: -(event.deltaX || event.deltaY) * unit,
        dy: 0,
      });
      return;
    }
    // A pinch on a touch pad comes as a wheel with Ctrl, in small steps.
    const speed = event.ctrlKey ? 0.01 : 0.002;
    const way = Math.max(-300, Math.min(300, event.deltaY * unit));
    this.#events.zoom(Math.exp(-way * speed), at);
  }

  #raw(event: PointerEvent | WheelEvent): RawPointer {
    const box = this.#element.getBoundingClientRect();
    const type = "pointerType" in event ? event.pointerType : "mouse";
    return {
      at: { x: event.clientX - box.left, y: event.clientY - box.top },
      shift: event.shiftKey,
      alt: event.altKey,
      time: event.timeStamp,
      type: type === "touch" || type === "pen" ? type : "mouse",
    };
  }
}

function distance(a: Point, b: Point): number {
  return Math.hypot(a.x - b.x, a.y - b.y);
}
