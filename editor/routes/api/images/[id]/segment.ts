/**
 * `POST`: the outline of the object at some points, found by the model that the
 * editor was pointed to.
 *
 * @module
 */

import { IMAGE_ID, type RouteHandlers } from "../../../../server/route.ts";
import { parsePoints } from "../../../../server/segmentation.ts";

/** What the parameters of the path look like. */
export const params = { id: IMAGE_ID };

/** Takes `{ points: [{ x, y, inside }] }`, px of the image. */
export const handler: RouteHandlers = {
  POST: async (c) => {
    const { segmentation } = c.var;
    if (!segmentation) {
      return c.json({
        error:
          "Cannot select with a model: there is none. HINT: Start the editor with --segment-model FOLDER.",
      }, 404);
    }
    const points = parsePoints(await c.req.json());
    const outline = await segmentation.select(c.req.param("id")!, points);
    return c.json({ outline });
  },
};
