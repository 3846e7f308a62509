/**
 * A hub on this machine: it speaks the two requests that a download takes,
 * redirects to a store at another origin as the real one does, and fails on
 * demand.
 *
 * @module
 */

import { createHash } from "node:crypto";

/** A file that the hub has. */
export interface ServedFile {
  /** Its content. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Whether it lies in the store (listed by SHA-256) or in git (by SHA-1). */
  readonly lfs?: boolean;
  /** Listed instead of the true hash. */
  readonly digest?: string;
  /** Listed instead of the true size. */
  readonly size?: number;
}

/** A request that arrived. */
export interface SeenRequest {
  readonly server: "hub" | "store";
  readonly path: string;
  readonly range: string | null;
  readonly authorization: string | null;
}

/** How the next answers of the store differ from the right ones. */
export interface StoreFaults {
  /** Break the connection after so many bytes, for each number once. */
  cuts: number[];
  /** Answer with these statuses first. */
  statuses: number[];
  /** Fall silent after so many bytes, for each number once. */
  stalls: number[];
  /** Ignore the Range header. */
  noRanges?: boolean;
  /** Send this Content-Range instead of the right one. */
  contentRange?: string;
  /** Send one byte too many. */
  tooMuch?: boolean;
}

/** A hub and its store. */
export interface HubServer extends AsyncDisposable {
  /** The hub's address. */
  readonly endpoint: string;
  /** Every request so far. */
  readonly seen: SeenRequest[];
  /** What goes wrong. */
  readonly faults: StoreFaults;
  /** Bytes that the store has sent. */
  sent(): number;
}

/** How the hub behaves. */
export interface HubServerOptions {
  /** Files per page of a list. */
  readonly pageSize?: number;
  /** The only token that is let in; none is needed when undefined. */
  readonly token?: string;
  /** Answers every resolve request with this status. */
  readonly resolveStatus?: number;
  /** Where the next page is said to be. */
  readonly nextPage?: string;
  /** Where resolve redirects to instead of the store. */
  readonly redirect?: (path: string) => string;
  /** The list's text instead of the right one. */
  readonly list?: string;
}

