/**
 * Disks that are too small: said before the work where that can be known, and
 * else with the path and what was needed. Each runs on a small disk of its
 * own, in a namespace of the system.
 */

import assert from "node:assert/strict";
import { join } from "node:path";
import { tinyCheckpoint } from "../core/checkpoint/tiny_checkpoint.ts";
import { writeFileAtomic } from "../core/files/files.ts";
import { temporaryFolder } from "./fixtures/temporary.ts";
import { permissionsOf, repositoryPath } from "./fixtures/tool_process.ts";

/** Runs a command with a disk of so many kB in a folder, and lists its files. */
function onSmallDisk(
  command: readonly string[],
  { folder, size }: { folder: string; size: number },
): { out: string; err: string; code: number; left: string[] } {
  const output = new Deno.Command("unshare", {
    args: [
      ...["-rm", "sh", "-c"],
      'mount -t tmpfs -o size="$2"k tmpfs "$1" || exit 99\n' +
      'folder=$1; shift 2; "$@"; code=$?; echo "left:" $(ls -A "$folder"); exit $code',
      ...["sh", folder, String(size), ...command],
    ],
    env: { NO_COLOR: "1" },
  }).outputSync();
  const [out = "", left = ""] = new TextDecoder().decode(output.stdout)
    .split("left:");
  return {
    out,
    err: new TextDecoder().decode(output.stderr),
    code: output.code,
    left: left.trim().split(" ").filter(Boolean).sort(),
  };
}

async function canMount(): Promise<boolean> {
  await using temporary = await temporaryFolder();
  try {
    const disk = { folder: temporary.path, size: 100 };
    return onSmallDisk(["true"], disk).code === 0;
  } catch {
    return false;
  }
}

const MOUNTS = await canMount();
if (!MOUNTS) {
  console.warn("no small disk can be mounted: full disks are NOT tested here");
}

const deno = (script: string, permissions: readonly string[]) => [
  ...[Deno.execPath(), "run", "--no-prompt", "--quiet", ...permissions],
  repositoryPath(script),
];

Deno.test({
  name: "quantize.ts says what a disk lacks, before and during the work",
  ignore: !MOUNTS,
  fn: async () => {
    await using temporary = await temporaryFolder();
    const ckpt = temporary.file("ckpt"), disk = temporary.file("disk");
    const files = await tinyCheckpoint({ folder: ckpt, seed: 1 });
    for (const [path, bytes] of Object.entries(files)) {
      await writeFileAtomic(path, bytes);
    }
    await Deno.mkdir(disk);
    const run = (permissions: readonly string[]) =>
      onSmallDisk([
        ...deno("tools/quantize.ts", permissions),
        ...[ckpt, join(disk, "q8.safetensors"), "--bits", "8"],
      ], { folder: disk, size: 100 });
    const permissions = permissionsOf("tools/quantize.ts");
    const before = run(permissions);
    assert.equal(before.code, 2);
    assert.match(
      before.err,
      /^error: Cannot write ".*q8\.safetensors": it takes \d+ kB and 67 MB are kept free, the disk has room for 10[0-9] kB\nHINT: Choose another disk/,
    );
    assert.deepEqual(before.left, []);
    // Where free space is not known, the system says it.
    const during = run(permissions.filter((flag) => !/statfs/.test(flag)));
    assert.equal(during.code, 2);
    assert.match(
      during.err,
      /error: Cannot write ".*q8\.safetensors": the disk is full; the file takes \d+ kB\n$/,
    );
    assert.deepEqual(during.left, []);
  },
});

Deno.test({
  name:
    "a download says which file a full disk does not take, and keeps what arrived",
  ignore: !MOUNTS,
  fn: async () => {
    await using temporary = await temporaryFolder();
    const probe = [
      ...deno("tests/fixtures/full_disk_probe.ts", ["--allow-all"]),
      temporary.path,
    ];
    const small = onSmallDisk(probe, { folder: temporary.path, size: 60_000 });
    assert.match(
      small.out,
      /^Cannot download into ".*": 400 kB are missing and 67 MB are kept free, the disk has room for 61 MB\nHINT/,
    );
    assert.deepEqual(small.left, []);
    const full = onSmallDisk(probe, { folder: temporary.path, size: 68_000 });
    assert.match(
      full.out,
      /^Cannot write ".*a\.safetensors\.part": the disk is full\nHINT: What has arrived is kept/,
    );
    assert.ok(full.left.includes("a.safetensors.part"), full.left.join());
  },
});
