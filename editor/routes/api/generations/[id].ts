/** One run: `GET` streams its events, `DELETE` cancels it. @module */

import type { RouteHandlers } from "../../../server/route.ts";

/** What the parameters of the path look like. */
export const params = { id: "[0-9]+" };

/** Streams a run's events as server-sent events, from its first one. */
export const handler: RouteHandlers = {
  GET: (c) => {
    const run = c.var.generator.find(Number(c.req.param("id")));
    if (!run) return c.json({ error: unknown(c.req.param("id")!) }, 404);
    const events = run.events()[Symbol.asyncIterator]();
    const body = new ReadableStream<Uint8Array>({
      async pull(controller) {
        const { done, value } = await events.next();
        if (done) return controller.close();
        controller.enqueue(
          new TextEncoder().encode(`data: ${JSON.stringify(value)}\n\n`),
        );
      },
      async cancel() {
        await events.return?.();
      },
    });
    c.header("Content-Type", "text/event-stream");
    return c.body(body);
  },
  DELETE: (c) => {
    const run = c.var.generator.find(Number(c.req.param("id")));
    if (!run) return c.json({ error: unknown(c.req.param("id")!) }, 404);
    run.cancel();
    return c.body(null, 204);
  },
};

/** Runs are numbered anew with every start of the editor. */
function unknown(id: string): string {
  return `No run ${id} since the editor was started: what earlier runs have made are takes of their images`;
}
