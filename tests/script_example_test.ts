/**
 * `examples/script.ts`, the way from tracks in code to a film, runs as its
 * first line says.
 *
 * @module
 */

import assert from "node:assert/strict";
import { openVideo } from "../core/media/video_reader.ts";
import { VIDEO_FRAMES } from "../core/tracks/resample.ts";
import { readTracks } from "../core/tracks/read_tracks.ts";
import { temporaryFolder } from "./fixtures/temporary.ts";
import { runToolProcess } from "./fixtures/tool_process.ts";

Deno.test("examples/script.ts writes a preview and its tracks", async () => {
  await using folder = await temporaryFolder();
  const script = "examples/script.ts";
  const { code, out, err } = await runToolProcess(script, [folder.path]);
  assert.equal(code, 0, err);
  assert.equal(err, "", "its tracks are valid");
  assert.match(out, /script\.mp4 and .*script\.pth/);
  const video = await openVideo(folder.file("script.mp4"));
  assert.deepEqual([video.width, video.height], [832, 480]);
  assert.equal(video.frameCount, VIDEO_FRAMES);
  const path = folder.file("script.pth");
  const { tracks } = await readTracks(await Deno.readFile(path), {
    name: path,
  });
  assert.equal(tracks.count, 13);
  assert.ok(tracks.x(0, 120) > tracks.x(0, 0) + 150, "the boat has sailed");
  assert.ok(tracks.y(5, 120) < tracks.y(5, 0) - 40, "the moon has risen");
});
