/**
 * What the checks say, in the words of the page: tracks by the names and
 * numbers that a person sees, not by their index in a file.
 *
 * @module
 */

import type { TrackIssue, TrackIssueCode } from "../../core/tracks/validate.ts";
import type { EditorDocument } from "./document.ts";
import type { RenderedTrack } from "./render_document.ts";

/** A finding as the page shows it. */
export interface WordedFinding {
  /** The thing in the track list, if it concerns one. */
  readonly id: string | undefined;
  /** What kind of finding it is, in a few words. */
  readonly title: string;
  /** The finding in a sentence. */
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
  "never-visible": "Never seen",
  "start-outside": "Starts outside",
  "start-invisible": "Hidden at the start",
  "too-many": "Many tracks",
  "too-fast": "Very fast",
  "overlap": "Too close together",
};

/** The findings about a document's rendered tracks, in the same order. */
export function wordFindings(
  findings: readonly TrackIssue[],
  { document, rendered }: {
    readonly document: EditorDocument;
    readonly rendered: readonly RenderedTrack[];
  },
): WordedFinding[] {
  const places = new Map(document.tracks.map((t, i) => [t.id, i]));
  const nameOf = (index: number): string => {
    const part = rendered[index];
    const track = part && document.tracks[places.get(part.id) ?? -1];
    if (!track) return `track ${index + 1}`;
    const point = track.shape.kind === "circle"
      ? `, point ${part.part + 1}`
      : "";
    return `“${track.name}”${point}`;
  };
  return findings.map((finding) => ({
    id: finding.code === "too-many" ? undefined : rendered[finding.track]?.id,
    title: TITLES[finding.code],
    message: finding.message
      .replace(
        /\btracks (\d+) and (\d+)/,
        (_, a, b) => `${nameOf(Number(a))} and ${nameOf(Number(b))}`,
      )
      .replace(/\bTrack (\d+)\b/, (_, a) => nameOf(Number(a))),
    frame: Math.min(120, finding.frame),
    error: finding.severity === "error",
  }));
}
