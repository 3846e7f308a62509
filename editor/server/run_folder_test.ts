import assert from "node:assert/strict";
import { join } from "node:path";
import { encodeImage } from "../../core/media/image.ts";
import {
  formatObjects,
  parseObjects,
} from "../../core/tracks/motion_objects.ts";
import { readTracks } from "../../core/tracks/read_tracks.ts";
import { temporaryFolder } from "../../tests/fixtures/temporary.ts";
import type { EditorDocument } from "../model/document.ts";
import { addTracks, createTrack } from "../model/edits.ts";
import { ProjectFolder } from "./project_folder.ts";
import { prepareRun } from "./run_folder.ts";
import { ProjectStore } from "./store.ts";
import { digest } from "./tagged_document.ts";
import { Takes } from "./takes.ts";

const image = (width: number, height: number, format: "png" | "jpeg") =>
  encodeImage(
    { width, height, data: new Uint8Array(width * height * 3).fill(90) },
    format,
  );
const SMALL = await image(80, 60, "png");
/** Twice as wide, three times as high. */
const LARGE = await image(160, 180, "jpeg");

/** A project with one image of 80 x 60 px, and an anchor at (40, 30) stored. */
async function withStored(
  work: (project: {
    readonly dir: string;
    readonly folder: ProjectFolder;
    readonly store: ProjectStore;
    readonly takes: Takes;
    /** The first point of a track file of the project. */
    readonly firstOf: (...path: string[]) => Promise<[number, number]>;
    /** The image of the only entry of a run, and its bytes. */
    readonly imageOf: (run: string) => Promise<[string, Uint8Array]>;
  }) => Promise<void>,
): Promise<void> {
  await using temporary = await temporaryFolder();
  const dir = temporary.path;
  const folder = await ProjectFolder.open(dir);
  const takes = new Takes(folder);
  const store = new ProjectStore(folder, takes);
  const { id } = await store.addImage(SMALL);
  const { document, etag } = await store.readDocument(id);
  const saved = await store.writeDocument(id, withAnchor(document), { etag });
  await store.storeTracks(id, { etag: saved.etag });
  await work({
    ...{ dir, folder, store, takes },
    async firstOf(...path) {
      const bytes = await Deno.readFile(join(dir, ...path));
      const { tracks } = await readTracks(bytes, { name: path.join("/") });
      return [tracks.x(0, 0), tracks.y(0, 0)];
    },
    async imageOf(run) {
      const jobs = await Deno.readTextFile(join(dir, run, "jobs.yaml"));
      const [, file] = /image: (.*)/.exec(jobs)!;
      return [file!, await Deno.readFile(join(dir, run, file!))];
    },
  });
}

function withAnchor(document: EditorDocument): EditorDocument {
  const track = createTrack(document, { kind: "static", x: 40, y: 30 });
  return addTracks(document, [track]);
}

Deno.test("a run that waits keeps the image that its tracks were drawn on", () =>
  withStored(async ({ folder, store, firstOf, imageOf }) => {
    const run = await prepareRun(folder, ["00"], { engine: "preview" });
    await store.replaceImage("00", LARGE); // images/00.png is gone
    assert.deepEqual(await imageOf(run.path), ["00.png", SMALL]);
    assert.deepEqual(await firstOf(run.path, "00.pth"), [40, 30]);
  }));

Deno.test("of two entries with the same tracks a run has the one that the page shows", () =>
  withStored(async ({ folder }) => {
    const [entry] = (await folder.readJobs()).split(/\n(?=- )/);
    const other = entry!.replace(/text:.*/, "text: Another.");
    assert.notEqual(other, entry);
    await folder.writeJobs(`${entry!.trimEnd()}\n${other}`);
    const run = await prepareRun(folder, ["00"], { engine: "preview" });
    assert.equal(run.inputs.get("00")?.prompt, "");
  }));

Deno.test("stored tracks and objects grow with an image that is replaced", () =>
  withStored(async ({ dir, folder, store, firstOf, imageOf }) => {
    const before = await folder.read("tracks", "00.pth");
    const object = {
      outline: [[{ x: 0, y: 0 }, { x: 8, y: 0 }, { x: 8, y: 6 }]],
      tracks: [0],
    };
    const marked = {
      image: { width: 80, height: 60 },
      trackHash: await digest(before),
      objects: [object],
    };
    await folder.write("tracks", "00.objects.json", formatObjects(marked));
    // What is stored need not be what is drawn.
    const { document, etag } = await store.readDocument("00");
    await store.writeDocument("00", withAnchor(document), { etag });
    await store.replaceImage("00", LARGE);
    assert.deepEqual(await firstOf("tracks/00.pth"), [80, 90]);
    // Not another program's.
    assert.equal((await store.list())[0]!.stored, "outdated");
    const run = await prepareRun(folder, ["00"], { engine: "preview" });
    assert.deepEqual(await imageOf(run.path), ["00.jpg", LARGE]);
    assert.deepEqual(await firstOf(run.path, "00.pth"), [80, 90]);
    const objects = await Deno.readTextFile(
      join(dir, run.path, "00.objects.json"),
    );
    // They say themselves on which size they were marked.
    const name = "00.objects.json";
    assert.deepEqual(parseObjects(objects, { name, trackCount: 1 }), {
      ...marked,
      trackHash: await digest(await folder.read("tracks", "00.pth")),
    });
    const trashed = (await folder.trashed()).find((one) =>
      one.endsWith("-00-replaced")
    )!;
    assert.deepEqual(
      await Deno.readFile(join(dir, ".trash", trashed, "tracks/00.pth")),
      before,
    );
    // And the same size changes nothing.
    await store.replaceImage("00", await image(160, 180, "png"));
    assert.deepEqual(await firstOf("tracks/00.pth"), [80, 90]);
  }));

