import assert from "node:assert/strict";
import { FormatError } from "../base/errors.ts";
import type { RgbImage } from "../base/image.ts";
import { topBoxes } from "./_faststart.ts";
import { loadLibav } from "./_libav.ts";
import { toI420 } from "./i420.ts";
import { openVideo } from "./video_reader.ts";
import { createVideo, type CreateVideoOptions } from "./video_writer.ts";
import { temporaryFolder } from "../../tests/fixtures/temporary.ts";
import { seeded } from "../base/seeded.ts";

const SIZE = { width: 96, height: 64 };

/** A smooth image that moves with its number. */
function frame(index: number, { width, height } = SIZE): RgbImage {
  const data = new Uint8Array(3 * width * height);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      data.set(
        [
          128 + 100 * Math.sin((x + 2 * index) / 20),
          128 + 100 * Math.sin(y / 15),
          60 + index,
        ],
        3 * (y * width + x),
      );
    }
  }
  return { width, height, data };
}

async function writeVideo(
  path: string,
  frames: number,
  options: Partial<CreateVideoOptions> = {},
): Promise<void> {
  await using video = await createVideo(path, { ...SIZE, ...options });
  for (let index = 0; index < frames; index++) await video.write(frame(index));
  assert.equal(video.frameCount, frames);
  await video.finish();
}

async function all(path: string): Promise<RgbImage[]> {
  const { frames } = await openVideo(path);
  return await Array.fromAsync(frames());
}

const names = (dir: string) =>
  [...Deno.readDirSync(dir)].map(({ name }) => name).sort();

const mean = (a: Uint8Array, b: Uint8Array) =>
  a.reduce((sum, value, i) => sum + Math.abs(value - b[i]!), 0) / a.length;

Deno.test("planes go into a video and out of it without a change", async () => {
  await using temporary = await temporaryFolder();
  const path = `${temporary.path}/a.mp4`;
  const given = [0, 1, 2].map((index) => toI420(frame(index)));
  {
    await using video = await createVideo(path, { ...SIZE, crf: 0 });
    for (const planes of given) await video.writePlanes({ ...SIZE, planes });
    await assert.rejects(
      video.writePlanes({ ...SIZE, planes: new Uint8Array(9) }),
      /9 bytes, expected 96x64 with one and a half for each pixel/,
    );
  }
  {
    await using video = await createVideo(path, { ...SIZE, crf: 0 });
    for (const planes of given) await video.writePlanes({ ...SIZE, planes });
    await video.finish();
  }
  const { planarFrames, frames } = await openVideo(path);
  const times: number[] = [];
  for await (const { time } of frames()) times.push(time);
  const read = await Array.fromAsync(planarFrames!());
  assert.deepEqual(read.map(({ time }) => time), times);
  read.forEach(({ planes }, i) => assert.deepEqual(planes, given[i]));
});

Deno.test("createVideo() and openVideo() keep count, colors, speed and tags", async () => {
  await using temporary = await temporaryFolder();
  const path = temporary.file("a.mp4");
  const metadata = { title: "Boat", comment: "A motion preview — ünïcode" };
  await writeVideo(path, 81, { metadata });
  const video = await openVideo(path);
  assert.deepEqual([video.width, video.height, video.fps], [96, 64, 16]);
  assert.equal(video.frameCount, 81);
  assert.deepEqual(video.metadata, metadata);
  let index = 0;
  for await (const { data, width, height } of video.frames()) {
    assert.deepEqual([width, height], [96, 64]);
    const off = mean(data, frame(index).data);
    assert.ok(off < 1.5, `frame ${index} is off by ${off} on average`);
    index++;
  }
  assert.equal(index, 81);
});

Deno.test("createVideo() shifts no color", async () => {
  await using temporary = await temporaryFolder();
  const path = temporary.file("a.mp4");
  const colors = [[200, 100, 50], [255, 0, 0], [0, 255, 0], [0, 0, 255], [
    77,
    77,
    77,
  ]];
  const plain = (color: number[]) => ({
    ...SIZE,
    data: Uint8Array.from({ length: 3 * 96 * 64 }, (_, i) => color[i % 3]!),
  });
  await using video = await createVideo(path, { ...SIZE, crf: 0 });
  for (const color of colors) await video.write(plain(color));
  await video.finish();
  (await all(path)).forEach(({ data }, index) => {
    const [expected, found] = [colors[index]!, [...data.subarray(0, 3)]];
    const off = Math.max(
      ...found.map((value, c) => Math.abs(value - expected[c]!)),
    );
    assert.ok(off <= 2, `${expected} became ${found}`);
  });
});

