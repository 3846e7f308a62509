/**
 * `tracks camera` as its users run it: as a process, with exactly the
 * permissions of its first line.
 */

import assert from "node:assert/strict";
import { writeNpy } from "../core/formats/npy.ts";
import { encodeImage } from "../core/media/image.ts";
import { writeNpz } from "../core/formats/npz.ts";
import { readTracks } from "../core/tracks/read_tracks.ts";
import { TrackSet } from "../core/tracks/track_set.ts";
import { writeTracks } from "../core/tracks/write_tracks.ts";
import { temporaryFolder } from "./fixtures/temporary.ts";
import { runTool } from "./fixtures/run_tool.ts";
import { permissionsOf, runToolProcess } from "./fixtures/tool_process.ts";

const TOOL = "tools/tracks.ts";
const PERMISSIONS = permissionsOf(TOOL);
const SIZE = { width: 320, height: 192 };

async function workplace() {
  const place = await temporaryFolder({ prefix: "camera tool " });
  const data = new Uint8Array(3 * SIZE.width * SIZE.height).fill(120);
  await Deno.writeFile(
    place.file("in.png"),
    await encodeImage({ ...SIZE, data }, "png"),
  );
  return place;
}

async function camera(cwd: string, ...args: string[]) {
  return await runTool(TOOL, ["camera", "in.png", ...args], { cwd });
}

async function tracksOf(path: string): Promise<TrackSet> {
  return (await readTracks(await Deno.readFile(path), { name: path })).tracks;
}

Deno.test("tracks.ts camera writes the tracks of a move and says what it assumed", async () => {
  await using place = await workplace();
  const { code, out, err } = await runToolProcess(TOOL, [
    ...["camera", "in.png", "-o", "t.pth"],
    ...["--move", "pan:10,dolly:0.2", "--fov", "60"],
  ], { cwd: place.path, permissions: PERMISSIONS });
  assert.equal(err, "");
  assert.equal(code, 0);
  assert.match(
    out,
    /^in\.png: 320x192, 60 degrees from left to right, focal length 277\.1 px\.\nDepth: flat, everything equally far\.\nt\.pth: 20 tracks written\n$/,
  );
  const tracks = await tracksOf(place.file("t.pth"));
  // A point pinned by hand: K (R X + T) of the wall at depth 1.
  const f = 160 / Math.tan(Math.PI / 6);
  const x = (tracks.x(3, 0) - 160) / f, y = (tracks.y(3, 0) - 96) / f;
  const a = -10 * Math.PI / 180;
  const z = Math.cos(a) - Math.sin(a) * x - 0.2;
  const expected = [
    160 + f * (Math.cos(a) * x + Math.sin(a)) / z,
    96 + f * y / z,
  ];
  const difference = Math.hypot(
    expected[0]! - tracks.x(3, 120),
    expected[1]! - tracks.y(3, 120),
  );
  console.log(`camera: ${difference.toExponential(1)} px`);
  assert.ok(difference < 0.01);
});

Deno.test("tracks.ts camera takes depth from images and arrays, and says how", async () => {
  await using place = await workplace();
  // The left half is at depth 1, the right one at 4.
  const half = (near: number, far: number) =>
    Float32Array.from({ length: 80 * 48 }, (_, i) => i % 80 < 40 ? near : far);
  const gray = Uint8Array.from(half(200, 50), (value) => value);
  await Deno.writeFile(
    place.file("d.png"),
    await encodeImage({
      width: 80,
      height: 48,
      data: Uint8Array.from(
        { length: 3 * gray.length },
        (_, i) => gray[Math.floor(i / 3)]!,
      ),
    }, "png"),
  );
  const metric = { dims: [1, 48, 80], data: half(1, 4) };
  await Deno.writeFile(place.file("d.npy"), writeNpy(metric));
  await Deno.writeFile(
    place.file("d.npz"),
    await writeNpz({
      mask: { dims: [1], data: new Uint8Array(1) },
      disparity: { dims: [48, 80], data: half(1, 0.25) },
    }),
  );
  const move = [
    ...["--move", "truck:0.1", "--about", "80,96"],
    ...["--points", "60,96;260,96"],
  ];
  const f = 160 / Math.tan(25 * Math.PI / 180);
  for (
    const [file, said] of [
      [
        "d.png",
        /a 8-bit image, 80x48, taken as inverse depth \(large is near\); --depth-kind metric for the opposite/,
      ],
      ["d.npy", /an array, 80x48, taken as depth \(large is far\)/],
      ["d.npz", /the array "disparity", 80x48, taken as inverse depth/],
    ] as const
  ) {
    const { code, out, err } = await camera(
      place.path,
      ...["-o", `${file}.pth`, "--depth", file],
      ...move,
    );
    assert.equal(err, "");
    assert.equal(code, 0);
    assert.match(out, said);
    const tracks = await tracksOf(place.file(`${file}.pth`));
    assert.equal(tracks.count, 2);
    const near = 60 - tracks.x(0, 120), far = 260 - tracks.x(1, 120);
    assert.ok(Math.abs(near - 0.1 * f) < 0.01, `${file}: ${near}`);
    assert.ok(Math.abs(far - 0.1 * f / 4) < 0.01, `${file}: ${far}`);
  }
});