/** Starts a hub that has those repositories: `owner/name` to path to file. */
export function startHub(
  repositories: Readonly<Record<string, Readonly<Record<string, ServedFile>>>>,
  options: HubServerOptions = {},
): HubServer {
  const seen: SeenRequest[] = [];
  const faults: StoreFaults = { cuts: [], statuses: [], stalls: [] };
  let sent = 0;

  const note = (server: "hub" | "store", request: Request) =>
    seen.push({
      server,
      path: new URL(request.url).pathname,
      range: request.headers.get("range"),
      authorization: request.headers.get("authorization"),
    });

  const body = (bytes: Uint8Array<ArrayBuffer>) => {
    const CHUNK = 1000;
    const cut = faults.cuts.shift();
    const stall = cut === undefined ? faults.stalls.shift() : undefined;
    const stop = cut ?? stall ?? Infinity;
    let at = 0;
    return new ReadableStream<Uint8Array>({
      async pull(controller) {
        if (at >= Math.min(stop, bytes.length)) {
          if (stall !== undefined && at < bytes.length) {
            return await new Promise(() => {}); // until the client hangs up
          }
          // Fewer bytes than announced: the server breaks the connection.
          return controller.close();
        }
        const end = Math.min(at + CHUNK, stop, bytes.length);
        sent += end - at;
        controller.enqueue(bytes.subarray(at, end));
        at = end;
        // So that what was sent arrives before the connection breaks.
        await new Promise((resolve) => setTimeout(resolve, 1));
      },
    });
  };

  const send = (request: Request, bytes: Uint8Array<ArrayBuffer>) => {
    const status = faults.statuses.shift();
    if (status !== undefined) return new Response(null, { status });
    const match = /^bytes=(\d+)-(\d+)$/.exec(
      request.headers.get("range") ?? "",
    );
    if (!match || faults.noRanges) {
      return new Response(body(bytes), {
        headers: { "content-length": String(bytes.length) },
      });
    }
    const [begin, last] = [Number(match[1]), Number(match[2])];
    if (begin >= bytes.length) {
      return new Response(null, {
        status: 416,
        headers: { "content-range": `bytes */${bytes.length}` },
      });
    }
    const end = last + 1 + (faults.tooMuch ? 1 : 0);
    const part = bytes.subarray(begin, end);
    return new Response(body(part), {
      status: 206,
      headers: {
        "content-length": String(part.length),
        "content-range": faults.contentRange ??
          `bytes ${begin}-${last}/${bytes.length}`,
      },
    });
  };

  const find = (path: string): ServedFile | undefined => {
    const match = /^\/([^/]+\/[^/]+)\/resolve\/main\/(.+)$/.exec(
      decodeURIComponent(path),
    );
    return match ? repositories[match[1]!]?.[match[2]!] : undefined;
  };

  const quiet = { hostname: "127.0.0.1", port: 0, onListen() {} };
  const store = Deno.serve(quiet, (request) => {
    note("store", request);
    const url = new URL(request.url);
    const file = find(url.pathname);
    return file && url.searchParams.get("signature") === "good"
      ? send(request, file.bytes)
      : new Response(null, { status: 403 });
  });
  const storeOrigin = `http://127.0.0.1:${store.addr.port}`;

  const hub = Deno.serve(quiet, (request) => {
    note("hub", request);
    const url = new URL(request.url);
    if (
      options.token !== undefined &&
      request.headers.get("authorization") !== `Bearer ${options.token}`
    ) return new Response(null, { status: 401 });
    const tree = /^\/api\/models\/([^/]+\/[^/]+)\/tree\/main$/
      .exec(url.pathname);
    if (tree) {
      const files = repositories[tree[1]!];
      if (!files) return new Response(null, { status: 404 });
      return list(files, url);
    }
    const file = find(url.pathname);
    if (!file) return new Response(null, { status: 404 });
    if (options.resolveStatus !== undefined) {
      return new Response(null, { status: options.resolveStatus });
    }
    if (!file.lfs) return send(request, file.bytes);
    const location = options.redirect?.(url.pathname) ??
      `${storeOrigin}${url.pathname}?signature=good`;
    return new Response(null, { status: 302, headers: { location } });
  });
  const endpoint = `http://127.0.0.1:${hub.addr.port}`;

  const list = (
    files: Readonly<Record<string, ServedFile>>,
    url: URL,
  ): Response => {
    if (options.list !== undefined) return new Response(options.list);
    const entries = Object.entries(files);
    const { pageSize = 1000 } = options;
    const from = Number(url.searchParams.get("cursor") ?? 0);
    const page = entries.slice(from, from + pageSize);
    const headers = new Headers();
    if (from + pageSize < entries.length) {
      const next = options.nextPage ??
        `${endpoint}${url.pathname}?recursive=true&cursor=${from + pageSize}`;
      headers.set("link", `<${next}>; rel="next"`);
    }
    return Response.json(
      [
        { type: "directory", path: "google", oid: "0".repeat(40), size: 0 },
        ...page.map(([path, file]) => describe(path, file)),
      ],
      { headers },
    );
  };

  return {
    endpoint,
    seen,
    faults,
    sent: () => sent,
    async [Symbol.asyncDispose]() {
      // A stalled answer never ends: shutdown() would wait for it.
      const closing = Promise.all([hub.shutdown(), store.shutdown()]);
      const limit = new Promise((resolve) => setTimeout(resolve, 500));
      await Promise.race([closing, limit]);
    },
  };
}

function describe(path: string, file: ServedFile): unknown {
  const { bytes, lfs = false } = file;
  const size = file.size ?? bytes.length;
  const sha1 = createHash("sha1").update(`blob ${bytes.length}\0`)
    .update(bytes).digest("hex");
  if (!lfs) {
    return { type: "file", oid: file.digest ?? sha1, size, path };
  }
  const sha256 = createHash("sha256").update(bytes).digest("hex");
  return {
    type: "file",
    oid: sha1,
    size,
    lfs: { oid: file.digest ?? sha256, size, pointerSize: 135 },
    path,
  };
}
