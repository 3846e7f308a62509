/**
 * The application that the server serves: every file of `routes/`, behind the
 * guard.
 *
 * @module
 */

import { Hono } from "npm:hono@4.13.19";
import * as page from "../routes/index.ts";
import * as asset from "../routes/static/[file].ts";
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
