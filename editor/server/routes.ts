/**
 * The table of routes: each file in `routes/` exports its handlers by HTTP
 * method, as in Fresh, and stands here once with its path.
 *
 * @module
 */

import { type Context, Hono } from "npm:hono@4.13.19";
import { FormatError } from "../../core/base/errors.ts";
import { JobFileError } from "../../core/jobs/job_file.ts";
import { handler as page } from "../routes/index.tsx";
import { handler as asset } from "../routes/static/[file].ts";
import { handler as project } from "../routes/api/project.ts";
import { handler as pictures } from "../routes/api/pictures/index.ts";
import { handler as picture } from "../routes/api/pictures/[id].ts";
import { handler as image } from "../routes/api/pictures/[id]/image.ts";
import { handler as editorDocument } from "../routes/api/pictures/[id]/document.ts";
import { handler as storedTracks } from "../routes/api/pictures/[id]/tracks.ts";
import { handler as examples } from "../routes/api/examples/index.ts";
import { handler as example } from "../routes/api/examples/[name]/[part].ts";
import { handler as generations } from "../routes/api/generations/index.ts";
import { handler as generation } from "../routes/api/generations/[id].ts";
import { handler as outputs } from "../routes/outputs/[file].ts";
import type { Examples } from "./examples.ts";
import { bodyLimit } from "./body_limit.ts";
import type { Generator } from "./generator.ts";
import { guard, type GuardOptions } from "./guard.ts";
import {
  MAX_PICTURE_BYTES,
  UnsupportedPictureError,
} from "./picture_header.ts";
import type { ProjectStore } from "./store.ts";
import {
  ConflictError,
  NothingToStoreError,
  ReplacedError,
  UnknownPictureError,
} from "./store_errors.ts";

/** What every handler finds in its context. */
export interface EditorState {
  /** The project folder. */
  readonly store: ProjectStore;
  /** Starts previews and generations in a process of their own. */
  readonly generator: Generator;
  /** Pictures to play with. */
  readonly examples: Examples;
}

/** A request, and the state it is answered from. */
export type RouteContext = Context<{ Variables: EditorState }>;

/** The handlers of one route, by HTTP method. */
export type RouteHandlers = Partial<
  Record<
    "GET" | "POST" | "PUT" | "DELETE",
    (c: RouteContext) => Response | Promise<Response>
  >
>;

const ROUTES: readonly (readonly [path: string, handlers: RouteHandlers])[] = [
  ["/", page],
  ["/static/:file", asset],
  ["/api/project", project],
  ["/api/pictures", pictures],
  ["/api/pictures/:id{[0-9]{2,6}}", picture],
  ["/api/pictures/:id{[0-9]{2,6}}/image", image],
  ["/api/pictures/:id{[0-9]{2,6}}/document", editorDocument],
  ["/api/pictures/:id{[0-9]{2,6}}/tracks", storedTracks],
  ["/api/examples", examples],
  ["/api/examples/:name/:part{image|tracks}", example],
  ["/api/generations", generations],
  ["/api/generations/:id{[0-9]+}", generation],
  ["/outputs/:file{[0-9]{2,6}\\.mp4}", outputs],
];

/** The editor as a web application: `app.fetch(request)`. */
export function createApp(
  options: EditorState & { readonly guard: GuardOptions },
): Hono<{ Variables: EditorState }> {
  const app = new Hono<{ Variables: EditorState }>();
  app.use(guard(options.guard));
  app.use(bodyLimit(MAX_PICTURE_BYTES));
  app.use(async (c, next) => {
    c.set("store", options.store);
    c.set("generator", options.generator);
    c.set("examples", options.examples);
    await next();
  });
  for (const [path, handlers] of ROUTES) {
    for (const [method, handle] of Object.entries(handlers)) {
      app.on(method, path, handle);
    }
    app.all(path, (c) => {
      c.header("Allow", Object.keys(handlers).join(", "));
      return c.json({ error: `${c.req.method} is not for ${path}` }, 405);
    });
  }
  app.notFound((c) => c.json({ error: "There is nothing here" }, 404));
  app.onError((error, c) => {
    if (error instanceof ConflictError) {
      c.header("ETag", error.current.etag);
      return c.json(
        { error: error.message, current: error.current.document },
        412,
      );
    }
    if (error instanceof UnknownPictureError) {
      return c.json({ error: error.message }, 404);
    }
    if (error instanceof UnsupportedPictureError) {
      return c.json({ error: error.message }, 415);
    }
    if (error instanceof ReplacedError) {
      return c.json({ error: error.message, stored: error.stored }, 409);
    }
    if (error instanceof NothingToStoreError || error instanceof JobFileError) {
      return c.json({ error: error.message }, 422);
    }
    if (error instanceof RangeError) {
      return c.json({ error: error.message }, 413);
    }
    if (
      error instanceof TypeError || error instanceof SyntaxError ||
      error instanceof FormatError
    ) {
      return c.json({ error: error.message }, 400);
    }
    return c.json({ error: error.message }, 500);
  });
  return app;
}
