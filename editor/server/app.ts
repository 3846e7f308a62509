/**
 * The application: every file of `routes/` under the path that its name gives,
 * and the status that belongs to each error.
 *
 * @module
 */

import { Hono } from "npm:hono@4.13.19";
import { FormatError } from "../../core/base/errors.ts";
import { JobFileError } from "../../core/jobs/job_file.ts";
import * as page from "../routes/index.tsx";
import * as asset from "../routes/static/[file].ts";
import * as project from "../routes/api/project.ts";
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
import * as take from "../routes/api/images/[id]/takes/[number]/index.ts";
import * as takeDocument from "../routes/api/images/[id]/takes/[number]/document.ts";
import * as takeVideo from "../routes/takes/[id]/[file].ts";
import * as storedDocument from "../routes/api/images/[id]/stored.ts";
import * as examples from "../routes/api/examples/index.ts";
import * as example from "../routes/api/examples/[name]/[part].ts";
import * as generations from "../routes/api/generations/index.ts";
import * as generation from "../routes/api/generations/[id].ts";
import * as outputs from "../routes/outputs/[file].ts";
import { bodyLimit } from "./body_limit.ts";
import { guard, type GuardOptions } from "./guard.ts";
import { MAX_IMAGE_BYTES, UnsupportedImageError } from "./image_header.ts";
import { type EditorState, pathOf, type RouteModule } from "./route.ts";
import {
  ConflictError,
  NothingToStoreError,
  OutsideFolderError,
  ReplacedError,
  TooLargeError,
  TooManyRunsError,
  UnknownImageError,
} from "./store_errors.ts";

/** Every file of `routes/`. */
export const ROUTES: readonly RouteModule[] = [
  page,
  asset,
  project,
  images,
  image,
  imageFile,
  editorDocument,
  storedTracks,
  storedDocument,
  imageName,
  thumbnail,
  takes,
  take,
  takeDocument,
  takeVideo,
  versions,
  version,
  examples,
  example,
  generations,
  generation,
  outputs,
];

/** The editor as a web application: `app.fetch(request)`. */
export function createApp(
  options: EditorState & { readonly guard: GuardOptions },
): Hono<{ Variables: EditorState }> {
  const app = new Hono<{ Variables: EditorState }>();
  app.use(guard(options.guard));
  app.use(bodyLimit(MAX_IMAGE_BYTES));
  app.use(async (c, next) => {
    c.set("store", options.store);
    c.set("generator", options.generator);
    c.set("examples", options.examples);
    c.set("assets", options.assets);
    await next();
  });
  for (const route of ROUTES) {
    const path = pathOf(route);
    for (const [method, handle] of Object.entries(route.handler)) {
      app.on(method, path, handle);
    }
    app.all(path, (c) => {
      c.header("Allow", Object.keys(route.handler).join(", "));
      return c.json({ error: `${c.req.method} is not for ${path}` }, 405);
    });
  }
  app.notFound((c) => c.json({ error: "Not found" }, 404));
  app.onError((error, c) => {
    if (error instanceof ConflictError) {
      c.header("ETag", error.current.etag);
      return c.json(
        { error: error.message, current: error.current.document },
        412,
      );
    }
    if (error instanceof UnknownImageError) {
      return c.json({ error: error.message }, 404);
    }
    if (error instanceof UnsupportedImageError) {
      return c.json({ error: error.message }, 415);
    }
    if (error instanceof ReplacedError) {
      return c.json({ error: error.message, stored: error.stored }, 409);
    }
    if (error instanceof NothingToStoreError || error instanceof JobFileError) {
      return c.json({ error: error.message }, 422);
    }
    if (error instanceof OutsideFolderError) {
      return c.json({ error: error.message }, 403);
    }
    if (error instanceof TooManyRunsError) {
      return c.json({ error: error.message }, 429);
    }
    if (error instanceof TooLargeError) {
      return c.json({ error: error.message }, 413);
    }
    if (
      error instanceof TypeError || error instanceof RangeError ||
      error instanceof SyntaxError ||
      error instanceof FormatError
    ) {
      return c.json({ error: error.message }, 400);
    }
    return c.json({ error: error.message }, 500);
  });
  return app;
}
