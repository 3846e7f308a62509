/**
 * What every file in `routes/` is given and exports.
 *
 * @module
 */

import type { Context } from "npm:hono@4.13.19";
import type { Assets } from "./assets.ts";
import type { Examples } from "./examples.ts";
import type { Generator } from "./generator.ts";
import type { ProjectStore } from "./store.ts";

/** What every handler finds in its context. */
export interface EditorState {
  /** The project folder. */
  readonly store: ProjectStore;
  /** Starts previews and generations in a process of their own. */
  readonly generator: Generator;
  /** Images to play with. */
  readonly examples: Examples;
  /** The files of the page. */
  readonly assets: Assets;
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
