/**
 * Films in and out, frame by frame.
 *
 * @module
 */

export * from "./video_reader.ts";
export * from "./video_writer.ts";