Deno.test("tracks.ts camera carries objects along on a floor", async () => {
  await using place = await workplace();
  const still = TrackSet.fromArray(
    Array.from({ length: 121 }, () => [100, 150, 1]).flat(),
  );
  await Deno.writeFile(place.file("o.json"), await writeTracks(still, "json"));
  const { code, out } = await camera(
    place.path,
    ...["-o", "t.npz", "--move", "truck:0.1", "--objects", "o.json"],
    ...["--depth", "plane:horizon=0.25", "--points", "5"],
  );
  assert.equal(code, 0);
  assert.match(out, /a floor with its horizon at y = 48\.0 px/);
  const tracks = await tracksOf(place.file("t.npz"));
  assert.equal(tracks.count, 6);
  const f = 160 / Math.tan(25 * Math.PI / 180);
  // Twice as far below the horizon is half as far away.
  const shift = 100 - tracks.x(0, 120);
  assert.ok(Math.abs(shift - 0.1 * f * (150 - 48) / (96 - 48)) < 0.01);
});

Deno.test("tracks.ts camera refuses before any work, and writes nothing", async (t) => {
  await using place = await workplace();
  const cases: readonly (readonly [string[], RegExp])[] = [
    [
      ["--move", "crane:1"],
      /Cannot move the camera by "crane", expected one of pan/,
    ],
    [
      ["--move", "pan"],
      /Cannot read the camera move "pan"[\s\S]*HINT: Names are/,
    ],
    [["--move", "pan:5", "--fov", "190"], /from 1 to 170/],
    [
      ["--move", "pan:5", "--depth", "plane:0.4"],
      /HINT: The horizon is a share/,
    ],
    [["--move", "pan:5", "--depth", "none.png"], /none\.png/],
    [
      ["--move", "pan:5", "--about", "900,5"],
      /it is outside the image of 320x192/,
    ],
    [
      ["--move", "pan:5", "--depth", "flat", "--depth-kind", "metric"],
      /Cannot use --depth-kind with --depth flat/,
    ],
    [
      ["--move", "pan:5", "--depth", "e.exr"],
      /it is an OpenEXR image[\s\S]*HINT: Save/,
    ],
  ];
  await Deno.writeFile(
    place.file("e.exr"),
    new Uint8Array([0x76, 0x2f, 0x31, 0x01, 2, 0, 0, 0]),
  );
  const before = [...Deno.readDirSync(place.path)].length;
  for (const [args, message] of cases) {
    await t.step(args.join(" "), async () => {
      const { code, err } = await camera(place.path, "-o", "t.pth", ...args);
      assert.equal(code, 2);
      assert.match(err, message);
      assert.equal([...Deno.readDirSync(place.path)].length, before);
    });
  }
});

Deno.test("the flat pan and the camera's pan name each other in their help", async () => {
  await using place = await workplace();
  const help = async (command: string) =>
    (await runToolProcess(TOOL, [command, "--help"], {
      cwd: place.path,
      permissions: PERMISSIONS,
    })).out.replace(/\s+/g, " ");
  assert.match(await help("pan"), /image's content[\s\S]*see camera/);
  assert.match(await help("camera"), /pan right moves the image left/);
});
