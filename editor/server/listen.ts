/**
 * Listening for requests: by `Deno.serve` for this machine's own browser, by
 * `listen_remote.ts`, which limits how long a connection may take, for others.
 *
 * @module
 */

import { isLoopback } from "./guard.ts";
import type { Handler, Listening } from "./listen_remote.ts";

/**
 * Listens on an address.
 *
 * @throws {Error} As the system does, for example when the port is in use.
 */
export async function listen(
  address: { readonly hostname: string; readonly port: number },
  handle: Handler,
): Promise<Listening> {
  if (!isLoopback(address.hostname)) {
    // Twice the time of the start goes into it, which remote users can wait for.
    const { listenRemote } = await import("./listen_remote.ts");
    return await listenRemote(address, handle);
  }
  const server = Deno.serve({ ...address, onListen: () => {} }, handle);
  return { port: server.addr.port, close: () => server.shutdown() };
}
