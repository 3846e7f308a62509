import assert from "node:assert/strict";
import { goldenUrl } from "../../tests/fixtures/golden.ts";
import { memorySource } from "../base/byte_source.ts";
import { readZipDirectory } from "../formats/zip.ts";
import { readZipEntry } from "../formats/zip_entry.ts";
import { writeZip } from "../formats/zip_writer.ts";
import { FormatError } from "../base/errors.ts";
import { readAtiFile, writeAtiFile } from "./ati_file.ts";

const NPZ = new Uint8Array([0x50, 0x4b, 0x00, 0x7f, 0x80, 0xef, 0xbb, 0xbf]);

async function pickleOf(pth: Uint8Array): Promise<Uint8Array> {
  const source = memorySource(pth, "a.pth");
  const entry = readZipDirectory(source).find(({ name }) =>
    name.endsWith("/data.pkl")
  );
  return (await readZipEntry(source, entry!, { limit: 1e6 })).slice();
}

function withPickle(pickle: Uint8Array): Promise<Uint8Array> {
  return writeZip([{ name: "x/data.pkl", bytes: pickle }]);
}

Deno.test("writeAtiFile() writes the documented opcodes, byte for byte", async () => {
  const ascii = (text: string) => [...new TextEncoder().encode(text)];
  assert.deepEqual([...await pickleOf(await writeAtiFile(NPZ))], [
    ...[0x80, 2], // PROTO 2
    ...ascii("c_codecs\nencode\n"), // GLOBAL
    ...[0x71, 0], // BINPUT 0
    ...[0x58, 12, 0, 0, 0], // BINUNICODE, bytes from 0x80 up take two
    ...[0x50, 0x4b, 0x00, 0x7f, 0xc2, 0x80, 0xc3, 0xaf],
    ...[0xc2, 0xbb, 0xc2, 0xbf],
    ...[0x71, 1], // BINPUT 1
    ...[0x58, 6, 0, 0, 0, ...ascii("latin1")],
    ...[0x71, 2, 0x86, 0x71, 3, 0x52, 0x71, 4], // TUPLE2 REDUCE
    0x2e, // STOP
  ]);
});

Deno.test("writeAtiFile() makes the pickle that torch.save makes", async () => {
  for (const name of ["torch_f4.pth", "torch_u2_stored.pth"]) {
    const pth = Deno.readFileSync(goldenUrl(`motion/${name}`));
    const npz = await readAtiFile(pth, { name });
    assert.deepEqual(
      await pickleOf(await writeAtiFile(npz)),
      await pickleOf(pth),
      name,
    );
  }
});

Deno.test("writeAtiFile() lays the archive out as torch.save does", async () => {
  const entries = readZipDirectory(
    memorySource(await writeAtiFile(NPZ, { folder: "fish" }), "a.pth"),
  );
  assert.deepEqual(entries.map(({ name }) => name), [
    "fish/data.pkl",
    "fish/byteorder",
    "fish/version",
    "fish/.data/serialization_id",
  ]);
  assert.ok(
    entries.every(({ method, dataOffset }) =>
      method === "stored" && dataOffset % 64 === 0
    ),
  );
});

Deno.test("readAtiFile() gives back what writeAtiFile() took", async () => {
  const all = Uint8Array.from({ length: 70000 }, (_, i) => i);
  for (const npz of [NPZ, all, new Uint8Array(0)]) {
    const pth = await writeAtiFile(npz, { folder: "any name" });
    assert.deepEqual(await readAtiFile(pth, { name: "a.pth" }), npz);
  }
});

Deno.test("readAtiFile() takes any top folder, and none", async () => {
  const pickle = await pickleOf(await writeAtiFile(NPZ));
  for (const name of ["20/data.pkl", "a/b/data.pkl", "data.pkl"]) {
    const pth = await writeZip([{ name, bytes: pickle }, {
      name: "track/version",
      bytes: new Uint8Array([0x33, 0x0a]),
    }]);
    assert.deepEqual(await readAtiFile(pth, { name: "a.pth" }), NPZ);
  }
});

Deno.test("readAtiFile() refuses every other pickle by name and offset", async (t) => {
  const good = await pickleOf(await writeAtiFile(NPZ));
  const replace = (from: number[], to: number[]) => {
    const text = String.fromCharCode(...good);
    const at = text.indexOf(String.fromCharCode(...from));
    assert.ok(at >= 0);
    return new Uint8Array([
      ...good.subarray(0, at),
      ...to,
      ...good.subarray(at + from.length),
    ]);
  };
  const ascii = (text: string) => [...new TextEncoder().encode(text)];
  const cases: [string, Uint8Array, RegExp][] = [
    [
      "os.system instead of _codecs.encode",
      replace(ascii("_codecs\nencode"), ascii("posix\nsystem")),
      /opcode GLOBAL "posix system" at byte 2, expected GLOBAL "_codecs encode"/,
    ],
    [
      "another codec",
      replace([6, 0, 0, 0, ...ascii("latin1")], [
        5,
        0,
        0,
        0,
        ...ascii("hex_c"),
      ]),
      /"hex_c" at byte \d+, expected BINUNICODE "latin1"/,
    ],
    ["another protocol", replace([0x80, 2], [0x80, 4]), /PROTO 4 at byte 0/],
    [
      "a second call",
      replace([0x52], [0x52, 0x52]),
      /REDUCE .* expected BINPUT 4/,
    ],
    ["a missing memo", replace([0x71, 3], []), /REDUCE .* expected BINPUT 3/],
    [
      "an opcode beyond the end",
      replace([0x2e], [0x71, 5, 0x2e]),
      /BINPUT 5 .*, expected STOP/,
    ],
    [
      "STOP too soon",
      new Uint8Array([0x80, 2, 0x2e]),
      /STOP .* expected GLOBAL/,
    ],
    [
      "BUILD",
      replace([0x52], [0x62]),
      /opcode BUILD at byte \d+ is not allowed/,
    ],
    [
      "a character beyond latin-1",
      replace([0xc3, 0xaf], [0xc4, 0x80]),
      /character 5 .* U\+0100/,
    ],
    ["nothing", new Uint8Array(0), /wanted at byte 0/],
  ];
  for (const [what, pickle, message] of cases) {
    await t.step(what, async () => {
      await assert.rejects(
        withPickle(pickle).then((pth) => readAtiFile(pth, { name: "a.pth" })),
        (error) => {
          assert.ok(error instanceof FormatError, String(error));
          assert.match(error.message, message);
          return true;
        },
      );
    });
  }
});

Deno.test("readAtiFile() refuses archives that are no track file", async () => {
  const pickle = await pickleOf(await writeAtiFile(NPZ));
  const zip = (...names: string[]) =>
    writeZip(names.map((name) => ({ name, bytes: pickle })));
  const read = async (pth: Promise<Uint8Array>) =>
    await readAtiFile(await pth, { name: "a.pth" });
  await assert.rejects(read(zip("x/version")), /0 members data\.pkl/);
  await assert.rejects(
    read(zip("x/data.pkl", "y/data.pkl")),
    /2 members data\.pkl/,
  );
  await assert.rejects(
    read(zip("x/data.pkl", "x/data/0", "x/data/1")),
    /holds 2 tensors, expected one bytes object/,
  );
});
