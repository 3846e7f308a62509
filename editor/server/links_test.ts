import assert from "node:assert/strict";
import { join } from "node:path";
import { temporaryFolder } from "../../tests/fixtures/temporary.ts";
import { serveEditor } from "../main.ts";
import { PARTS } from "./project_parts.ts";
import { ProjectFolder } from "./project_folder.ts";
import { OutsideFolderError } from "./store_errors.ts";

interface Folders {
  /** The project folder. */
  readonly dir: string;
  /** A folder next to it that must stay as it is. */
  readonly outside: string;
}

/** A project folder next to one with a secret. */
async function withFolders(
  work: (folders: Folders) => Promise<void>,
): Promise<void> {
  await using temporary = await temporaryFolder();
  const dir = join(temporary.path, "project");
  const outside = join(temporary.path, "project-outside");
  await Deno.mkdir(outside);
  await Deno.writeTextFile(join(outside, "secret"), "secret");
  await work({ dir, outside });
  assert.deepEqual(
    [...Deno.readDirSync(outside)].map(({ name }) => name),
    ["secret"],
    "nothing was made outside",
  );
  assert.equal(await Deno.readTextFile(join(outside, "secret")), "secret");
}

Deno.test("a part of the folder that is a link to elsewhere is refused at the start", () =>
  withFolders(async ({ dir, outside }) => {
    for (const part of PARTS) {
      await Deno.mkdir(dir, { recursive: true });
      await Deno.remove(join(dir, part), { recursive: true }).catch(() => {});
      await Deno.symlink(outside, join(dir, part));
      await assert.rejects(ProjectFolder.open(dir), OutsideFolderError);
      await Deno.remove(join(dir, part));
    }
    await ProjectFolder.open(dir);
  }));

Deno.test("links that come later are neither read, written, listed nor removed", () =>
  withFolders(async ({ dir, outside }) => {
    const folder = await ProjectFolder.open(dir);
    const refused = (work: Promise<unknown>) =>
      assert.rejects(work, OutsideFolderError);
    // A file that is a link.
    await Deno.symlink(join(outside, "secret"), join(dir, "editor/00.json"));
    await refused(folder.read("editor", "00.json"));
    await refused(folder.exists("editor", "00.json"));
    await refused(folder.write("editor", "00.json", "{}"));
    await refused(folder.remove("editor", "00.json"));
    await refused(folder.toTrash("00", ["editor/00.json"]));
    await Deno.symlink(join(outside, "secret"), join(dir, "test.yaml"));
    await refused(folder.readJobs());
    await refused(folder.writeJobs(""));
    // A folder that is a link.
    await Deno.remove(join(dir, "tracks"));
    await Deno.symlink(outside, join(dir, "tracks"));
    await refused(folder.names("tracks"));
    await refused(folder.write("tracks", "00.pth", "x"));
    await Deno.symlink(outside, join(dir, "output"));
    await refused(folder.readOutput("00.mp4"));
    await Deno.symlink(outside, join(dir, ".trash"));
    await refused(folder.trashed());
    await Deno.writeTextFile(join(dir, "images/00.png"), "x");
    await refused(folder.toTrash("00", ["images/00.png"]));
    await Deno.symlink(join(outside, "lock"), join(dir, ".lock"));
    await assert.rejects(folder.exclusive(() => Promise.resolve()));
  }));

Deno.test("links inside the folder, and a link to the folder itself, work", () =>
  withFolders(async ({ dir }) => {
    await ProjectFolder.open(dir);
    await Deno.writeTextFile(join(dir, "images/00.png"), "x");
    await Deno.symlink("00.png", join(dir, "images/01.png"));
    const other = `${dir}-link`;
    await Deno.symlink(dir, other);
    const folder = await ProjectFolder.open(other);
    const bytes = await folder.read("images", "01.png");
    assert.equal(new TextDecoder().decode(bytes), "x");
    await folder.write("editor", "00.json", "{}");
    assert.equal(await Deno.readTextFile(join(dir, "editor/00.json")), "{}");
  }));

Deno.test("the editor shows no image that is a link to elsewhere, and says 403", () =>
  withFolders(async ({ dir, outside }) => {
    await using editor = await serveEditor({
      dir,
      port: 0,
      hostname: "127.0.0.1",
    });
    const { origin } = new URL(editor.url);
    await Deno.copyFile(
      new URL("../../examples/images/boat.jpg", import.meta.url),
      join(dir, "images/01.jpg"),
    );
    await Deno.symlink(join(outside, "secret"), join(dir, "images/00.png"));
    await Deno.symlink(join(outside, "secret"), join(dir, "editor/01.json"));
    const project = await (await fetch(`${origin}/api/project`)).json();
    assert.deepEqual(
      project.images.map(({ id }: { id: string }) => id),
      ["01"],
    );
    const answer = await fetch(`${origin}/api/images/01/document`);
    assert.equal(answer.status, 403);
    assert.match((await answer.json()).error, /leads out of the project/);
  }));
