import assert from "node:assert/strict";
import { join } from "node:path";
import { FormatError } from "../../core/base/errors.ts";
import { writeZip, type ZipMember } from "../../core/formats/zip_writer.ts";
import { encodeImage } from "../../core/media/image.ts";
import { temporaryFolder } from "../../tests/fixtures/temporary.ts";
import { emptyDocument } from "../model/document.ts";
import { MAX_VERSIONS } from "../model/thin_versions.ts";
import { packProject } from "./project_archive.ts";
import { ProjectFolder } from "./project_folder.ts";
import { readProjectArchive } from "./read_archive.ts";

const image = (width: number) =>
  encodeImage({ width, height: 12, data: new Uint8Array(width * 36) }, "png");
const MIB = 1024 ** 2;
const text = (content: string) => new TextEncoder().encode(content);

Deno.test("folders of the user's own do not keep a project from being saved", async () => {
  await using temporary = await temporaryFolder();
  const folder = await ProjectFolder.open(temporary.path);
  const bytes = await image(16);
  await folder.write("images", "00.png", bytes);
  await Deno.mkdir(join(temporary.path, "images/raw"));
  await Deno.writeTextFile(join(temporary.path, "images/raw/01.png"), "RAW");
  const packed = await (await packProject(folder)).bytes();
  const { images } = await readProjectArchive(packed);
  assert.deepEqual(images.map(({ id, files }) => [id, files]), [
    ["00", [{ part: "images", ending: ".png", bytes }]],
  ]);
});

Deno.test("a packed project folder is its images, not those of its trash", async () => {
  const bytes = await image(16);
  const members: ZipMember[] = [
    { name: "mine/.trash/1-00/images/00.png", bytes: await image(20) },
    { name: "mine/.trash/1-00/tracks/00.pth", bytes: text("old") },
    { name: "mine/images/00.png", bytes },
  ];
  const { images } = await readProjectArchive(await writeZip(members));
  assert.deepEqual(images.map(({ files }) => files), [
    [{ part: "images", ending: ".png", bytes }],
  ]);
});

Deno.test("a project file that unpacks to very much is refused before it is unpacked", async () => {
  const members: ZipMember[] = Array.from({ length: 17 }, (_, i) => ({
    name: `tracks/${10 + i}.pth`,
    bytes: text("tracks"),
    method: "deflate",
  }));
  const archive = await writeZip([
    { name: "images/00.png", bytes: await image(16), method: "deflate" },
    ...members,
  ]);
  // Each claims to be as large as a member may be.
  const view = new DataView(archive.buffer);
  for (let at = 0; at < archive.length - 28; at++) {
    const kind = view.getUint32(at, true);
    if (kind === 0x04034b50) view.setUint32(at + 22, 64 * MIB, true);
    if (kind === 0x02014b50) view.setUint32(at + 24, 64 * MIB, true);
  }
  await assert.rejects(
    readProjectArchive(archive),
    (error) =>
      error instanceof FormatError &&
      error.message.includes(`unpack to ${18 * 64 * MIB}, expected at most`),
  );
});

Deno.test("of very many versions in a project file the newest are read", async () => {
  const version = text(
    JSON.stringify(emptyDocument({ width: 16, height: 12 })),
  );
  const members = Array.from({ length: MAX_VERSIONS + 9 }, (_, i) => ({
    name: `versions/00.${1000 + i}.json`,
    bytes: version,
  }));
  const { images } = await readProjectArchive(
    await writeZip([
      { name: "images/00.png", bytes: await image(16) },
      ...members,
    ]),
  );
  const [{ files }] = images as [typeof images[number]];
  const times = files.filter(({ part }) => part === "versions").map((
    { ending },
  ) => parseInt(ending.slice(1)));
  assert.equal(times.length, MAX_VERSIONS);
  assert.deepEqual([Math.min(...times), Math.max(...times)], [1009, 1068]);
});
