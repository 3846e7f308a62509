/**
 * What the checks say, as the page shows it: tracks by the names and
 * numbers that a person sees, not by their index in a file.
 *
 * @module
 */

import type { TrackIssue, TrackIssueCode } from "../../core/tracks/validate.ts";
import { type EditorDocument, lastFrameOf } from "./document.ts";
import type { RenderedTrack } from "./render_document.ts";

/** A issue as the page shows it. */
export interface DescribedIssue {
  /** The entry of the track list that it concerns, if any. */
  readonly id: string | undefined;
  /** What kind of issue it is, in short. */
  readonly title: string;
  /** The issue in a sentence. */
  readonly message: string;
  /** The frame that shows it. */
  readonly frame: number;
  /** Whether the tracks cannot be used like this. */
  readonly error: boolean;
}

const TITLES: Readonly<Record<TrackIssueCode, string>> = {
  "no-tracks": "No tracks",
  "not-finite": "Not a number",
  "wrong-length": "Wrong length",
  "never-visible": "Never visible",
  "start-outside": "Starts outside",
  "start-invisible": "Hidden at the start",
  "too-many": "Many tracks",
  "too-fast": "Very fast",
  "overlap": "Too close together",
};

/** The issues about a document's rendered tracks, in the same order. */
export function describeIssues(
  issues: readonly TrackIssue[],
  { document, rendered }: {
    readonly document: EditorDocument;
    readonly rendered: readonly RenderedTrack[];
  },
): DescribedIssue[] {
  const positions = new Map(document.tracks.map((t, i) => [t.id, i]));
  const nameOf = (index: number): string => {
    const part = rendered[index];
    const track = part && document.tracks[positions.get(part.id) ?? -1];
    if (!track) return `track ${index + 1}`;
    const point = track.shape.kind === "circle"
      ? `, point ${part.part + 1}`
      : "";
    return `“${track.name}”${point}`;
  };
  return issues.map((issue) => ({
    id: issue.code === "too-many" ? undefined : rendered[issue.track]?.id,
    title: TITLES[issue.code],
    message: issue.message
      .replace(
        /\btracks (\d+) and (\d+)/,
        (_, a, b) => `${nameOf(Number(a))} and ${nameOf(Number(b))}`,
      )
      .replace(/\bTrack (\d+)\b/, (_, a) => nameOf(Number(a))),
    frame: Math.min(lastFrameOf(document), issue.frame),
    error: issue.severity === "error",
  }));
}
