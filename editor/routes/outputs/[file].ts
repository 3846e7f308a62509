/** `GET /outputs/NN.mp4`: a finished video, with byte ranges. @module */

import { IMAGE_ID, type RouteHandlers } from "../../server/route.ts";
import { videoResponse } from "../../server/video_response.ts";

/** What the parameters of the path look like. */
export const params = { file: `${IMAGE_ID}\\.mp4` };

/** Serves the video of an image that scripts find. */
export const handler: RouteHandlers = {
  GET: async (c) => {
    const bytes = await c.var.store.readVideo(c.req.param("file")!);
    if (!bytes) return c.json({ error: "No such video" }, 404);
    return videoResponse(c, bytes);
  },
};
