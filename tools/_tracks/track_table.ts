/**
 * Tracks in figures: what `tools/tracks.ts inspect` prints.
 *
 * @module
 */

import {
  lengthOf,
  type RawTrack,
  type RawTracks,
} from "../../core/tracks/raw_tracks.ts";
import type { TrackIssue } from "../../core/tracks/validate.ts";

/** One track in figures; positions in px, frames at 24 per second. */
export interface TrackFigures {
  /** The index, from 0. */
  readonly track: number;
  /** How many samples there are. */
  readonly frames: number;
  /** How many of them are visible. */
  readonly visible: number;
  /** The first and the last visible frame; null when there is none. */
  readonly span: readonly [number, number] | null;
  /** Where it is first visible. */
  readonly start: readonly [number, number] | null;
  /** Where it is last visible. */
  readonly end: readonly [number, number] | null;
  /** The way along the path, in px. */
  readonly path: number;
  /** The longest step from one frame to the next, in px. */
  readonly fastest: number;
}

/** The figures of every track. */
export function trackFigures(tracks: RawTracks): TrackFigures[] {
  return tracks.map((samples, track) => {
    const seen: number[] = [];
    for (let frame = 0; frame < lengthOf(samples); frame++) {
      if (samples[frame * 3 + 2]) seen.push(frame);
    }
    const first = seen[0], last = seen.at(-1);
    const steps = seen.slice(1).flatMap((frame, i) =>
      frame === seen[i]! + 1 ? [stepTo(samples, frame)] : []
    );
    return {
      track,
      frames: lengthOf(samples),
      visible: seen.length,
      span: first === undefined ? null : [first, last!],
      start: first === undefined ? null : pointAt(samples, first),
      end: last === undefined ? null : pointAt(samples, last),
      path: steps.reduce((sum, step) => sum + step, 0),
      fastest: steps.reduce((most, step) => Math.max(most, step), 0),
    };
  });
}

function pointAt(samples: RawTrack, frame: number): readonly [number, number] {
  return [samples[frame * 3]!, samples[frame * 3 + 1]!];
}

function stepTo(samples: RawTrack, frame: number): number {
  const [x, y] = pointAt(samples, frame);
  const [fromX, fromY] = pointAt(samples, frame - 1);
  return Math.hypot(x - fromX, y - fromY);
}

/** The figures as the lines of a table, its head first. */
export function formatTable(figures: readonly TrackFigures[]): string[] {
  const head = [
    "track",
    "frames",
    "visible",
    "seen in",
    "start",
    "end",
    "path px",
    "fastest px/frame",
  ];
  const rows = figures.map((row) => [
    String(row.track),
    String(row.frames),
    String(row.visible),
    row.span ? `${row.span[0]}-${row.span[1]}` : "never",
    formatPoint(row.start),
    formatPoint(row.end),
    row.path.toFixed(1),
    row.fastest.toFixed(1),
  ]);
  const widths = head.map((title, column) =>
    Math.max(title.length, ...rows.map((row) => row[column]!.length))
  );
  return [head, ...rows].map((row) =>
    row.map((cell, column) => cell.padStart(widths[column]!)).join("  ")
  );
}

function formatPoint(point: readonly [number, number] | null): string {
  return point ? point.map((value) => value.toFixed(1)).join(", ") : "-";
}

/** A finding as one line. */
export function formatFinding(
  { severity, code, message }: TrackIssue,
): string {
  return `${severity}: ${message} [${code}]`;
}
