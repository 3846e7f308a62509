/**
 * The service worker of a page without a server: what the page asks for below
 * `api/` is answered here, by the same routes that the server has, over the
 * browser's own storage. All windows of the page share it, so that the tags of
 * the documents protect what each of them draws.
 *
 * @module
 */

import { Hono } from "npm:hono@4.13.19/tiny";
import { addRoutes } from "../server/add_routes.ts";
import { API_ROUTES } from "../server/api_routes.ts";
import type { EditorState } from "../server/route.ts";
import { openBrowserState } from "./browser_state.ts";
import { type OpenPage, pageFormats } from "./page_formats.ts";

/** What a service worker has besides a worker; the DOM's types leave it out. */
interface ServiceWorker {
  readonly registration: { readonly scope: string };
  readonly clients: {
    claim(): Promise<void>;
    matchAll(options: { readonly type: "window" }): Promise<OpenPage[]>;
  };
  skipWaiting(): Promise<void>;
  addEventListener(
    type: "install" | "activate" | "message" | "fetch",
    listener: (event: ServiceEvent) => void,
  ): void;
}

/** An event of a service worker. */
interface ServiceEvent {
  readonly request: Request;
  waitUntil(work: Promise<unknown>): void;
  respondWith(answer: Promise<Response>): void;
}

const worker = globalThis as unknown as ServiceWorker;
const scope = new URL(worker.registration.scope);

type App = Hono<{ Variables: EditorState }>;

async function findPage(): Promise<OpenPage | undefined> {
  const [page] = await worker.clients.matchAll({ type: "window" });
  return page;
}

let opened: Promise<App> | undefined;

/** The application; opened again after it could not be. */
function openApp(): Promise<App> {
  return opened ??= openBrowserState(scope, pageFormats(findPage)).then(
    (state) => {
      const app: App = new Hono();
      addRoutes(app, API_ROUTES, state);
      return app;
    },
  ).catch((error) => {
    opened = undefined;
    throw error;
  });
}

/** The part of an address that the routes know; undefined of other addresses. */
function routeOf(address: string): string | undefined {
  if (!address.startsWith(scope.href)) return undefined;
  const path = address.slice(scope.href.length);
  return /^(api|outputs|takes)\//.test(path) ? path : undefined;
}

async function answer(request: Request, path: string): Promise<Response> {
  const { method, headers } = request;
  const hasBody = method !== "GET" && method !== "HEAD";
  try {
    const body = hasBody ? await request.arrayBuffer() : null;
    const app = await openApp();
    return await app.fetch(
      new Request(new URL(`/${path}`, scope), { method, headers, body }),
    );
  } catch (error) {
    const said = error instanceof Error ? error.message : String(error);
    return Response.json({ error: said }, { status: 500 });
  }
}

worker.addEventListener("install", (event) => {
  event.waitUntil(worker.skipWaiting());
});
worker.addEventListener("activate", (event) => {
  event.waitUntil(worker.clients.claim());
});
// A page that was loaded past its worker asks for it.
worker.addEventListener("message", (event) => {
  event.waitUntil(worker.clients.claim());
});
worker.addEventListener("fetch", (event) => {
  const path = routeOf(event.request.url);
  if (path !== undefined) event.respondWith(answer(event.request, path));
});