Deno.test("createVideo() keeps tags that MP4 does not know", async () => {
  await using temporary = await temporaryFolder();
  const path = temporary.file("a.mp4");
  const metadata = { title: "Boat", "ati.seed": "7", "ati.engine": "preview" };
  await writeVideo(path, 1, { metadata });
  assert.deepEqual((await openVideo(path)).metadata, metadata);
});

Deno.test("createVideo() puts the index before the frames", async () => {
  await using temporary = await temporaryFolder();
  const path = temporary.file("a.mp4");
  await writeVideo(path, 30);
  using file = Deno.openSync(path);
  const types = topBoxes(file).map(({ type }) => type);
  assert.ok(types.indexOf("moov") >= 0);
  assert.ok(types.indexOf("moov") < types.indexOf("mdat"), types.join());
});

Deno.test("createVideo() takes other speeds, qualities and presets", async () => {
  await using temporary = await temporaryFolder();
  const dir = temporary.path;
  for (const fps of [24, 29.97, 12.5]) {
    await writeVideo(`${dir}/${fps}.mp4`, 5, {
      fps,
      crf: 30,
      preset: "ultrafast",
    });
    const video = await openVideo(`${dir}/${fps}.mp4`);
    assert.ok(Math.abs(video.fps - fps) < 0.01, `${video.fps} for ${fps}`);
    assert.equal((await all(`${dir}/${fps}.mp4`)).length, 5);
  }
  await writeVideo(`${dir}/fine.mp4`, 5, { crf: 5 });
  const size = (name: string) => Deno.statSync(`${dir}/${name}`).size;
  assert.ok(size("fine.mp4") > size("24.mp4"));
});

Deno.test("openVideo() gives the frames again at every call, and stops early", async () => {
  await using temporary = await temporaryFolder();
  const path = temporary.file("a.mp4");
  await writeVideo(path, 12);
  const video = await openVideo(path);
  for await (const _ of video.frames()) break;
  const frames = await Array.fromAsync(video.frames());
  assert.equal(frames.length, 12);
  assert.notEqual(frames[0]!.data.buffer, frames[1]!.data.buffer);
  const stopped = video.frames({ signal: AbortSignal.abort() });
  await assert.rejects(stopped.next(), { name: "AbortError" });
});

Deno.test("createVideo() refuses bad options before it touches the disk", async () => {
  await using temporary = await temporaryFolder();
  const dir = temporary.path;
  const cases: [Partial<CreateVideoOptions>, RegExp][] = [
    [{ width: 95 }, /95x64, expected even/],
    [{ height: 1 }, /height is 1/],
    [{ width: NaN }, /width is NaN/],
    [{ fps: 0 }, /0 frames per second/],
    [{ crf: 52 }, /crf 52/],
    [{ preset: "rapid" as "fast" }, /one of ultrafast/],
  ];
  for (const [options, expected] of cases) {
    await assert.rejects(
      createVideo(`${dir}/a.mp4`, { ...SIZE, ...options }),
      expected,
    );
  }
  assert.deepEqual(names(dir), []);
});

Deno.test("createVideo() leaves no file when it does not come to an end", async (t) => {
  await using temporary = await temporaryFolder();
  const dir = temporary.path;
  const path = `${dir}/a.mp4`;

  await t.step("no frames", async () => {
    await using video = await createVideo(path, SIZE);
    await assert.rejects(video.finish(), /no frame was written/);
  });
  await t.step("a frame of another size", async () => {
    await using video = await createVideo(path, SIZE);
    await video.write(frame(0));
    await assert.rejects(
      video.write(frame(1, { width: 64, height: 64 })),
      /frame 1 .* 64x64 .* expected 96x64/,
    );
    await assert.rejects(video.write(frame(1)), /aborted/);
  });
  await t.step("left without an end", async () => {
    await using video = await createVideo(path, SIZE);
    await video.write(frame(0));
  });
  await t.step("aborted by a signal", async () => {
    const controller = new AbortController();
    const { signal } = controller;
    await using video = await createVideo(path, { ...SIZE, signal });
    await video.write(frame(0));
    controller.abort();
    await assert.rejects(video.write(frame(1)), { name: "AbortError" });
  });
  assert.deepEqual(names(dir), []);
});

Deno.test("createVideo() replaces a video only where asked, and only when whole", async () => {
  await using temporary = await temporaryFolder();
  const dir = temporary.path;
  const path = `${dir}/a.mp4`;
  await writeVideo(path, 2);
  await assert.rejects(createVideo(path, SIZE), Deno.errors.AlreadyExists);
  {
    await using video = await createVideo(path, { ...SIZE, overwrite: true });
    await video.write(frame(0));
  }
  assert.equal((await openVideo(path)).frameCount, 2);
  await writeVideo(path, 3, { overwrite: true });
  assert.equal((await openVideo(path)).frameCount, 3);
  assert.deepEqual(names(dir), ["a.mp4"]);
});

