import assert from "node:assert/strict";
import { join } from "node:path";
import { planRun } from "../../core/jobs/plan_run.ts";
import { readJobs } from "../../core/jobs/read_jobs.ts";
import { encodeImage } from "../../core/media/image.ts";
import { LongTracks } from "../../core/tracks/long_tracks.ts";
import { readRawTracks, readTracks } from "../../core/tracks/read_tracks.ts";
import { TrackSet } from "../../core/tracks/track_set.ts";
import { writeTracks } from "../../core/tracks/write_tracks.ts";
import {
  ALWAYS_VISIBLE,
  type EditorDocument,
  FULL_TIMING,
} from "../model/document.ts";
import { parseDocument } from "../model/parse_document.ts";
import { storedState } from "../model/stored_files.ts";
import { packProject } from "./project_archive.ts";
import { ProjectFolder } from "./project_folder.ts";
import { prepareRun } from "./run_folder.ts";
import { ReplacedError } from "./store_errors.ts";
import type { ProjectStore } from "./store.ts";
import { openStore } from "./open_store.ts";
import { temporaryFolder } from "../../tests/fixtures/temporary.ts";

/** A PNG of 16 x 12 px. */
const IMAGE = await encodeImage(
  { width: 16, height: 12, data: new Uint8Array(16 * 12 * 3) },
  "png",
);

interface Project {
  readonly dir: string;
  readonly store: ProjectStore;
  /** The stored tracks as points. */
  stored(): Promise<TrackSet>;
  /** Changes the document as autosave does. */
  change(part: Partial<EditorDocument>): Promise<void>;
  /** Store Tracks. */
  storeNow(over?: string): Promise<void>;
  /** Its state, as a page sees it that was just opened. */
  word(): Promise<string>;
  /** Writes the track file as another program would. */
  replaceTracks(x: number): Promise<void>;
}

/** A project with one image of 16 x 12 px and one anchor on it. */
async function withProject(run: (project: Project) => Promise<void>) {
  await using temporary = await temporaryFolder({ prefix: "ati_stored_" });
  const dir = temporary.path;
  const store = await openStore(dir);
  await store.addImage(IMAGE);
  const project: Project = {
    dir,
    store,
    async stored() {
      const bytes = await Deno.readFile(join(dir, "tracks/00.pth"));
      return (await readTracks(bytes, { name: "00.pth" })).tracks;
    },
    async change(part) {
      const { document, etag } = await store.readDocument("00");
      await store.writeDocument("00", { ...document, ...part }, { etag });
    },
    async storeNow(over) {
      const { etag } = await store.readDocument("00");
      await store.storeTracks("00", {
        etag,
        overlay: IMAGE,
        ...(over === undefined ? {} : { over }),
      });
    },
    async word() {
      // Opened again: nothing in memory may be needed for the answer.
      const opened = await openStore(dir);
      const { etag } = await opened.readDocument("00");
      const word = storedState(await opened.compareStored("00"), etag);
      assert.equal((await opened.list())[0]!.stored, word);
      assert.equal((await store.list())[0]!.stored, word);
      return word;
    },
    async replaceTracks(x) {
      const tracks = TrackSet.fromPoints([
        Array.from({ length: 121 }, () => ({ x, y: 1, visible: true })),
      ]);
      await Deno.writeFile(
        join(dir, "tracks/00.pth"),
        await writeTracks(tracks, "pth"),
      );
    },
  };
  await project.change({ tracks: [anchor(3)], prompt: "A ball." });
  await run(project);
}

function anchor(x: number): EditorDocument["tracks"][number] {
  return {
    id: "ball",
    name: "Ball",
    colour: 0,
    locked: false,
    hidden: false,
    timing: FULL_TIMING,
    visible: ALWAYS_VISIBLE,
    shape: { kind: "static", x, y: 5 },
  };
}

/** The files below the trash, without the folders that say when. */
function trashed(dir: string): string[] {
  const files: string[] = [];
  for (const { name } of Deno.readDirSync(join(dir, ".trash"))) {
    for (const part of Deno.readDirSync(join(dir, ".trash", name))) {
      if (part.isFile) files.push(part.name);
      else {
        for (
          const file of Deno.readDirSync(join(dir, ".trash", name, part.name))
        ) {
          files.push(`${part.name}/${file.name}`);
        }
      }
    }
  }
  return files.sort();
}

