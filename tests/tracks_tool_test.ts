/**
 * `tools/tracks.ts` in its own process, with exactly the permissions of its
 * first line.
 */

import assert from "node:assert/strict";
import { writeNpy } from "../core/formats/npy.ts";
import { encodeImage } from "../core/media/image.ts";
import { readTracks } from "../core/tracks/read_tracks.ts";
import { TrackSet } from "../core/tracks/track_set.ts";
import { writeTracks } from "../core/tracks/write_tracks.ts";
import {
  permissionsOf,
  runToolProcess,
  type ToolResult,
  withoutOne,
} from "./fixtures/tool_process.ts";
import { runTool } from "./fixtures/run_tool.ts";
import { type TemporaryFolder, temporaryFolder } from "./fixtures/temporary.ts";

const TOOL = "tools/tracks.ts";
const PERMISSIONS = permissionsOf(TOOL);

function run(
  cwd: string,
  args: readonly string[],
  permissions?: readonly string[],
): Promise<ToolResult> {
  return permissions
    ? runToolProcess(TOOL, args, { cwd, permissions })
    : runTool(TOOL, args, { cwd });
}

/** A folder with a track file and its image; removed afterward. */
async function workplace(): Promise<TemporaryFolder> {
  const place = await temporaryFolder({ prefix: "tracks tool " });
  const walk = TrackSet.fromArray(
    [0, 1].flatMap((n) =>
      Array.from({ length: 121 }, (_, t) => [20 + t / 2, 30 + 40 * n, 1]).flat()
    ),
  );
  await Deno.writeFile(place.file("in.pth"), await writeTracks(walk, "pth"));
  const data = new Uint8Array(3 * 120 * 100).fill(200);
  await Deno.writeFile(
    place.file("in.png"),
    await encodeImage({ width: 120, height: 100, data }, "png"),
  );
  return place;
}

function filesIn(folder: string): string[] {
  return [...Deno.readDirSync(folder)].map(({ name }) => name).sort();
}

async function tracksOf(path: string): Promise<TrackSet> {
  return (await readTracks(await Deno.readFile(path), { name: path })).tracks;
}

