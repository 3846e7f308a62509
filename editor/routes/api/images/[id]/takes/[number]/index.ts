/**
 * One take: `PUT {"starred": true}` marks it, `DELETE` moves it to the trash,
 * `POST` brings it back.
 *
 * @module
 */

import {
  IMAGE_ID,
  type RouteContext,
  type RouteHandlers,
} from "../../../../../../server/route.ts";

/** What the parameters of the path look like. */
export const params = { id: IMAGE_ID, number: "[0-9]{1,9}" };

/** Marks, deletes and restores a take. */
export const handler: RouteHandlers = {
  PUT: async (c) => {
    const body: unknown = await c.req.json();
    if (
      typeof body !== "object" || body === null || !("starred" in body) ||
      typeof body.starred !== "boolean"
    ) {
      throw new TypeError(
        'Cannot change the take: expected {"starred": true} or false',
      );
    }
    await c.var.store.takes.star(...which(c), body.starred);
    return c.body(null, 204);
  },
  DELETE: async (c) => {
    await c.var.store.takes.delete(...which(c));
    return c.body(null, 204);
  },
  POST: async (c) => {
    await c.var.store.takes.restore(...which(c));
    return c.body(null, 204);
  },
};

function which(c: RouteContext): [id: string, number: number] {
  return [c.req.param("id")!, Number(c.req.param("number"))];
}