Deno.test("openVideo() refuses what is no video", async () => {
  await using temporary = await temporaryFolder();
  const dir = temporary.path;
  const cases: [string | Uint8Array, RegExp][] = [
    ["", /is empty/],
    ["hello, this is text", /does not begin as/],
    ["#EXTM3U\nfile:///etc/passwd\n", /does not begin as/],
    [new Uint8Array([0, 0, 0, 8, 102, 116, 121, 112]), /damaged/],
  ];
  for (const [content, expected] of cases) {
    const path = `${dir}/a.mp4`;
    await Deno.writeFile(
      path,
      typeof content === "string" ? new TextEncoder().encode(content) : content,
    );
    await assert.rejects(
      openVideo(path),
      (error: Error) =>
        error instanceof FormatError && expected.test(error.message) &&
        error.message.includes(JSON.stringify(path)),
    );
  }
  await assert.rejects(openVideo(`${dir}/none.mp4`), Deno.errors.NotFound);
});

Deno.test("openVideo() refuses an MP4 without video", async () => {
  await using temporary = await temporaryFolder();
  const path = temporary.file("a.mp4");
  await writeVideo(path, 2);
  // The handler says that the only track is sound.
  const bytes = await Deno.readFile(path);
  const text = new TextDecoder("latin1").decode(bytes);
  bytes.set(new TextEncoder().encode("soun"), text.indexOf("vide"));
  await Deno.writeFile(path, bytes);
  await assert.rejects(openVideo(path), /has no video/);
});

Deno.test("openVideo() ends every truncation and mutation in frames or a FormatError", async () => {
  await using temporary = await temporaryFolder();
  const path = temporary.file("a.mp4");
  await writeVideo(path, 8);
  const whole = await Deno.readFile(path);
  const chance = seeded(20250529);
  const random = (below: number) => Math.floor(chance() * below);
  let refused = 0;
  for (let round = 0; round < 160; round++) {
    let bytes = whole.slice();
    if (round < 60) bytes = bytes.slice(0, random(bytes.length));
    else for (let i = 0; i < 6; i++) bytes[random(bytes.length)] = random(256);
    await Deno.writeFile(path, bytes);
    try {
      const found = await all(path);
      assert.ok(
        round >= 60,
        `${bytes.length} of ${whole.length} bytes gave ${found.length} frames`,
      );
    } catch (error) {
      assert.ok(error instanceof FormatError, String(error));
      refused++;
    }
  }
  assert.ok(refused >= 60);
});

/** Writes and reads a video, and prints the memory at two frames of each. */
const MEMORY_SCRIPT = `
const { createVideo } = await import(WRITER);
const { openVideo } = await import(READER);
const size = { width: 640, height: 384 };
const frame = { ...size, data: new Uint8Array(3 * 640 * 384) };
const rss = [];
const video = await createVideo(PATH, { ...size, preset: "ultrafast" });
for (let index = 0; index < 400; index++) {
  frame.data[3 * index] = index;
  await video.write(frame);
  if (index === 150 || index === 399) rss.push(Deno.memoryUsage().rss);
}
await video.finish();
let index = 0;
for await (const _ of (await openVideo(PATH)).frames()) {
  index++;
  if (index === 150 || index === 400) rss.push(Deno.memoryUsage().rss);
}
console.log(JSON.stringify(rss));
`;

Deno.test("videos are written and read in memory that does not grow with the length", async () => {
  await using temporary = await temporaryFolder();
  const folder = temporary.path;
  const url = (name: string) => JSON.stringify(import.meta.resolve(name));
  await Deno.writeTextFile(
    `${folder}/memory.js`,
    MEMORY_SCRIPT.replace("WRITER", url("./video_writer.ts"))
      .replace("READER", url("./video_reader.ts"))
      .replaceAll("PATH", JSON.stringify(`${folder}/a.mp4`)),
  );
  // In a process of its own: other tests share the memory of this one.
  const { stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "--no-prompt", "-A", `${folder}/memory.js`],
  }).output();
  const text = new TextDecoder();
  assert.equal(text.decode(stderr), "");
  const mebibytes = (JSON.parse(text.decode(stdout)) as number[])
    .map((bytes) => Math.round(bytes / 2 ** 20));
  console.log(
    `400 frames of 0.7 MiB: writing ${mebibytes[0]} to ${
      mebibytes[1]
    } MiB, reading ${mebibytes[2]} to ${mebibytes[3]} MiB`,
  );
  // 250 frames more are 176 MiB.
  assert.ok(mebibytes[1]! - mebibytes[0]! < 60, "writing");
  assert.ok(mebibytes[3]! - mebibytes[2]! < 90, "reading");
});

