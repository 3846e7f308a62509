/**
 * Files of `routes/` in an application, each under the path that its name gives,
 * and the status that belongs to each error.
 *
 * @module
 */

import type { Context, Hono } from "npm:hono@4.13.19";
import { FormatError } from "../../core/base/errors.ts";
import { UnsupportedImageError } from "./image_header.ts";
import { type EditorState, pathOf, type RouteModule } from "./route.ts";
import {
  ConflictError,
  NothingToStoreError,
  OutsideFolderError,
  PresetConflictError,
  ReplacedError,
  StorageFullError,
  TooLargeError,
  TooManyRunsError,
  UnknownImageError,
} from "./store_errors.ts";

/** Adds routes, by the names of their files, that are answered from a state. */
export function addRoutes(
  app: Hono<{ Variables: EditorState }>,
  routes: Readonly<Record<string, RouteModule>>,
  state: EditorState,
): void {
  app.use(async (c, next) => {
    c.set("store", state.store);
    c.set("generator", state.generator);
    c.set("examples", state.examples);
    c.set("assets", state.assets);
    c.set("place", state.place);
    c.set("segmentation", state.segmentation);
    await next();
  });
  for (const [file, route] of Object.entries(routes)) {
    const path = pathOf(file, route);
    for (const [method, handle] of Object.entries(route.handler)) {
      app.on(method, path, handle);
    }
    app.all(path, (c) => {
      c.header("Allow", Object.keys(route.handler).join(", "));
      return c.json({ error: `${c.req.method} is not for ${path}` }, 405);
    });
  }
  app.notFound((c) => c.json({ error: "Not found" }, 404));
  app.onError(answerError);
}

function answerError(error: Error, c: Context): Response {
  if (error instanceof ConflictError) {
    c.header("ETag", error.current.etag);
    return c.json(
      { error: error.message, current: error.current.document },
      412,
    );
  }
  if (error instanceof PresetConflictError) {
    c.header("ETag", error.etag);
    return c.json({ error: error.message }, 412);
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
  // Where another worker has read the job file, only the name is left of it.
  if (
    error instanceof NothingToStoreError || error.name === "JobFileError"
  ) {
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
  if (error instanceof StorageFullError) {
    return c.json({ error: error.message }, 507);
  }
  if (
    error instanceof TypeError || error instanceof RangeError ||
    error instanceof SyntaxError ||
    error instanceof FormatError
  ) {
    return c.json({ error: error.message }, 400);
  }
  return c.json({ error: error.message }, 500);
}