Deno.test("stored, changed, stored again, changed back: the word is true each time", () =>
  withProject(async ({ word, storeNow, change }) => {
    assert.equal(await word(), "never");
    await storeNow();
    assert.equal(await word(), "current");
    await change({ tracks: [anchor(4)] });
    assert.equal(await word(), "outdated");
    await storeNow();
    assert.equal(await word(), "current");
    await change({ prompt: "Another ball." });
    assert.equal(await word(), "outdated");
    await change({ prompt: "A ball." });
    assert.equal(await word(), "current");
  }));

Deno.test("entry with lines, quotes and colons are known again", () =>
  withProject(async ({ word, storeNow, change }) => {
    const prompt = `  Two lines:\n\n- "quoted" # no comment \\ 'so'\t海  `;
    await change({ prompt, negative: "{fog: [no]}" });
    await storeNow();
    assert.equal(await word(), "current");
  }));

Deno.test("what is not wanted can be taken back", () =>
  withProject(async ({ dir, word, storeNow, change }) => {
    await change({ negative: "fog" });
    await storeNow();
    await change({ negative: "" });
    assert.equal(await word(), "outdated");
    await storeNow();
    assert.equal(await word(), "current");
    const yaml = await Deno.readTextFile(join(dir, "test.yaml"));
    assert.doesNotMatch(yaml, /fog/);
  }));

for (
  const [file, remove] of [
    ["tracks/00.pth", "tracks/00.pth"],
    ["images_tracks/00.png", "images_tracks/00.png"],
    ["test.yaml", "test.yaml"],
  ] as const
) {
  Deno.test(`${file} deleted: not stored any more, and Store brings it back`, () =>
    withProject(async ({ dir, store, word, storeNow }) => {
      await storeNow();
      await Deno.remove(join(dir, remove));
      assert.equal(await word(), "outdated");
      assert.deepEqual((await store.compareStored("00")).missing, [file]);
      await storeNow();
      assert.equal(await word(), "current");
      assert.ok((await Deno.stat(join(dir, remove))).isFile);
    }));
}

Deno.test("a foreign track file is only written over by one who has seen it", () =>
  withProject(async (project) => {
    const { dir, store, word, storeNow, change, stored } = project;
    await storeNow();
    await change({ tracks: [anchor(9)] });
    await project.replaceTracks(7);
    assert.equal(await word(), "replaced");
    const { foreign, tag, there } = await store.compareStored("00");
    assert.deepEqual(foreign, ["tracks/00.pth"]);
    assert.deepEqual(there, { tracks: 1, prompt: "A ball." });
    await assert.rejects(storeNow(), ReplacedError);
    assert.equal((await stored()).x(0, 0), 7);

    await project.replaceTracks(8); // once more, unseen
    await assert.rejects(storeNow(tag), ReplacedError);
    assert.equal((await stored()).x(0, 0), 8);

    await storeNow((await store.compareStored("00")).tag);
    assert.equal((await stored()).x(0, 0), 9);
    assert.equal(await word(), "current");
    assert.deepEqual(trashed(dir), ["tracks/00.pth"]);
    await project.replaceTracks(8); // the same again is foreign again
    assert.equal(await word(), "replaced");
  }));

Deno.test("foreign tracks can be taken into the document", () =>
  withProject(async (project) => {
    const { store, word, storeNow, change, stored } = project;
    await storeNow();
    await change({
      camera: [{
        id: "pan",
        name: "Pan",
        enabled: true,
        applies: "all",
        timing: FULL_TIMING,
        kind: "pan",
        dx: 1,
        dy: 0,
      }],
    });
    await project.replaceTracks(7);
    const { etag } = await store.readDocument("00");
    const { document } = await store.takeStored("00", { etag });
    assert.equal(document.tracks[0]!.shape.kind, "free");
    assert.equal(document.camera.length, 0);
    assert.equal(document.prompt, "A ball.");
    assert.equal(await word(), "current");
    await change({ tracks: [anchor(2)] });
    assert.equal(await word(), "outdated"); // theirs was seen: no question
    await storeNow();
    assert.equal((await stored()).x(0, 0), 2);
  }));

