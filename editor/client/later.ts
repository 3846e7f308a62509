/**
 * What the page does not need at its start: one part of the client, loaded
 * when something in it is first asked for.
 *
 * @module
 */

export { planMotion } from "../../core/preview/motion_plan.ts";
export { wordFindings } from "../model/finding_words.ts";
export { OPENED, storeNow } from "./dialogs/opened.ts";
export { DetailLoader } from "./stage/detail.ts";
export { PlainLayer } from "./stage/plain_layer.ts";