Deno.test("damaged objects keep no image from being replaced", () =>
  withStored(async ({ folder, store, firstOf }) => {
    await folder.write("tracks", "00.objects.json", "{damaged");
    const { width } = await store.replaceImage("00", LARGE);
    assert.equal(width, 160);
    assert.deepEqual(await firstOf("tracks/00.pth"), [80, 90]);
    const text = await folder.read("tracks", "00.objects.json");
    assert.equal(new TextDecoder().decode(text), "{damaged");
    await prepareRun(folder, ["00"], { engine: "preview" });
  }));

Deno.test("an image stays as it was where its tracks fail to be scaled", () =>
  withStored(async ({ folder, store, firstOf }) => {
    const scale = () => Promise.reject(new Error("no memory"));
    Object.assign(folder, { formats: { ...folder.formats, scale } });
    await assert.rejects(store.replaceImage("00", LARGE), /no memory/);
    assert.deepEqual(await folder.names("images"), ["00.png"]);
    assert.deepEqual((await store.readImage("00")).bytes, SMALL);
    assert.equal((await store.readDocument("00")).document.width, 80);
    assert.deepEqual(await firstOf("tracks/00.pth"), [40, 30]);
    assert.deepEqual(await folder.trashed(), []);
  }));

Deno.test("a run scales what was stored before an image was replaced by hand", () =>
  withStored(async ({ dir, folder, firstOf }) => {
    await Deno.writeFile(
      join(dir, "images/00.png"),
      await image(40, 60, "png"),
    );
    const run = await prepareRun(folder, ["00"], { engine: "preview" });
    assert.deepEqual(await firstOf(run.path, "00.pth"), [20, 30]);
    assert.deepEqual(await firstOf("tracks/00.pth"), [40, 30]);
  }));

Deno.test("tracks of another program are not scaled: it may know the size", () =>
  withStored(async ({ dir, folder, store, firstOf }) => {
    const foreign = new TextEncoder().encode('[[{"x": 7, "y": 8}]]');
    await folder.write("tracks", "00.pth", foreign);
    await store.replaceImage("00", LARGE);
    assert.deepEqual(await folder.read("tracks", "00.pth"), foreign);
    const run = await prepareRun(folder, ["00"], { engine: "preview" });
    assert.deepEqual(await firstOf(run.path, "00.pth"), [7, 8]);
    // Once the document has taken them, their size is known.
    const { etag } = await store.readDocument("00");
    await store.takeStored("00", { etag });
    await Deno.remove(join(dir, "images/00.jpg"));
    await folder.write("images", "00.png", SMALL);
    await folder.writeJobs((await folder.readJobs()).replace(".jpg", ".png"));
    const left = [...Deno.readDirSync(join(dir, "output/takes"))].length;
    await assert.rejects(
      prepareRun(folder, ["00"], { engine: "preview" }),
      /stored for 160 x 180 px, the image has 80 x 60.*\nHINT: Open the image/,
    );
    assert.equal([...Deno.readDirSync(join(dir, "output/takes"))].length, left);
  }));

Deno.test("the recipe of a take names an image that is still the one it was made of", () =>
  withStored(async ({ dir, folder, store, takes }) => {
    const make = async (change: () => Promise<unknown>) => {
      const run = await prepareRun(folder, ["00"], { engine: "model" });
      await change();
      const made = join(dir, run.path, "made/outputs");
      await Deno.mkdir(made, { recursive: true });
      await Deno.writeTextFile(join(made, "00.mp4"), run.path);
      await Deno.writeTextFile(
        join(made, "00.json"),
        JSON.stringify({ image: "../../00.png", track: "../../00.pth" }),
      );
      const { number } = await takes.add("00", run.path, {
        ...{ engine: "model", settings: {}, at: 1, prompt: "", tracks: 1 },
      });
      await run.remove();
      const at = join(dir, "output/takes/00", `000${number}`);
      const recipe = await Deno.readTextFile(join(at, "00.json"));
      const { image: path } = JSON.parse(recipe);
      return [path, await Deno.readFile(join(at, path))];
    };
    assert.deepEqual(await make(() => Promise.resolve()), [
      "../../../../images/00.png",
      SMALL,
    ]);
    assert.deepEqual(await make(() => store.replaceImage("00", LARGE)), [
      ...["image.png", SMALL],
    ]);
  }));
