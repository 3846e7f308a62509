/**
 * What the page does not need at its start: one part of the client, loaded
 * when something in it is first asked for.
 *
 * @module
 */

import "../model/scene_camera.ts";
import "./commit_field.ts";

export { describeIssues } from "../model/describe_issues.ts";
export { listenToClipboard } from "./clipboard.ts";
export { removeImages, restoreImages } from "./delete_images.ts";
export { duplicateImage } from "./duplicate_image.ts";
export { checkedImage } from "./checked_image.ts";
export { keepThumbnail } from "./keep_thumbnail.ts";
export { OPENED, storeNow } from "./dialogs/opened.ts";
export { describePathPosition, pathAt } from "../model/path_hint.ts";
export { ObjectTool } from "./stage/tools/object_tool.ts";
export { MotionPasses } from "./stage/motion_passes.ts";
export { DetailLoader } from "./stage/detail.ts";
export { CanvasLayer } from "./stage/canvas_layer.ts";
export {
  paintCrosshair,
  paintInfluence,
  paintLoupe,
  paintObject,
  paintTicks,
} from "./stage/paint_aids.ts";
export { paintHandles } from "./stage/paint_handles.ts";
export { paintCameraMove } from "./stage/paint_camera.ts";
