/**
 * What is drawn over the tracks now and then: the outlines of objects, the
 * influence of each track, ticks of time, the keyboard's crosshair, the loupe.
 *
 * @module
 */

import type { Point } from "../../model/document.ts";
import type { RenderedTrack } from "../../model/render_document.ts";
import { type Size, toScreen, type View } from "../../model/view.ts";
import { knob, strokeTwice } from "./paint_guides.ts";
import { disc, positionAt } from "./paint_tracks.ts";

type Context = CanvasRenderingContext2D;

/** Where an object is: its outline, filled while it is selected. */
export function paintObject(
  ctx: Context,
  outline: readonly (readonly Point[])[],
  look: {
    readonly view: View;
    readonly selected: boolean;
    readonly color: string;
  },
): void {
  const { view, selected, color } = look;
  const path = () => {
    ctx.beginPath();
    for (const ring of outline) {
      for (const [k, point] of ring.entries()) {
        const { x, y } = toScreen(view, point);
        if (k === 0) ctx.moveTo(x, y);
        else ctx.lineTo(x, y);
      }
      ctx.closePath();
    }
  };
  if (selected) {
    path();
    ctx.globalAlpha = 0.22;
    ctx.fillStyle = color;
    ctx.fill("evenodd");
    ctx.globalAlpha = 1;
  }
  strokeTwice(ctx, path, {
    width: selected ? 1.5 : 1,
    dash: selected ? [] : [4, 4],
  });
}

/**
 * A track's weight is exp(-220 d²), d in halves of the short side (ATI,
 * section 3): it falls to 37 % at 0.067 and to 1 % at 0.145 of that half.
 */
const REACHES = [1 / Math.sqrt(220), Math.sqrt(Math.log(100) / 220)] as const;

/** How far a track reaches in the frame shown: 37 % and 1 % of its weight. */
export function paintInfluence(
  ctx: Context,
  track: RenderedTrack,
  options: {
    readonly view: View;
    readonly frame: number;
    readonly image: Size;
    readonly color: string;
  },
): void {
  const { view, frame, image, color } = options;
  const { at, visible } = positionAt(track.points, { view, frame });
  if (!visible) return;
  const half = view.scale * Math.min(image.width, image.height) / 2;
  for (const [index, reach] of REACHES.entries()) {
    disc(ctx, at, reach * half);
    if (index === 0) {
      ctx.globalAlpha = 0.16;
      ctx.fillStyle = color;
      ctx.fill();
      ctx.globalAlpha = 1;
    }
    ctx.lineWidth = 2.5;
    ctx.strokeStyle = "rgba(0, 0, 0, 0.4)";
    ctx.stroke();
    ctx.setLineDash(index === 0 ? [] : [4, 4]);
    ctx.lineWidth = 1.25;
    ctx.strokeStyle = color;
    ctx.stroke();
    ctx.setLineDash([]);
  }
}

/** Dots along a track every half second: how fast it goes where. */
export function paintTicks(
  ctx: Context,
  track: RenderedTrack,
  options: { readonly view: View; readonly color: string },
): void {
  for (let frame = 0; frame < track.points.length; frame += 12) {
    const { at } = positionAt(track.points, { view: options.view, frame });
    disc(ctx, at, 3);
    ctx.fillStyle = options.color;
    ctx.fill();
    ctx.lineWidth = 1;
    ctx.strokeStyle = "#000000";
    ctx.stroke();
  }
}

/** The keyboard's crosshair. */
export function paintCrosshair(ctx: Context, at: Point, held: boolean): void {
  strokeTwice(ctx, () => {
    ctx.beginPath();
    for (const [x, y] of [[1, 0], [-1, 0], [0, 1], [0, -1]] as const) {
      ctx.moveTo(at.x + 4 * x, at.y + 4 * y);
      ctx.lineTo(at.x + 16 * x, at.y + 16 * y);
    }
  });
  if (held) knob(ctx, at, { radius: 3 });
}

/** The loupe's radius, CSS px. */
const LOUPE = 76;
/** How much it magnifies. */
const LOUPE_ZOOM = 4;

/**
 * Magnifies what is under the pointer. `paint` draws the scene into a view
 * that is clipped to the loupe.
 */
export function paintLoupe(
  ctx: Context,
  options: {
    readonly at: Point;
    readonly view: View;
    readonly ground: string;
    readonly paint: (view: View) => void;
  },
): void {
  const { at, view } = options;
  ctx.save();
  disc(ctx, at, LOUPE);
  ctx.clip();
  ctx.fillStyle = options.ground;
  ctx.fill();
  options.paint({
    scale: view.scale * LOUPE_ZOOM,
    x: at.x + LOUPE_ZOOM * (view.x - at.x),
    y: at.y + LOUPE_ZOOM * (view.y - at.y),
  });
  ctx.restore();
  strokeTwice(ctx, () => disc(ctx, at, LOUPE), { width: 2 });
  strokeTwice(ctx, () => {
    ctx.beginPath();
    ctx.moveTo(at.x - 7, at.y);
    ctx.lineTo(at.x + 7, at.y);
    ctx.moveTo(at.x, at.y - 7);
    ctx.lineTo(at.x, at.y + 7);
  }, { width: 1 });
}
