/** `GET /takes/NN/3.mp4`: the video of a take, with byte ranges. @module */

import { IMAGE_ID, type RouteHandlers } from "../../../server/route.ts";
import { videoResponse } from "../../../server/video_response.ts";

/** What the parameters of the path look like. */
export const params = { id: IMAGE_ID, file: "[0-9]{1,9}\\.mp4" };

/** Serves a take; its content never changes. */
export const handler: RouteHandlers = {
  GET: async (c) => {
    const bytes = await c.var.store.takes.readVideo(
      c.req.param("id")!,
      parseInt(c.req.param("file")!),
    );
    c.header("Cache-Control", "private, max-age=31536000, immutable");
    return videoResponse(c, bytes);
  },
};