Deno.test("tracks.ts inspect prints a table and draws, with exactly its permissions", async () => {
  await using place = await workplace();
  const { code, out, err } = await run(place.path, [
    ...["inspect", "in.pth", "--image", "in.png", "--plot", "plot.png"],
  ], PERMISSIONS);
  assert.equal(err, "");
  assert.equal(code, 0);
  const lines = out.split("\n");
  assert.equal(lines[0], "in.pth: pth, 2 tracks");
  assert.match(lines[1]!, /ATI's layout/);
  assert.match(lines[3]!, /^track +frames +visible +seen in +start +end/);
  assert.match(
    lines[5]!,
    /^ +1 +121 +121 +0-120 +20\.0, 70\.0 +80\.0, 70\.0 +60\.0 +0\.5$/,
  );
  const plot = await Deno.readFile(`${place.path}/plot.png`);
  assert.deepEqual([...plot.subarray(0, 4)], [0x89, 0x50, 0x4e, 0x47]);
});

Deno.test("tracks.ts inspect reports a missing permission, and leaves nothing", async (t) => {
  await using place = await workplace();
  const before = filesIn(place.path);
  assert.equal(PERMISSIONS.length, 4);
  for (const { removed, flags } of withoutOne(PERMISSIONS)) {
    // Only videos need it.
    if (removed === "--allow-env=AV_FROM_SOURCE") continue;
    await t.step(`without ${removed}`, async () => {
      const { code, out, err } = await run(
        place.path,
        ["inspect", "in.pth", "--image", "in.png", "--plot", "plot.png"],
        flags,
      );
      assert.equal(code, 2, out + err);
      assert.match(err, /^error: /);
      assert.match(err, /HINT: .*--allow-/);
      assert.doesNotMatch(err, /^\s+at /m, "no stack");
      assert.equal(out, "");
      assert.deepEqual(filesIn(place.path), before);
    });
  }
});

Deno.test("tracks.ts without an image needs no native code", async (t) => {
  await using place = await workplace();
  const args = ["pan", "in.pth", "out.pth", "--dx", "-1", "--dy", "0.5"];
  for (const needed of ["--allow-read", "--allow-write"]) {
    await t.step(`but ${needed}`, async () => {
      const { code, err } = await run(
        place.path,
        args,
        PERMISSIONS.filter((permission) => permission !== needed),
      );
      assert.equal(code, 2);
      assert.match(err, new RegExp(`${needed}.*tools/tracks\\.ts|HINT`));
      assert.deepEqual(filesIn(place.path), ["in.png", "in.pth"]);
    });
  }
  const { code } = await run(place.path, args, [
    "--allow-read",
    "--allow-write",
  ]);
  assert.equal(code, 0);
  const moved = await tracksOf(`${place.path}/out.pth`);
  assert.equal(moved.x(1, 120), 80 - 120);
  assert.equal(moved.y(1, 120), 70 + 60);
});

Deno.test("tracks.ts keeps a file that exists unless told, and its input always", async () => {
  await using place = await workplace();
  const { path } = place;
  const before = await Deno.readFile(`${path}/in.pth`);
  await Deno.writeTextFile(`${path}/out.pth`, "mine");
  const pan = (out: string) => ["pan", "in.pth", out, "--dx", "1", "--dy", "0"];
  const kept = await run(path, pan("out.pth"));
  assert.equal(kept.code, 2);
  assert.match(kept.err, /"out\.pth": it already exists\nHINT: .*--overwrite/);
  assert.equal(await Deno.readTextFile(`${path}/out.pth`), "mine");
  assert.equal((await run(path, [...pan("out.pth"), "--overwrite"])).code, 0);
  assert.equal((await tracksOf(`${path}/out.pth`)).x(0, 10), 35);
  const inPlace = await run(path, [...pan("in.pth"), "--overwrite"]);
  assert.equal(inPlace.code, 2);
  assert.match(inPlace.err, /"in\.pth": it is an input, expected another path/);
  assert.deepEqual(await Deno.readFile(`${path}/in.pth`), before);
});

Deno.test("tracks.ts converts ComfyUI's JSON to a moved .pth and back", async () => {
  await using place = await workplace();
  const { path } = place;
  await Deno.writeTextFile(`${path}/spline.json`, "[{'x': 10, 'y': 20}]");
  const steps: [string[], RegExp][] = [
    [
      ["convert", "spline.json", "one.pth"],
      /Tracks of one sample were held for the whole 5 seconds\./,
    ],
    [
      ["resample", "spline.json", "held.pth"],
      /1 of 1 tracks with 1 frames were resampled in time to 121\./,
    ],
    [
      ["anchor", "held.pth", "all.pth", "--grid", "2x1", "--size", "120x100"],
      /all\.pth: 3 tracks written/,
    ],
    [
      ["join", "all.pth", "all.pth", "--out", "long.json"],
      /long\.json: 3 tracks of 241 frames, 10\.0 s, written/,
    ],
    [
      ["inspect", "long.json", "--image", "in.png", "--plot", "long.png"],
      /241 frames make a video of 10\.0 seconds, in segments[^]* 241 +241 +0-240 /,
    ],
    [
      ["merge", "all.pth", "held.pth", "--out", "four.npz"],
      /four\.npz: 4 tracks written/,
    ],
    [
      [
        ...["zoom", "four.npz", "zoomed.npz", "--factor", "2"],
        ...["--image", "in.png", "--tracks", "0,2-3"],
        ...["--easing", "ease-in-out"],
      ],
      /zoomed\.npz: 4 tracks written/,
    ],
    [
      [
        ...["rotate", "zoomed.npz", "end.json", "--degrees", "180"],
        ...["--center", "0,0", "--tracks", "1"],
      ],
      /end\.json: 4 tracks written/,
    ],
  ];
  for (const [args, message] of steps) {
    const { code, out, err } = await run(path, args);
    assert.equal(code, 0, err);
    assert.match(out, message);
  }
  assert.equal((await tracksOf(`${path}/one.pth`)).visible(0, 1), true);
  const end = await tracksOf(`${path}/end.json`);
  assert.equal(end.x(0, 120), 60 + (10 - 60) * 2);
  assert.equal(end.x(1, 0), 30);
  assert.equal(end.x(1, 120), -30);
  assert.equal(end.x(2, 120), 60 + (90 - 60) * 2);
  const even = 60 + (90 - 60) * 2 ** (30 / 120);
  assert.ok(end.x(2, 30) > 90 && end.x(2, 30) < even - 1, `${end.x(2, 30)}`);
  assert.equal(end.y(3, 120), 50 + (20 - 50) * 2);
});

Deno.test("tracks.ts keeps longer tracks as long as they are, unless told", async () => {
  await using place = await workplace();
  const { path } = place;
  await run(path, ["join", "in.pth", "in.pth", "--out", "ten.json"]);
  const anchors = ["--grid", "2x1", "--size", "120x100"];
  const steps: [string[], RegExp][] = [
    [
      ["join", "ten.json", "in.pth", "--out", "more.json"],
      /more\.json: 2 tracks of 361 frames, 15\.0 s, written/,
    ],
    [
      ["pan", "ten.json", "pan.npz", "--dx", "1", "--dy", "0"],
      /length "resample"[^]*pan\.npz: 2 tracks of 241 frames, 10\.0 s, written/,
    ],
    [
      ["anchor", "pan.npz", "held.pth", ...anchors],
      /held\.pth: 4 tracks of 241 frames, 10\.0 s, written/,
    ],
    [
      ["merge", "held.pth", "in.pth", "--out", "merged.json"],
      /in\.pth: The tracks last 5\.0 of 10\.0 seconds: [^]*6 tracks of 241 /,
    ],
    [["convert", "held.pth", "same.json"], /same\.json: 4 tracks of 241 /],
    [
      ["convert", "held.pth", "short.npy", "--length", "pad"],
      /were cut after 121[^]*short_visibility\.npy: 4 tracks written/,
    ],
    [["resample", "held.pth", "short.json"], /short\.json: 4 tracks written/],
    [
      ["score", "held.pth", "held.pth", "--size", "120x100"],
      /Jaccard +100\.0 %/,
    ],
  ];
  for (const [args, message] of steps) {
    const { code, out, err } = await run(path, args);
    assert.equal(code, 0, err);
    assert.match(out, message);
  }
  const read = async (name: string) =>
    JSON.parse(await Deno.readTextFile(`${path}/${name}`)) as {
      readonly x: number;
    }[][];
  const same = await read("same.json"), short = await read("short.json");
  // From 20 to 80, from 20 to 80 again, and one px to the right per frame.
  assert.deepEqual(
    [0, 120, 121, 240].map((frame) => same[0]![frame]!.x),
    [20, 80 + 120, 20.5 + 121, 80 + 240],
  );
  assert.deepEqual(same[2]![240]!.x, 30);
  assert.deepEqual([0, 60, 120].map((at) => short[0]![at]!.x), [20, 200, 320]);

  for (
    const [args, message] of [
      [["convert", "held.pth", "o.npy"], /write wan-move with "held\.pth"/],
      [
        ["convert", "held.pth", "o.mp4", "--as", "vace", "--image", "in.png"],
        /write vace with "held\.pth"/,
      ],
      [
        [
          ...["camera", "in.png", "-o", "o.pth", "--move", "pan:1"],
          ...["--objects", "held.pth"],
        ],
        /move a camera in a scene with "held\.pth"/,
      ],
    ] as const
  ) {
    const { code, err } = await run(path, args);
    assert.equal(code, 2);
    assert.match(err, message);
    assert.match(err, /last 10\.0 seconds, expected at most 5\nHINT: --length/);
  }
  const { err } = await run(path, [
    ...["score", "held.pth", "in.pth", "--size", "120x100"],
  ]);
  assert.match(err, /"held\.pth" with 4 tracks against "in\.pth" with 2/);
});

Deno.test("tracks.ts validate distinguishes errors from warnings by its exit code", async () => {
  await using place = await workplace();
  const { path } = place;
  const calm = await run(path, ["validate", "in.pth", "--image", "in.png"]);
  assert.equal(calm.code, 0);
  assert.match(calm.out, /2 tracks, 0 errors, 0 warnings/);

  const small = ["validate", "in.pth", "--size", "60x50"];
  const risky = await run(path, small);
  assert.equal(risky.code, 0);
  assert.match(risky.out, /warning: Track 1 starts at \(20, 70\), outside/);
  assert.equal((await run(path, [...small, "--strict"])).code, 1);

  const data = new Float32Array(3 * 50 * 2).fill(9);
  data[2 * 50 * 2 - 1] = NaN; // track 1, frame 49 of (N, T, 2)
  await Deno.writeFile(`${path}/odd.npy`, writeNpy({ dims: [3, 50, 2], data }));
  const asked = await run(path, ["validate", "odd.npy", "--size", "60x50"]);
  assert.equal(asked.code, 2);
  assert.match(asked.err, /Cannot tell tracks from frames/);
  const wrong = await run(path, [
    ...["validate", "odd.npy", "--size", "60x50", "--json"],
    ...["--order", "tracks-first"],
  ]);
  assert.equal(wrong.code, 1);
  const { findings } = JSON.parse(wrong.out);
  assert.deepEqual(
    findings.slice(0, 4).map((
      { severity, code, track, frame }: Record<string, unknown>,
    ) => [severity, code, track, frame]),
    [
      ["error", "wrong-length", 0, 50],
      ["error", "not-finite", 1, 49],
      ["error", "wrong-length", 1, 50],
      ["error", "wrong-length", 2, 50],
    ],
  );
});

Deno.test("tracks.ts refuses invalid arguments and inputs before it writes", async (t) => {
  await using place = await workplace();
  const before = filesIn(place.path);
  const PAN = ["pan", "in.pth", "o.pth", "--dx", "1", "--dy", "0"];
  const cases: [string, string[], RegExp][] = [
    ["no command", [], /Usage: tracks\.ts/],
    [
      "an unknown command",
      ["inspekt", "in.pth"],
      /unknown command 'inspekt'\n\(Did you mean inspect\?\)/,
    ],
    [
      "an unknown flag",
      ["inspect", "in.pth", "--plott", "a"],
      /unknown option '--plott'/,
    ],
    [
      "a missing file",
      ["inspect", "no.pth"],
      /"no\.pth": no such file/,
    ],
    [
      "an image as tracks",
      ["inspect", "in.png"],
      /a PNG image without tracks/,
    ],
    [
      "an unknown file extension",
      ["convert", "in.pth", "out.doc"],
      /"out\.doc": unknown file extension, expected \.pth, \.npz, \.json/,
    ],
    ["an invalid number", [
      ...["pan", "in.pth", "o.pth", "--dx", "fast", "--dy", "0"],
    ], /expected a number from/],
    [
      "an unknown track",
      [...PAN, "--tracks", "0-5"],
      /Cannot move track 2: there are 2/,
    ],
    ["an unknown easing", [
      ...PAN,
      "--easing",
      "slowly",
    ], /Allowed choices are linear, ease-in, ease-out, ease-in-out/],
    [
      "an invalid list",
      [...PAN, "--tracks", "5-3"],
      /track numbers from 0, like 0,2-4/,
    ],
    [
      "a center without an image",
      ["zoom", "in.pth", "o.pth", "--factor", "2"],
      /size is not known\nHINT: Add --image/,
    ],
    ["two sizes", [
      "anchor",
      "-",
      "o.pth",
      "--size",
      "9x9",
      "--image",
      "in.png",
    ], /together/],
    ["half a size", ["anchor", "-", "o.pth", "--size", "9"], /like 832x480/],
    ["an empty grid", [
      "anchor",
      "-",
      "o.pth",
      "--size",
      "9x9",
      "--grid",
      "0x3",
    ], /from 1 to 100, like 4x3/],
    [
      "a rate without resampling",
      ["convert", "in.pth", "o.pth", "--length", "pad", "--fps", "16"],
      /HINT: Leave --length away/,
    ],
    [
      "a plot without an image",
      ["inspect", "in.pth", "--plot", "o.png"],
      /size is not known/,
    ],
    ["a plot without a format", [
      "inspect",
      "in.pth",
      "--plot",
      "o.gif",
      "--size",
      "9x9",
    ], /expected \.jpg, \.jpeg, \.png, \.webp/],
  ];
  for (const [what, args, message] of cases) {
    await t.step(what, async () => {
      const { code, err } = await run(place.path, args);
      assert.equal(code, 2, err);
      assert.match(err, message);
      assert.deepEqual(filesIn(place.path), before);
    });
  }
});

Deno.test("tracks.ts prints its help", async () => {
  await using place = await workplace();
  const { code, out } = await run(place.path, ["--help"], []);
  assert.equal(code, 0);
  for (
    const command of [
      ...["inspect", "validate", "convert", "resample", "merge"],
      ...["pan", "zoom", "rotate", "anchor"],
    ]
  ) assert.match(out, new RegExp(`^  ${command} `, "m"));
  assert.ok(out.includes(PERMISSIONS.join(" ")), "the permission line");
  const pan = await run(place.path, ["pan", "--help"], []);
  assert.match(pan.out, /--dx <px> +px per frame to the right/);
});
