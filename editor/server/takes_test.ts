import assert from "node:assert/strict";
import { join } from "node:path";
import { temporaryFolder } from "../../tests/fixtures/temporary.ts";
import { ProjectFolder } from "./project_folder.ts";
import { UnknownImageError } from "./store_errors.ts";
import { type NewTake, Takes } from "./takes.ts";

/** A project folder, and runs that have filled their own. */
async function withTakes(
  work: (tools: {
    takes: Takes;
    /** Files a take whose video has this content. */
    add: (video: string, engine?: NewTake["engine"]) => Promise<number>;
    /** A file of the project folder. */
    read: (...path: string[]) => Promise<string>;
    dir: string;
  }) => Promise<void>,
): Promise<void> {
  await using temporary = await temporaryFolder();
  const dir = temporary.path;
  const folder = await ProjectFolder.open(dir);
  const takes = new Takes(folder);
  let runs = 0;
  await work({
    takes,
    dir,
    read: (...path) => Deno.readTextFile(join(dir, ...path)),
    async add(video, engine = "preview") {
      const run = join("output/takes", `.run-0000000${++runs}`);
      const write = async (path: string, text: string) => {
        const to = join(dir, run, path);
        await Deno.mkdir(join(to, ".."), { recursive: true });
        await Deno.writeTextFile(to, text);
      };
      await write("00.pth", `tracks of ${video}`);
      await write("made/outputs/00.mp4", video);
      await write("made/outputs_vis/00_viz.mp4", `${video} with tracks`);
      if (engine === "model") {
        // As generate writes it: relative to its own folder.
        const recipe = {
          image: "../../../../../images/00.png",
          track: "../../00.pth",
          seed: 77,
          text: "As it was used.",
        };
        await write("made/outputs/00.json", JSON.stringify(recipe));
      }
      const { number } = await takes.add("00", run, {
        engine,
        settings: {},
        at: 1000 * runs,
        prompt: "It moves.",
        tracks: 1,
      });
      return number;
    },
  });
}

Deno.test("each run is a take of its own, and a preview hides no video of the model", () =>
  withTakes(async ({ takes, add, read }) => {
    assert.equal(await add("first preview"), 1);
    assert.equal(await read("output/outputs/00.mp4"), "first preview");
    assert.equal(await add("generated", "model"), 2);
    assert.equal(await add("second preview"), 3);
    assert.equal(await read("output/outputs/00.mp4"), "generated");
    assert.equal(
      await read("output/outputs_vis/00_viz.mp4"),
      "generated with tracks",
    );
    const { takes: list, current } = await takes.list("00");
    assert.deepEqual(list.map((take) => take.number), [3, 2, 1]);
    assert.equal(current, 2);
    assert.deepEqual([list[1]!.seed, list[1]!.prompt], [
      77,
      "As it was used.",
    ]);
    // The recipe works from both folders; the take has its own tracks.
    const own = JSON.parse(await read("output/takes/00/0002/00.json"));
    assert.deepEqual([own.image, own.track], [
      "../../../../images/00.png",
      "00.pth",
    ]);
    const copy = JSON.parse(await read("output/outputs/00.json"));
    assert.deepEqual([copy.image, copy.track], [
      "../../images/00.png",
      "../takes/00/0002/00.pth",
    ]);
    assert.equal(
      await read("output/takes/00/0002/00.pth"),
      "tracks of generated",
    );
  }));

Deno.test("the star decides; what is deleted can be brought back, its number is not used again", () =>
  withTakes(async ({ takes, add, read }) => {
    await add("a", "model");
    await add("b", "model");
    await takes.star("00", 1, true);
    assert.equal(await read("output/outputs/00.mp4"), "a");
    await takes.star("00", 1, false);
    assert.equal(await read("output/outputs/00.mp4"), "b");
    await takes.delete("00", 2);
    assert.equal(await read("output/outputs/00.mp4"), "a");
    await assert.rejects(takes.readVideo("00", 2), UnknownImageError);
    await assert.rejects(takes.delete("00", 2), UnknownImageError);
    assert.equal(await add("c"), 3);
    await takes.restore("00", 2);
    const { takes: list } = await takes.list("00");
    assert.deepEqual(list.map((take) => take.number), [3, 2, 1]);
    assert.equal(await read("output/outputs/00.mp4"), "b");
    await assert.rejects(takes.restore("00", 2), UnknownImageError);
    for (const { number } of list) await takes.delete("00", number);
    await assert.rejects(
      read("output/outputs/00.mp4"),
      Deno.errors.NotFound,
    );
  }));

