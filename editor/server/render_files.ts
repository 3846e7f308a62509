/**
 * What "Store Tracks" makes of a document: the same files on a server and in a
 * browser.
 *
 * @module
 */

import { formatObjects } from "../../core/tracks/motion_objects.ts";
import { writeTracks } from "../../core/tracks/write_tracks.ts";
import type { EditorDocument } from "../model/document.ts";
import { motionObjects } from "../model/objects.ts";
import { renderDocument, renderTracks } from "../model/render_document.ts";
import "../model/scene_camera.ts";
import type { RenderedFiles } from "./project_formats.ts";
import { digest } from "./tagged_document.ts";

/** The files of a document; no bytes where it has no track to store. */
export async function renderFiles(
  document: EditorDocument,
): Promise<RenderedFiles> {
  const tracks = renderDocument(document);
  if (tracks.count === 0) {
    return { count: 0, pth: new Uint8Array(0), objects: undefined };
  }
  const pth = await writeTracks(tracks, "pth");
  const objects = motionObjects(document, renderTracks(document));
  const { width, height } = document;
  return {
    count: tracks.count,
    pth,
    objects: objects.length === 0 ? undefined : formatObjects({
      image: { width, height },
      trackHash: await digest(pth),
      objects,
    }),
  };
}