Deno.test("a document of ten seconds is stored whole, and a foreign length is taken", () =>
  withProject(async ({ dir, store, change, storeNow, word, ...project }) => {
    await change({ frames: 241 });
    await storeNow();
    assert.equal(await word(), "current");
    const path = join(dir, "tracks/00.pth");
    const bytes = await Deno.readFile(path);
    const { tracks } = await readRawTracks(bytes, { name: "00.pth" });
    assert.deepEqual(tracks.map((samples) => samples.length), [3 * 241]);

    const longer = LongTracks.fromPoints(
      [Array.from({ length: 361 }, (_, x) => ({ x, y: 1, visible: true }))],
      { frames: 361 },
    );
    await Deno.writeFile(path, await writeTracks(longer, "pth"));
    const take = async () => {
      const { etag } = await store.readDocument("00");
      const { document } = await store.takeStored("00", { etag });
      assert.equal(await word(), "current");
      return document;
    };
    const taken = await take();
    assert.equal(taken.frames, 361);
    assert.deepEqual(taken.tracks[0]!.visible, [[0, 360]]);
    await project.replaceTracks(9);
    assert.equal((await take()).frames, undefined);
  }));

Deno.test("taking foreign tracks leaves a prompt that is not stored yet unstored", () =>
  withProject(async (project) => {
    const { store, word, storeNow, change } = project;
    await storeNow();
    await change({ prompt: "New entry." });
    await project.replaceTracks(7);
    const { etag } = await store.readDocument("00");
    const { document } = await store.takeStored("00", { etag });
    assert.equal(document.prompt, "New entry.");
    assert.equal(await word(), "outdated");
  }));

Deno.test("a prompt that was written into test.yaml by hand is not lost", () =>
  withProject(async ({ dir, store, word, storeNow, change }) => {
    await storeNow();
    const path = join(dir, "test.yaml");
    const yaml = await Deno.readTextFile(path);
    await Deno.writeTextFile(path, yaml.replace("A ball.", "By hand."));
    assert.equal(await word(), "replaced");
    const { foreign, there } = await store.compareStored("00");
    assert.deepEqual(foreign, ["test.yaml"]);
    assert.equal(there!.prompt, "By hand.");
    await assert.rejects(storeNow(), ReplacedError);

    const { etag } = await store.readDocument("00");
    const { document } = await store.takeStored("00", { etag });
    assert.equal(document.prompt, "By hand.");
    assert.equal(document.tracks[0]!.shape.kind, "static"); // stays editable
    assert.equal(await word(), "current");

    await change({ prompt: "Mine." });
    await Deno.writeTextFile(path, yaml.replace("A ball.", "Theirs."));
    await storeNow((await store.compareStored("00")).tag);
    assert.match(await Deno.readTextFile(path), /Mine\./);
    assert.deepEqual(trashed(dir), ["test.yaml"]);
  }));

