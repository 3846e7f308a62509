/**
 * `POST /api/generations`: makes videos of stored images, or goes on with what
 * was cancelled. `GET` lists what can be gone on with, `DELETE ?run=NAME`
 * discards it.
 *
 * @module
 */

import { describeIdleMotion } from "../../../../core/control/resolve_control.ts";
import { parseGenerateValues } from "../../../model/generate_settings.ts";
import type { RouteHandlers } from "../../../server/route.ts";

/**
 * `POST` takes `{images: ["00"], engine: "preview" | "model", settings?: {...}}`
 * or `{resume: NAME}`, and answers with the run's number.
 */
export const handler: RouteHandlers = {
  GET: async (c) => c.json({ unfinished: await c.var.generator.unfinished() }),
  DELETE: async (c) => {
    await c.var.generator.discard(c.req.query("run") ?? "");
    return c.body(null, 204);
  },
  POST: async (c) => {
    const body: unknown = await c.req.json();
    if (
      typeof body === "object" && body !== null && "resume" in body &&
      typeof body.resume === "string"
    ) {
      const { id } = await c.var.generator.resume(body.resume);
      return c.json({ id }, 201);
    }
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
    const { images, engine } = body;
    const settings = parseGenerateValues(
      "settings" in body ? body.settings : {},
    );
    const idle = engine === "model" &&
      describeIdleMotion(settings, (key, value) => `${key}: ${value}`);
    if (idle) throw new TypeError(`Cannot start: ${idle}`);
    const run = await c.var.generator.start(images, engine, settings);
    return c.json({ id: run.id }, 201);
  },
};
