/**
 * Room on a disk that large outputs leave.
 *
 * @module
 */

/** Bytes kept free: a disk that is filled to the last one stops other programs. */
export const SPACE_MARGIN = 64 * 1024 * 1024;
