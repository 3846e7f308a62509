/** `GET /api/examples`: what can be opened to play with. @module */

import type { RouteHandlers } from "../../../server/route.ts";

/** Lists the examples; none where they cannot be read. */
export const handler: RouteHandlers = {
  GET: async (c) => c.json(await c.var.examples.list()),
};