Deno.test("the prompts of segments are stored as the tools and a run read them", () =>
  withProject(async ({ dir, store, word, storeNow, change }) => {
    const planned = async (path: string) => {
      const jobs = await readJobs(join(dir, path));
      return planRun(jobs, { out: dir }).map(({ nextPrompts }) => nextPrompts);
    };
    const nextPrompts = ["", "It rolls.", "It stops."];
    await change({ frames: 361, nextPrompts }); // the last is for later
    await storeNow();
    assert.equal(await word(), "current");
    assert.deepEqual(await planned("test.yaml"), [["A ball.", "It rolls."]]);
    const folder = await ProjectFolder.open(dir);
    const run = await prepareRun(folder, ["00"], { engine: "model" });
    assert.deepEqual(
      await planned(join(run.path, "jobs.yaml")),
      [["A ball.", "It rolls."]],
    );
    assert.equal(run.inputs.get("00")?.prompt, "A ball. / A ball. / It rolls.");

    await change({ nextPrompts: ["", "It rests."] });
    assert.equal(await word(), "outdated");
    await storeNow();
    assert.deepEqual(await planned("test.yaml"), [["A ball.", "It rests."]]);

    const yaml = await Deno.readTextFile(join(dir, "test.yaml"));
    await Deno.writeTextFile(
      join(dir, "test.yaml"),
      yaml.replace("It rests.", "By hand."),
    );
    assert.equal(await word(), "replaced");
    await assert.rejects(storeNow(), ReplacedError);
    const { etag } = await store.readDocument("00");
    const { document } = await store.takeStored("00", { etag });
    assert.deepEqual(document.nextPrompts, ["A ball.", "By hand."]);
    assert.equal(await word(), "current");

    // Without documents: read from the files, and from an archive of them.
    await Deno.remove(join(dir, "editor"), { recursive: true });
    await Deno.mkdir(join(dir, "editor"));
    const { document: read } = await store.readDocument("00");
    assert.deepEqual(read.nextPrompts, ["A ball.", "By hand."]);
    assert.equal(JSON.stringify(parseDocument(read)), JSON.stringify(read));
    const archive = await packProject(folder);
    await store.addProject(new Uint8Array(await archive.arrayBuffer()));
    assert.deepEqual(await planned("test.yaml"), [
      ["A ball.", "By hand."],
      ["A ball.", "By hand."],
    ]);
  }));

Deno.test("prompts that test.yaml has for later segments stay", () =>
  withProject(async ({ dir, word, storeNow, change }) => {
    const path = join(dir, "test.yaml");
    const planned = async () =>
      planRun(await readJobs(path), { out: dir }).map((
        { nextPrompts },
      ) => nextPrompts);
    // A run of them makes four segments, with fewer frames or an overlap.
    await change({ frames: 241 });
    await storeNow();
    const yaml = await Deno.readTextFile(path);
    await Deno.writeTextFile(
      path,
      yaml.replace(/text: .*/, "text: [A, B, C, D]"),
    );
    await Deno.remove(join(dir, "editor"), { recursive: true });
    await Deno.mkdir(join(dir, "editor"));
    assert.deepEqual(await planned(), [["B", "C", "D"]]);
    await change({ tracks: [anchor(4)] });
    await storeNow();
    assert.deepEqual(await planned(), [["B", "C", "D"]]);
    assert.equal(await word(), "current");
    await change({ nextPrompts: ["B", "It rests.", "D"] });
    await storeNow();
    assert.deepEqual(await planned(), [["B", "It rests.", "D"]]);
  }));

Deno.test("a shortened document whose memory is lost knows its own entry", () =>
  withProject(async ({ dir, word, storeNow, change }) => {
    await change({ frames: 241, nextPrompts: ["B", "C", "D"] });
    await storeNow();
    await Deno.remove(join(dir, "editor/00.stored.json"));
    assert.equal(await word(), "current");
  }));

Deno.test("a foreign track file that is none can be replaced, not taken", () =>
  withProject(async ({ dir, store, word, storeNow }) => {
    await storeNow();
    await Deno.writeTextFile(join(dir, "tracks/00.pth"), "no tracks");
    assert.equal(await word(), "replaced");
    const { there, tag } = await store.compareStored("00");
    assert.match(there!.fault!, /00\.pth/);
    const before = await store.readDocument("00");
    await assert.rejects(store.takeStored("00", before), /damaged/);
    const many = Array.from({ length: 2001 }, () => [
      { x: 1, y: 1, visible: true },
    ]);
    await Deno.writeFile(
      join(dir, "tracks/00.pth"),
      await writeTracks(TrackSet.fromPoints(many), "pth"),
    );
    await assert.rejects(
      store.takeStored("00", before),
      /00\.pth": it has 2001 tracks, expected at most 2000/,
    );
    await Deno.writeTextFile(join(dir, "tracks/00.pth"), "no tracks");
    assert.deepEqual(await store.readDocument("00"), before);
    await storeNow(tag);
    assert.equal(await word(), "current");
  }));