Deno.test("a video of another program becomes a take before it is replaced", () =>
  withTakes(async ({ takes, add, read, dir }) => {
    await Deno.mkdir(join(dir, "output/outputs"), { recursive: true });
    await Deno.writeTextFile(join(dir, "output/outputs/00.mp4"), "by hand");
    assert.equal(await add("generated", "model"), 2);
    const { takes: list } = await takes.list("00");
    assert.deepEqual(list.map((take) => take.engine), ["model", "other"]);
    assert.equal(await read("output/takes/00/0001/00.mp4"), "by hand");
    assert.equal(await read("output/outputs/00.mp4"), "generated");
  }));

Deno.test("stars, deleting and restoring replace no video of another program either", () =>
  withTakes(async ({ takes, add, read, dir }) => {
    await add("a", "model");
    await add("b", "model");
    const write = (text: string) =>
      Promise.all([
        Deno.writeTextFile(join(dir, "output/outputs/00.mp4"), text),
        Deno.writeTextFile(
          join(dir, "output/outputs_vis/00_viz.mp4"),
          `${text} with tracks`,
        ),
        Deno.writeTextFile(
          join(dir, "output/outputs/00.json"),
          JSON.stringify({ image: "../../images/00.png", text }),
        ),
      ]);
    const last = async () => {
      const [take] = (await takes.list("00")).takes;
      const at = `output/takes/00/${String(take!.number).padStart(4, "0")}`;
      const viz = await read(at, "00_viz.mp4");
      const { image } = JSON.parse(await read(at, "00.json"));
      return [take!.engine, take!.prompt, await read(at, "00.mp4"), viz, image];
    };
    const other = (text: string) => [
      ...["other", text, text, `${text} with tracks`],
      "../../../../images/00.png",
    ];
    await write("by hand");
    await takes.star("00", 1, true);
    assert.equal(await read("output/outputs/00.mp4"), "a");
    assert.deepEqual(await last(), other("by hand"));
    await write("by hand again");
    await takes.delete("00", 1);
    // What counts is its own now, until it is not the newest any more.
    assert.equal(await read("output/outputs/00.mp4"), "by hand again");
    assert.deepEqual(await last(), other("by hand again"));
    await write("a third");
    await takes.restore("00", 1);
    assert.equal(await read("output/outputs/00.mp4"), "a");
    assert.deepEqual(await last(), other("a third"));
    const { takes: list } = await takes.list("00");
    assert.deepEqual(list.map(({ number }) => number), [5, 4, 3, 2, 1]);
    // What is no take's has no other place, where the video is a take's.
    await Deno.writeTextFile(
      join(dir, "output/outputs_vis/00_viz.mp4"),
      "drawn again",
    );
    await takes.star("00", 1, false);
    const [trashed] = [...Deno.readDirSync(join(dir, ".trash"))]
      .filter(({ name }) => name.endsWith("-00-output"));
    assert.equal(
      await read(".trash", trashed!.name, "output/outputs_vis/00_viz.mp4"),
      "drawn again",
    );
    assert.equal((await takes.list("00")).takes.length, 5);
  }));

Deno.test("a video next to the recipe of a take does not get its facts", () =>
  withTakes(async ({ takes, add, read, dir }) => {
    await add("a", "model");
    await Deno.writeTextFile(join(dir, "output/outputs/00.mp4"), "a preview");
    await takes.star("00", 1, true);
    const [other] = (await takes.list("00")).takes;
    assert.deepEqual([other!.engine, other!.seed, other!.prompt], [
      ...["other", undefined, ""],
    ]);
    // Nor does what is no recipe hold anything up.
    await Deno.writeTextFile(join(dir, "output/outputs/00.mp4"), "another");
    await Deno.writeTextFile(join(dir, "output/outputs/00.json"), "{");
    await takes.star("00", 1, false);
    assert.equal(await read("output/takes/00/0003/00.json"), "{");
  }));

Deno.test("a take with a damaged record is left out, its video is rescued", () =>
  withTakes(async ({ takes, add, dir }) => {
    await add("a");
    await add("b");
    await Deno.writeTextFile(
      join(dir, "output/takes/00/0002/take.json"),
      "{",
    );
    const numbers = async () =>
      (await takes.list("00")).takes.map((take) => take.number);
    assert.deepEqual(await numbers(), [1]);
    // The video was in output/outputs, of no take that is known.
    assert.equal(await add("c"), 4);
    assert.deepEqual(await numbers(), [4, 3, 1]);
  }));
