/**
 * What every file in `routes/` is given and exports: `handler` with a function
 * for each HTTP method, as in Fresh, and `params` where a parameter of its path
 * must match a pattern.
 *
 * @module
 */

import type { Context } from "npm:hono@4.13.19";
import type { Assets } from "./assets.ts";
import type { Examples } from "./examples.ts";
import type { Generator } from "./generator.ts";
import type { Segmentation } from "./segmentation.ts";
import type { ProjectStore } from "./store.ts";

/** A server with a project folder, or the browser with its own storage. */
export type Place = "server" | "browser";

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
  /** Selects objects with a model, where there is one. */
  readonly segmentation?: Segmentation | undefined;
  /** Where this runs: a server, or the browser's own worker. */
  readonly place: Place;
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

/**
 * The JSON that a request carries.
 *
 * @param what what it should be, with its verb: "the document: it is"
 * @throws {TypeError} When it is not JSON.
 */
export async function readBody(
  c: RouteContext,
  what: string,
): Promise<unknown> {
  try {
    return await c.req.json();
  } catch (cause) {
    throw new TypeError(`Cannot read ${what} not JSON`, { cause });
  }
}

/** A file of `routes/`. */
export interface RouteModule {
  /** Its handlers. */
  readonly handler: RouteHandlers;
  /** What each `[parameter]` of its path must match, as a regular expression. */
  readonly params?: Readonly<Record<string, string>>;
}

/**
 * The path that a file of `routes/` answers, as Hono writes it:
 * `api/runs/[id].ts` is `/api/runs/:id`, `index.tsx` is its folder.
 */
export function pathOf(
  file: string,
  { params = {} }: Pick<RouteModule, "params">,
): string {
  const path = file.replace(/\.tsx?$/, "").replace(/(?:^|\/)index$/, "");
  return "/" + path.replace(/\[(\w+)\]/g, (_, name: string) => {
    const pattern = params[name];
    return pattern === undefined ? `:${name}` : `:${name}{${pattern}}`;
  });
}

/** The number of an image, as it is part of file names. */
export const IMAGE_ID = "[0-9]{2,6}";
