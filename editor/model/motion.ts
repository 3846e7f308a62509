/**
 * Motion that is carried from image to image: some tracks of a document, or
 * all of them with the moves of the camera, as a JSON text for the clipboard,
 * for presets and for files.
 *
 * @module
 */

import {
  type CameraMove,
  type EditorDocument,
  lastFrameOf,
  MAX_TRACKS,
} from "./document.ts";
import { goesOnAfter, withLength } from "./document_length.ts";
import { moveShape, newId, shapePositions } from "./edits.ts";
import { rescaleDocument } from "./rescale_document.ts";

/** The key by which the JSON is known, and its version. */
const KEY = "atiMotion";
const VERSION = 1;

/** A size in px. */
export interface MotionSize {
  /** Width. */
  readonly width: number;
  /** Height. */
  readonly height: number;
}

/**
 * The part of a document that is motion: the tracks with these ids, or all of
 * them and the camera's moves. Without its prompts.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { emptyDocument } from "./document.ts";
 * import { motionOf } from "./motion.ts";
 * const document = emptyDocument({ width: 8, height: 6 });
 * assert.equal(motionOf({ ...document, prompt: "a boat" }).prompt, "");
 * ```
 */
export function motionOf(
  document: EditorDocument,
  ids?: ReadonlySet<string>,
): EditorDocument {
  const { nextPrompts: _, ...rest } = document;
  return {
    ...rest,
    prompt: "",
    negative: "",
    tracks: document.tracks.filter((track) => !ids || ids.has(track.id)),
    camera: ids ? [] : document.camera,
  };
}

/** A motion as JSON. */
export function formatMotion(motion: EditorDocument): string {
  return JSON.stringify({ [KEY]: VERSION, document: motion });
}

/**
 * The document in a text that {@linkcode formatMotion} made, not yet checked;
 * undefined for any other text.
 *
 * @throws {TypeError} When it is of a later version.
 */
export function findMotion(text: string): unknown {
  if (!text.includes(`"${KEY}"`)) return undefined;
  let value: Record<string, unknown> | undefined;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  const version = value?.[KEY];
  if (version === undefined) return undefined;
  if (version !== VERSION) {
    throw new TypeError(
      `Cannot read the motion: its version is ${version}, expected ${VERSION}`,
    );
  }
  return value?.document;
}

/** The most moves of the camera. */
const MAX_MOVES = 100;

/** The offset of a copy from what it would cover, px of a 480 px image. */
const OFFSET = 24;

/**
 * A document with a motion added: under new ids, under new names where one is
 * taken, next to what it would cover exactly. It keeps its times: the document
 * becomes as long as the motion where it would not be seen to its end.
 *
 * @param options With `scaled` positions keep their share of the image's
 * width and height, else they stay px.
 * @throws {RangeError} When there is no room for it.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { emptyDocument } from "./document.ts";
 * import { addTracks, createTrack } from "./edits.ts";
 * import { addMotion, motionOf } from "./motion.ts";
 * const from = emptyDocument({ width: 80, height: 60 });
 * const track = createTrack(from, { kind: "static", x: 40, y: 30 });
 * const { document } = addMotion(
 *   emptyDocument({ width: 800, height: 600 }),
 *   motionOf(addTracks(from, [track])),
 *   { scaled: true },
 * );
 * const { shape } = document.tracks[0]!;
 * assert.ok(shape.kind === "static" && shape.x === 400);
 * ```
 */
export function addMotion(
  document: EditorDocument,
  motion: EditorDocument,
  options: { readonly scaled: boolean },
): { readonly document: EditorDocument; readonly ids: string[] } {
  const { width, height } = document;
  const last = lastFrameOf(document), motionEnd = lastFrameOf(motion);
  const goesOn = motionEnd > last && goesOnAfter(motion, last) > 0;
  const frames = 1 + (goesOn ? motionEnd : last);
  const fitted = withLength(
    options.scaled ? rescaleDocument(motion, { width, height }) : motion,
    frames,
  );
  const ids = new Map(fitted.tracks.map((track) => [track.id, newId()]));
  const names = new Set(document.tracks.map((track) => track.name));
  const by = freeOffset(document, fitted);
  const tracks = fitted.tracks.map((track) => {
    const name = freeName(track.name, names);
    names.add(name);
    const shape = by === 0
      ? track.shape
      : moveShape(track.shape, { dx: by, dy: by });
    return { ...track, id: ids.get(track.id)!, name, shape };
  });
  const camera = fitted.camera.map((move): CameraMove => ({
    ...move,
    id: newId(),
    applies: move.applies === "all"
      ? "all"
      : move.applies.flatMap((id) => ids.get(id) ?? []),
  }));
  const longer = withLength(document, frames);
  const next = {
    ...longer,
    tracks: [...longer.tracks, ...tracks],
    camera: [...document.camera, ...camera],
    // What the camera moves in comes along, where there is nothing yet.
    ...document.scene === undefined && camera.length > 0 && fitted.scene &&
      { scene: fitted.scene },
  };
  checkRoom(next);
  return { document: next, ids: [...ids.values()] };
}

/** The farthest position that a document may hold, px. */
const FARTHEST = 1_000_000;

/** What the server would refuse must not enter a document. */
function checkRoom({ tracks, camera }: EditorDocument): void {
  if (tracks.length > MAX_TRACKS || camera.length > MAX_MOVES) {
    throw new RangeError(
      `Cannot add the motion: the image would have ${tracks.length} tracks and ${camera.length} camera moves, expected at most ${MAX_TRACKS} and ${MAX_MOVES}`,
    );
  }
  const far = tracks.find(({ shape }) =>
    shapePositions(shape).some(({ x, y }) =>
      !(Math.max(Math.abs(x), Math.abs(y)) <= FARTHEST)
    )
  );
  if (far) {
    throw new RangeError(
      `Cannot add the motion: ${far.name} would be beyond ${FARTHEST} px`,
    );
  }
}

/**
 * A name with the next number that is not taken. More digits are a date, or
 * more than can be counted on.
 */
function freeName(name: string, taken: ReadonlySet<string>): string {
  if (!taken.has(name)) return name;
  const [, stem, last] = /^(.*?) ?(?<!\d)(\d{1,9})$/s.exec(name) ??
    [, name, 1];
  for (let number = Number(last) + 1;; number++) {
    const next = `${stem!.slice(0, 190)} ${number}`;
    if (!taken.has(next)) return next;
  }
}

/** How far a motion is moved so that it covers no track exactly, px. */
function freeOffset(document: EditorDocument, motion: EditorDocument): number {
  const taken = new Set(document.tracks.map((t) => JSON.stringify(t.shape)));
  const step = OFFSET * Math.min(document.width, document.height) / 480;
  for (let by = 0;; by += step) {
    const covers = motion.tracks.some(({ shape }) =>
      taken.has(JSON.stringify(
        by === 0 ? shape : moveShape(shape, {
          dx: by,
          dy: by,
        }),
      ))
    );
    if (!covers) return by;
  }
}
