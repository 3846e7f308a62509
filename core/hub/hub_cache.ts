/**
 * What the Hub's own client has left on this machine: its cache of files and the
 * token of a login. Both are where its environment variables say, or in their
 * usual place.
 *
 * The cache has a folder `models--owner--name` for each repository, with
 * `blobs/<hash>` and, for each commit, links to these under the files' own names
 * (files themselves where the system has no links).
 *
 * @module
 */

import { join } from "node:path";
import type { HubFile } from "./hub_client.ts";

/** The environment variables that say where cache and token are. */
export const HUB_VARIABLES = [
  "HF_TOKEN",
  "HUGGING_FACE_HUB_TOKEN",
  "HF_TOKEN_PATH",
  "HF_HOME",
  "HF_HUB_CACHE",
  "XDG_CACHE_HOME",
  "HOME",
] as const;

/** Reads one of {@linkcode HUB_VARIABLES}; undefined where it is not set. */
export type HubEnvironment = (
  name: typeof HUB_VARIABLES[number],
) => string | undefined;

/** The longest token file that is read, bytes. */
const MAX_TOKEN = 4096;

/** The folder of the Hub's client; undefined where no variable tells. */
function hubHome(environment: HubEnvironment): string | undefined {
  const given = environment("HF_HOME");
  if (given) return given;
  const caches = environment("XDG_CACHE_HOME");
  if (caches) return join(caches, "huggingface");
  const home = environment("HOME");
  return home ? join(home, ".cache", "huggingface") : undefined;
}

/** The folder of the cached repositories; undefined where no variable tells. */
export function hubCacheFolder(
  environment: HubEnvironment,
): string | undefined {
  const given = environment("HF_HUB_CACHE");
  if (given) return given;
  const home = hubHome(environment);
  return home && join(home, "hub");
}

/**
 * The access token: of the variables, else of the file that a login writes.
 * Undefined where there is none, or no permission to read it.
 */
export async function findToken(
  environment: HubEnvironment,
): Promise<string | undefined> {
  const given = environment("HF_TOKEN") ||
    environment("HUGGING_FACE_HUB_TOKEN");
  if (given?.trim()) return given.trim();
  const home = hubHome(environment);
  const path = environment("HF_TOKEN_PATH") || home && join(home, "token");
  if (!path) return undefined;
  try {
    const { isFile, size } = await Deno.stat(path);
    if (!isFile || size > MAX_TOKEN) return undefined;
    return (await Deno.readTextFile(path)).trim() || undefined;
  } catch (error) {
    if (isAbsent(error)) return undefined;
    throw error;
  }
}

/**
 * Where the cache has a file of the right name and size; undefined where it has
 * none. Whether its bytes are right, only their hash tells.
 */
export async function findCached(
  cache: string,
  file: HubFile,
): Promise<string | undefined> {
  const folder = join(
    cache,
    `models--${file.repository.replaceAll("/", "--")}`,
  );
  const candidates = [join(folder, "blobs", file.hash.digest)];
  try {
    for await (const { name } of Deno.readDir(join(folder, "snapshots"))) {
      candidates.push(
        join(folder, "snapshots", name, ...file.path.split("/")),
      );
    }
  } catch (error) {
    if (!isAbsent(error)) throw error;
  }
  for (const path of candidates) {
    try {
      const real = await Deno.realPath(path);
      const { isFile, size } = await Deno.stat(real);
      if (isFile && size === file.size) return real;
    } catch (error) {
      if (!isAbsent(error)) throw error;
    }
  }
  return undefined;
}

function isAbsent(error: unknown): boolean {
  return error instanceof Deno.errors.NotFound ||
    error instanceof Deno.errors.NotADirectory ||
    error instanceof Deno.errors.NotCapable ||
    error instanceof Deno.errors.PermissionDenied;
}
