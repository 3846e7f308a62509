/**
 * The files of `routes/` that a page works with, by their names. The server
 * answers them, and so does the worker of a page without a server; what only a
 * server can do is in `app.ts`.
 *
 * @module
 */

import * as project from "../routes/api/project.ts";
import * as archive from "../routes/api/archive.ts";
import * as presets from "../routes/api/presets.ts";
import * as images from "../routes/api/images/index.ts";
import * as image from "../routes/api/images/[id].ts";
import * as imageFile from "../routes/api/images/[id]/file.ts";
import * as editorDocument from "../routes/api/images/[id]/document.ts";
import * as storedTracks from "../routes/api/images/[id]/tracks.ts";
import * as versions from "../routes/api/images/[id]/versions/index.ts";
import * as version from "../routes/api/images/[id]/versions/[time].ts";
import * as thumbnail from "../routes/api/images/[id]/thumbnail.ts";
import * as imageName from "../routes/api/images/[id]/name.ts";
import * as takes from "../routes/api/images/[id]/takes/index.ts";
import * as storedDocument from "../routes/api/images/[id]/stored.ts";
import * as examples from "../routes/api/examples/index.ts";
import * as example from "../routes/api/examples/[name]/[part].ts";
import type { RouteModule } from "./route.ts";

/** Each file's name in `routes/`, and the file. */
export const API_ROUTES: Readonly<Record<string, RouteModule>> = {
  "api/project.ts": project,
  "api/archive.ts": archive,
  "api/presets.ts": presets,
  "api/images/index.ts": images,
  "api/images/[id].ts": image,
  "api/images/[id]/file.ts": imageFile,
  "api/images/[id]/document.ts": editorDocument,
  "api/images/[id]/tracks.ts": storedTracks,
  "api/images/[id]/stored.ts": storedDocument,
  "api/images/[id]/name.ts": imageName,
  "api/images/[id]/thumbnail.ts": thumbnail,
  "api/images/[id]/takes/index.ts": takes,
  "api/images/[id]/versions/index.ts": versions,
  "api/images/[id]/versions/[time].ts": version,
  "api/examples/index.ts": examples,
  "api/examples/[name]/[part].ts": example,
};