Deno.test("createVideo() takes a frame's pixels before write() returns", async () => {
  await using folder = await temporaryFolder();
  const size = { width: 64, height: 32 };
  const encode = async (name: string, reuse: boolean) => {
    const path = `${folder.path}/${name}.mp4`;
    await using video = await createVideo(path, size);
    const data = new Uint8Array(3 * 64 * 32);
    for (let i = 0; i < 4; i++) {
      data.fill(50 * i);
      const writing = video.write({ ...size, data });
      if (reuse) data.fill(255);
      await writing;
    }
    await video.finish();
    return await Deno.readFile(path);
  };
  assert.deepEqual(await encode("reused", true), await encode("kept", false));
});

Deno.test("createVideo() given up while a frame is encoded waits for it, every time it is called", async () => {
  await using folder = await temporaryFolder();
  const video = await createVideo(`${folder.path}/a.mp4`, SIZE);
  let isEncoded = false;
  const step = video.write(frame(0));
  const writing = step.finally(() => isEncoded = true);
  const first = video.abort();
  // Nor is the next one begun, which the encoder would lose under its work.
  const next = assert.rejects(
    step.then(() => video.write(frame(1))),
    /the video is aborted/,
  );
  await video.abort();
  assert.ok(isEncoded);
  assert.deepEqual(names(folder.path), []);
  await Promise.all([first, next, writing]);
  assert.equal(video.frameCount, 1);
  await assert.rejects(video.write(frame(1)), /the video is aborted/);
});

Deno.test("createVideo() takes no frame while another one is encoded, which goes on", async () => {
  await using folder = await temporaryFolder();
  const path = `${folder.path}/a.mp4`;
  await using video = await createVideo(path, SIZE);
  const writing = video.write(frame(0));
  for (const step of [() => video.write(frame(1)), video.finish]) {
    await assert.rejects(step(), /a frame is still being encoded/);
  }
  await writing;
  assert.equal(video.frameCount, 1);
  await video.finish();
  await video.abort();
  assert.deepEqual(names(folder.path), ["a.mp4"]);
  await assert.rejects(video.write(frame(1)), /the video is finished/);
});

Deno.test("createVideo() gives back what libav has allocated, however it ends", async () => {
  await using folder = await temporaryFolder();
  const { CodecContext } = await loadLibav();
  const { allocContext3, freeContext } = CodecContext.prototype;
  let open = 0;
  CodecContext.prototype.allocContext3 = function (...given) {
    open++;
    return allocContext3.apply(this, given);
  };
  CodecContext.prototype.freeContext = function () {
    open--;
    return freeContext.call(this);
  };
  try {
    const video = await createVideo(`${folder.path}/a.mp4`, SIZE);
    assert.equal(open, 1);
    await video.abort();
    assert.equal(open, 0);
    // More pixels than libav takes: that shows when much is there already.
    const large = { width: 16384, height: 16384 };
    await assert.rejects(
      createVideo(`${folder.path}/b.mp4`, large),
      /Cannot write ".*b\.mp4": make room for a frame/,
    );
    assert.equal(open, 0);
    assert.deepEqual(names(folder.path), []);
  } finally {
    Object.assign(CodecContext.prototype, { allocContext3, freeContext });
  }
});

Deno.test("createVideo() says that the disk is full, and leaves no file", async () => {
  await using folder = await temporaryFolder();
  const { writeSync } = Deno.FsFile.prototype;
  const video = await createVideo(`${folder.path}/a.mp4`, SIZE);
  await video.write(frame(0));
  Deno.FsFile.prototype.writeSync = () => {
    const full = new Error("No space left on device (os error 28)");
    throw Object.assign(full, { code: "ENOSPC" });
  };
  try {
    await assert.rejects(video.finish(), {
      message: /^Cannot write ".*\/a\.mp4": the disk is full$/,
    });
  } finally {
    Deno.FsFile.prototype.writeSync = writeSync;
  }
  assert.deepEqual(names(folder.path), []);
});

Deno.test("createVideo() is given up once, by the step that fails", async () => {
  await using folder = await temporaryFolder();
  const controller = new AbortController();
  const video = await createVideo(`${folder.path}/a.mp4`, {
    ...SIZE,
    signal: controller.signal,
  });
  controller.abort();
  const failing = assert.rejects(video.write(frame(0)), { name: "AbortError" });
  await video.abort();
  assert.deepEqual(names(folder.path), []);
  await failing;
});
