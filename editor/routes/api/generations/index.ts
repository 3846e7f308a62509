/** `POST /api/generations`: makes videos of stored pictures. @module */

import type { RouteHandlers } from "../../../server/route.ts";

/** Which file this is. */
export const { url } = import.meta;

/** Takes `{pictures: ["00"], engine: "preview" | "model"}`, answers with the run's number. */
export const handler: RouteHandlers = {
  POST: async (c) => {
    const body: unknown = await c.req.json();
    if (
      typeof body !== "object" || body === null ||
      !("pictures" in body) || !Array.isArray(body.pictures) ||
      body.pictures.length === 0 || body.pictures.length > 1000 ||
      !body.pictures.every((id) => typeof id === "string") ||
      !("engine" in body) ||
      (body.engine !== "preview" && body.engine !== "model")
    ) {
      throw new TypeError(
        'Cannot start: expected {"pictures": ["00", ...], "engine": "preview" or "model"}',
      );
    }
    const run = await c.var.generator.start(body.pictures, body.engine);
    return c.json({ id: run.id }, 201);
  },
};