Deno.test("a project whose memory is lost is known again by its content, or asked about", () =>
  withProject(async ({ dir, word, storeNow, change }) => {
    await storeNow();
    await Deno.remove(join(dir, "editor/00.stored.json"));
    assert.equal(await word(), "current");
    await change({ tracks: [anchor(4)] }); // remembered again before this
    assert.equal(await word(), "outdated");
    await Deno.writeTextFile(join(dir, "editor/00.stored.json"), "{torn");
    assert.equal(await word(), "replaced");
  }));

Deno.test("storing that was cut short at any step is no foreign file", () =>
  withProject(async ({ word, storeNow, change }) => {
    await storeNow();
    const { rename } = Deno;
    for (let steps = 0, x = 4, isCut = true; isCut; steps++, x++) {
      await change({ tracks: [anchor(x)], prompt: `Words ${x}.` });
      let left = steps;
      Deno.rename = (from, to) =>
        left-- > 0 ? rename(from, to) : Promise.reject(new Error("killed"));
      try {
        await storeNow();
        isCut = false;
        assert.ok(steps > 4, "a record, three files, a record");
      } catch (error) {
        assert.equal((error as Error).message, "killed");
      } finally {
        Deno.rename = rename;
      }
      // The very last step only tidies up.
      const expected: RegExp = isCut ? /^(outdated|current)$/ : /^current$/;
      assert.match(await word(), expected, `after ${steps} steps`);
      await storeNow();
      assert.equal(await word(), "current");
    }
  }));

Deno.test("a foreign image with tracks opens as stored; its first change is asked nothing", () =>
  withProject(async (project) => {
    const { dir, store, word, storeNow, change } = project;
    await project.replaceTracks(6);
    await Deno.remove(join(dir, "editor/00.json"));
    assert.equal(await word(), "outdated"); // not in test.yaml yet
    assert.deepEqual((await store.compareStored("00")).missing, ["test.yaml"]);
    await Deno.writeTextFile(
      join(dir, "test.yaml"),
      "- {image: images/00.png, text: Theirs., track: tracks/00.pth, negative: fog}\n",
    );
    assert.equal(await word(), "current");
    const { document } = await store.readDocument("00");
    assert.deepEqual([document.prompt, document.negative], ["Theirs.", "fog"]);
    await change({ tracks: [anchor(1)] });
    assert.equal(await word(), "outdated");
    await storeNow();
    assert.equal(await word(), "current");
  }));

Deno.test("a broken job file is left as it is, and nothing else is written", () =>
  withProject(async ({ dir, storeNow, stored, change }) => {
    await storeNow();
    await change({ tracks: [anchor(4)] });
    const path = join(dir, "test.yaml");
    for (const broken of ["- image: [\n", "just: a map\n", "- {a: 1\n- }"]) {
      await Deno.writeTextFile(path, broken);
      await assert.rejects(storeNow(), /Cannot use the job file .*test\.yaml/);
      assert.equal(await Deno.readTextFile(path), broken);
      assert.equal((await stored()).x(0, 0), 3);
    }
  }));

Deno.test("two editors on one folder: no change is lost", () =>
  withProject(async ({ dir, store }) => {
    const other = await openStore(dir);
    /** Adds a letter to the prompt, as often as it takes. */
    const add = async (from: ProjectStore, letter: string) => {
      for (;;) {
        const { document, etag } = await from.readDocument("00");
        const prompt = document.prompt + letter;
        try {
          await from.writeDocument("00", { ...document, prompt }, { etag });
          return;
        } catch (error) {
          assert.equal((error as Error).name, "ConflictError");
        }
      }
    };
    const letters = [..."abcdefghij"];
    await Promise.all([
      (async () => {
        for (const letter of letters) await add(store, letter);
      })(),
      (async () => {
        for (const letter of letters) await add(other, letter.toUpperCase());
      })(),
    ]);
    const { document } = await store.readDocument("00");
    const added = [...document.prompt.slice("A ball.".length)].sort().join("");
    assert.equal(added, "ABCDEFGHIJabcdefghij");
    const ids = await Promise.all(
      [store, other, store, other].map((s) => s.addImage(IMAGE)),
    );
    assert.deepEqual(ids.map((p) => p.id).sort(), ["01", "02", "03", "04"]);
  }));
