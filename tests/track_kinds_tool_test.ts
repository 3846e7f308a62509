/**
 * Track files of other programs at the tools' command lines: what was decided
 * is said without --verbose, and all tools decide alike.
 */

import assert from "node:assert/strict";
import { encodeImage } from "../core/media/image.ts";
import { readTracks } from "../core/tracks/read_tracks.ts";
import { temporaryFolder } from "./fixtures/temporary.ts";
import { runTool, type ToolScript } from "./fixtures/run_tool.ts";

const FIXTURES = new URL("./fixtures/tracks/", import.meta.url);

async function workplace(...tracks: readonly string[]) {
  const place = await temporaryFolder({ prefix: "track kinds " });
  const data = new Uint8Array(3 * 416 * 240).fill(90);
  const image = { width: 416, height: 240, data };
  await Deno.writeFile(place.file("in.png"), await encodeImage(image, "png"));
  for (const name of tracks) {
    await Deno.copyFile(new URL(name, FIXTURES), place.file(name));
  }
  return place;
}

async function run(
  cwd: string,
  tool: string,
  ...args: readonly string[]
) {
  return await runTool(`tools/${tool}.ts` as ToolScript, args, { cwd });
}

Deno.test("generate says in one line what it made of 81 samples, validate the same", async () => {
  await using place = await workplace("len81.json");
  const item = ["--image", "in.png", "--track", "len81.json"];
  const small = ["--frame_num", "5", "--size", "480*832"];
  const made = await run(place.path, "generate", ...item, ...small, "-o", "a");
  assert.equal(made.code, 0, made.err);
  const line =
    /Tracks of 81 samples were taken as 16 per second, one for each of 81 frames/;
  assert.match(made.out, line);
  assert.equal(made.out.split("\n").filter((l) => line.test(l)).length, 1);
  const valid = await run(
    place.path,
    ...["tracks", "validate", "len81.json", "--image", "in.png"] as const,
  );
  assert.equal(valid.code, 0, valid.out);
  assert.match(valid.out, line);
  const refused = await run(
    place.path,
    ...["generate", ...item, ...small, "-o", "b", "--length", "error"] as const,
  );
  assert.equal(refused.code, 2);
  assert.match(refused.err, /track of 81 frames, expected 121/);
  const padded = await run(
    place.path,
    ...["generate", ...item, ...small, "-o", "c", "--length", "pad"] as const,
  );
  assert.equal(padded.code, 0);
  assert.doesNotMatch(padded.out, /81 samples/);
});

Deno.test("plot and visualize take the same flags and say the same", async () => {
  await using place = await workplace("own60.npz", "normalised.json");
  await Deno.writeTextFile(
    place.file("jobs.yaml"),
    "- {image: in.png, text: a, track: own60.npz}\n- {image: in.png, text: b, track: normalised.json}\n",
  );
  const plotted = await run(place.path, "plot_user_inputs", "jobs.yaml");
  assert.equal(plotted.code, 0, plotted.err);
  assert.match(plotted.out, /own60\.npz: .*60 samples were spread/);
  assert.match(plotted.out, /shares of the image, 416x240/);
  const told = await run(
    place.path,
    ...["plot_user_inputs", "jobs.yaml", "--fps", "30"] as const,
    ...["--save-dir", "again"],
  );
  assert.doesNotMatch(told.out, /spread/);
  const made = await run(
    place.path,
    ...["generate", "--image", "in.png", "--track", "normalised.json"] as const,
    ...["--frame_num", "5", "--save_file", "v%d.mp4"],
  );
  assert.equal(made.code, 0, made.err);
  const painted = await run(
    place.path,
    ...["visualize_trajectory", "--video", "v0.mp4"] as const,
    ...["--track", "normalised.json", "--image", "in.png"],
  );
  assert.equal(painted.code, 0, painted.err);
  assert.match(painted.out, /shares of the image, 416x240/);
});

Deno.test("convert asks for the size that it needs, and scales from another", async () => {
  await using place = await workplace("normalised.json", "len81.json");
  const blind = await run(
    place.path,
    ...["tracks", "convert", "normalised.json", "a.pth"] as const,
  );
  assert.equal(blind.code, 2);
  assert.match(
    blind.err,
    /shares of the image from 0 to 1.*\nHINT: Give the image/,
  );
  const scaled = await run(
    place.path,
    ...[
      "tracks",
      "convert",
      "len81.json",
      "b.pth",
      "--size",
      "832x480",
    ] as const,
    ...["--from-size", "416x240"],
  );
  assert.equal(scaled.code, 0, scaled.err);
  assert.match(scaled.out, /scaled from 416x240 to the image's 832x480/);
  const { tracks } = await readTracks(
    await Deno.readFile(place.file("b.pth")),
    { name: "b" },
  );
  assert.deepEqual([tracks.x(0, 0), tracks.x(0, 120)], [200, 520]);
});
