/**
 * The door to sharp (libvips): the only file that imports it.
 *
 * Native code reads past Deno's permissions, so nothing but bytes goes through
 * this door, never a path.
 *
 * @module
 */

import { lazyNative } from "./_native.ts";

/** What sharp needs to be allowed: to load, to ask two variables, to tell glibc from musl. */
export const SHARP_PERMISSIONS =
  "--allow-ffi --allow-env=npm_package_config_libvips,MALLOC_ARENA_MAX --allow-read=/usr/bin/ldd";

/** sharp itself, imported at the first call. */
export const loadSharp = lazyNative({
  name: "sharp",
  purpose: "read or write an image",
  permissions: SHARP_PERMISSIONS,
}, async () => (await import("npm:sharp@0.35.5")).default);
