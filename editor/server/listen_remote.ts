/**
 * An HTTP server for other machines: a connection that sends its request too
 * slowly is closed, and so is one that goes on sending after its answer.
 *
 * @module
 */

import {
  createServer,
  type IncomingMessage,
  type ServerResponse,
} from "node:http";

/** Answers one request. */
export type Handler = (request: Request) => Response | Promise<Response>;

/** A listening server. */
export interface Listening {
  /** The port it listens on. */
  readonly port: number;
  /** Stops listening, and waits for the answers that are being sent. */
  close(): Promise<void>;
}

/** How long a client may take, in ms. */
export interface TimeLimits {
  /** For the head of a request. */
  readonly head: number;
  /** For a whole request, the body included. */
  readonly request: number;
}

const LIMITS: TimeLimits = { head: 10_000, request: 300_000 };

/** Answers that are still being sent have this long when it closes, in ms. */
const CLOSE_TIME = 2000;

/**
 * Listens on an address; see `listen.ts`.
 *
 * @throws {Deno.errors.NotCapable} Without the permission to.
 */
export async function listenRemote(
  { hostname, port }: { readonly hostname: string; readonly port: number },
  handle: Handler,
  limits: TimeLimits = LIMITS,
): Promise<Listening> {
  // Without it node's server throws where nothing can catch it.
  const host = `${hostname.includes(":") ? `[${hostname}]` : hostname}:${port}`;
  const { state } = await Deno.permissions.request({ name: "net", host });
  if (state !== "granted") {
    throw new Deno.errors.NotCapable(
      `Requires net access to ${JSON.stringify(host)}`,
    );
  }
  const server = createServer({
    headersTimeout: limits.head,
    requestTimeout: limits.request,
    keepAliveTimeout: 5000,
    connectionsCheckingInterval: Math.min(1000, limits.head / 2),
  }, (incoming, outgoing) => {
    answer(incoming, outgoing, handle).catch(() => incoming.socket.destroy());
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, hostname, resolve);
  });
  const bound = server.address();
  return {
    port: typeof bound === "object" && bound !== null ? bound.port : port,
    async close() {
      const closed = new Promise<void>((resolve) =>
        server.close(() => resolve())
      );
      server.closeIdleConnections();
      const timer = setTimeout(() => server.closeAllConnections(), CLOSE_TIME);
      await closed;
      clearTimeout(timer);
    },
  };
}

async function answer(
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  handle: Handler,
): Promise<void> {
  const response = await handle(toRequest(incoming));
  outgoing.statusCode = response.status;
  for (const [name, value] of response.headers) {
    if (name !== "set-cookie") outgoing.setHeader(name, value);
  }
  const cookies = response.headers.getSetCookie();
  if (cookies.length > 0) outgoing.setHeader("set-cookie", cookies);
  // The rest of a body that was refused could be endless: it is not read.
  if (!incoming.complete) outgoing.setHeader("connection", "close");
  const reader = response.body?.getReader();
  outgoing.once("close", () => void reader?.cancel().catch(() => {}));
  for (;;) {
    const { done, value } = await reader?.read() ?? { done: true };
    if (done || outgoing.destroyed) break;
    if (!outgoing.write(value)) {
      await new Promise<void>((resolve) => {
        outgoing.once("drain", resolve);
        outgoing.once("close", resolve);
      });
    }
  }
  outgoing.end();
}

/** The request as the handlers know it. */
function toRequest(incoming: IncomingMessage): Request {
  const { method = "GET", url = "/", rawHeaders } = incoming;
  const headers = new Headers();
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    headers.append(rawHeaders[i]!, rawHeaders[i + 1]!);
  }
  const hasBody = method !== "GET" && method !== "HEAD" &&
    (headers.has("transfer-encoding") ||
      Number(headers.get("content-length") ?? 0) > 0);
  return new Request(new URL(url, "http://editor.invalid"), {
    method,
    headers,
    ...(hasBody ? { body: bodyOf(incoming) } : {}),
  });
}

function bodyOf(incoming: IncomingMessage): ReadableStream<Uint8Array> {
  return new ReadableStream({
    start(controller) {
      incoming.on("data", (chunk: Uint8Array) => {
        controller.enqueue(new Uint8Array(chunk));
        incoming.pause();
      });
      incoming.once("end", () => controller.close());
      incoming.once("error", (error) => controller.error(error));
      incoming.pause();
    },
    pull: () => void incoming.resume(),
    cancel: () => void incoming.removeAllListeners("data").pause(),
  });
}
