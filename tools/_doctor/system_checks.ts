/**
 * Checks of the machine: Deno, the platform, memory, disk.
 *
 * @module
 */

import { freeSpace } from "../../core/files/files.ts";
import { gigabytes } from "../../core/base/gigabytes.ts";
import { failure, type Finding, isDenied } from "./finding.ts";

/** The version of Deno that everything was tested with. */
export const TESTED_DENO = "2.9.6";

/** With less available memory even a motion preview may fail, bytes. */
const LITTLE_MEMORY = 2e9;

/** With less free disk space a few videos fill it, bytes. */
const LITTLE_DISK = 1e9;

/**
 * Whether the version of Deno is supported: versions older than the tested one
 * are not, newer major versions are untested.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { checkDeno } from "./system_checks.ts";
 * assert.equal(checkDeno("2.8.1").state, "bad");
 * assert.equal(checkDeno("2.10.0").state, "good");
 * assert.equal(checkDeno("3.0.0").state, "note");
 * ```
 */
export function checkDeno(version: string = Deno.version.deno): Finding {
  const numbers = (text: string) => text.split(/[.+-]/).map(Number);
  const [major = 0, minor = 0, patch = 0] = numbers(version);
  const [testedMajor = 0, testedMinor = 0, testedPatch = 0] = numbers(
    TESTED_DENO,
  );
  const isOlder = major < testedMajor ||
    major === testedMajor &&
      (minor < testedMinor || minor === testedMinor && patch < testedPatch);
  const about = {
    check: "deno",
    facts: {
      kind: "versions",
      deno: version,
      tested: TESTED_DENO,
    },
  } as const;
  if (isOlder) {
    return {
      ...about,
      state: "bad",
      message: `${version}, expected ${TESTED_DENO} or later`,
      todo: "Update Deno: deno upgrade",
    };
  }
  if (major > testedMajor) {
    return {
      ...about,
      state: "note",
      message: `${version}; only ${testedMajor}.x is tested`,
    };
  }
  return { ...about, state: "good", message: version };
}

/** The platforms for which ONNX Runtime, sharp and FFmpeg have binaries. */
const PLATFORMS: Readonly<Record<string, readonly string[]>> = {
  linux: ["x86_64", "aarch64"],
  darwin: ["aarch64"],
  windows: ["x86_64", "aarch64"],
};

/**
 * Whether the native packages have binaries for this machine.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { checkPlatform } from "./system_checks.ts";
 * assert.equal(checkPlatform({ os: "linux", arch: "aarch64" }).state, "good");
 * assert.equal(checkPlatform({ os: "freebsd", arch: "x86_64" }).state, "bad");
 * ```
 */
export function checkPlatform(
  { os, arch }: { os: string; arch: string } = Deno.build,
): Finding {
  const name = `${os} ${arch}`;
  if (PLATFORMS[os]?.includes(arch)) {
    return { check: "platform", state: "good", message: name };
  }
  const known = Object.entries(PLATFORMS).map(([os, archs]) =>
    `${os} ${archs.join(" or ")}`
  );
  return {
    check: "platform",
    state: "bad",
    message: `${name}: ONNX Runtime has no binary for it`,
    todo: `Use another machine: ${known.join(", ")}.`,
  };
}

/** The memory available to programs. Needs `--allow-sys=systemMemoryInfo`. */
export function checkMemory(): Finding {
  let info: Deno.SystemMemoryInfo;
  try {
    info = Deno.systemMemoryInfo();
  } catch (error) {
    return notLookedAt("memory", error);
  }
  const { total, available } = info;
  const facts = { kind: "memory", total, available } as const;
  const message = `${gigabytes(available)} free of ${gigabytes(total)}`;
  if (available >= LITTLE_MEMORY) {
    return { check: "memory", state: "good", message, facts };
  }
  return {
    check: "memory",
    state: "note",
    message: `${message}: low, even for motion previews`,
    todo: "Close other programs to free memory.",
    facts,
  };
}

/**
 * The free space of the output folder, which need not exist. Needs
 * `--allow-sys=statfs`.
 */
export async function checkDisk(folder: string): Promise<Finding> {
  let free: number;
  try {
    free = await freeSpace(folder);
  } catch (error) {
    if (isDenied(error)) {
      return notLookedAt("disk", error);
    }
    return {
      check: "disk",
      state: "note",
      message: `${folder}: free space unknown (${
        error instanceof Error ? error.message : error
      })`,
    };
  }
  const facts = { kind: "disk", folder, free } as const;
  const message = `${gigabytes(free)} free for ${folder}`;
  if (free >= LITTLE_DISK) {
    return { check: "disk", state: "good", message, facts };
  }
  return {
    check: "disk",
    state: "note",
    message: `${message}: little`,
    todo: `Free space on the disk of ${folder}, or choose another folder (-o).`,
    facts,
  };
}

/** A check that is only informative, and was not permitted. */
function notLookedAt(check: string, error: unknown): Finding {
  if (!isDenied(error)) throw error;
  return {
    check,
    state: "note",
    message: `not checked: ${failure(error).message}`,
  };
}
