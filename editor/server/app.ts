/**
 * The application that the server serves: every file of `routes/`, behind the
 * guard.
 *
 * @module
 */

import { Hono } from "npm:hono@4.13.19";
import * as page from "../routes/index.ts";
import * as asset from "../routes/static/[file].ts";
import * as segment from "../routes/api/images/[id]/segment.ts";
import * as take from "../routes/api/images/[id]/takes/[number]/index.ts";
import * as takeDocument from "../routes/api/images/[id]/takes/[number]/document.ts";
import * as takeVideo from "../routes/takes/[id]/[file].ts";
import * as generations from "../routes/api/generations/index.ts";
import * as generation from "../routes/api/generations/[id].ts";
import * as outputs from "../routes/outputs/[file].ts";
import { addRoutes } from "./add_routes.ts";
import { API_ROUTES } from "./api_routes.ts";
import { bodyLimit } from "./body_limit.ts";
import { guard, type GuardOptions } from "./guard.ts";
import { MAX_IMAGE_BYTES } from "./image_header.ts";
import type { EditorState, RouteModule } from "./route.ts";

/** Every file of `routes/`, by its name there. */
export const ROUTES: Readonly<Record<string, RouteModule>> = {
  "index.ts": page,
  "static/[file].ts": asset,
  ...API_ROUTES,
  "api/images/[id]/segment.ts": segment,
  "api/images/[id]/takes/[number]/index.ts": take,
  "api/images/[id]/takes/[number]/document.ts": takeDocument,
  "takes/[id]/[file].ts": takeVideo,
  "api/generations/index.ts": generations,
  "api/generations/[id].ts": generation,
  "outputs/[file].ts": outputs,
};

/** The editor as a web application: `app.fetch(request)`. */
export function createApp(
  options: Omit<EditorState, "place"> & { readonly guard: GuardOptions },
): Hono<{ Variables: EditorState }> {
  const app = new Hono<{ Variables: EditorState }>();
  app.use(guard(options.guard));
  app.use(bodyLimit(MAX_IMAGE_BYTES));
  addRoutes(app, ROUTES, { ...options, place: "server" });
  return app;
}
