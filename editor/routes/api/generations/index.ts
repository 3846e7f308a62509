/** `POST /api/generations`: makes videos of stored images. @module */

import { parseGenerateValues } from "../../../model/generate_settings.ts";
import type { RouteHandlers } from "../../../server/route.ts";

/**
 * Takes `{images: ["00"], engine: "preview" | "model", settings?: {...}}`,
 * answers with the run's number.
 */
export const handler: RouteHandlers = {
  POST: async (c) => {
    const body: unknown = await c.req.json();
    if (
      typeof body !== "object" || body === null ||
      !("images" in body) || !Array.isArray(body.images) ||
      body.images.length === 0 || body.images.length > 1000 ||
      !body.images.every((id) => typeof id === "string") ||
      !("engine" in body) ||
      (body.engine !== "preview" && body.engine !== "model")
    ) {
      throw new TypeError(
        'Cannot start: expected {"images": ["00", ...], "engine": "preview" or "model"}',
      );
    }
    const settings = "settings" in body ? body.settings : {};
    const run = await c.var.generator.start(
      body.images,
      body.engine,
      parseGenerateValues(settings),
    );
    return c.json({ id: run.id }, 201);
  },
};
