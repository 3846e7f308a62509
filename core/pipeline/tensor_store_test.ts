import assert from "node:assert/strict";
import { CheckpointError } from "../formats/checkpoint_error.ts";
import { writeSafetensors } from "../formats/safetensors_writer.ts";
import { fingerprint, fingerprintTensor } from "./fingerprint.ts";
import { loadTensors, storeTensors, tryLoadTensors } from "./tensor_store.ts";
import { temporaryFolder } from "../../tests/fixtures/temporary.ts";

Deno.test("storeTensors() and loadTensors() keep every bit", async () => {
  await using temporary = await temporaryFolder();
  const path = temporary.file("deep/a.state");
  const odd = new Float32Array([NaN, -0, Infinity, 1e-45, Math.fround(0.1)]);
  const tensors = {
    odd: { dims: [5], data: odd },
    none: { dims: [0, 3], data: new Float32Array(0) },
    scalar: { dims: [], data: new Float32Array([7]) },
  };
  await storeTensors(path, { tensors, texts: { note: "é\n\u0000" } });
  const stored = await loadTensors(path);
  assert.deepEqual(stored, { tensors, texts: { note: "é\n\u0000" } });
  await storeTensors(path, { tensors: {}, texts: {} });
  assert.deepEqual(await loadTensors(path), { tensors: {}, texts: {} });
});

Deno.test("loadTensors() knows no file, and refuses one that is none", async () => {
  await using temporary = await temporaryFolder();
  const path = temporary.file("a.state");
  assert.equal(await loadTensors(path), undefined);
  await Deno.writeTextFile(path, "no tensors");
  await assert.rejects(loadTensors(path), CheckpointError);
  await Deno.writeFile(
    path,
    writeSafetensors([
      { name: "x", dtype: "I32", shape: [1], data: new Int32Array(1) },
    ]),
  );
  await assert.rejects(loadTensors(path), /"x" is I32, expected F32/);
});

Deno.test("loadTensors() notices one flipped bit, wherever it is", async () => {
  await using temporary = await temporaryFolder();
  const path = temporary.file("a.state");
  const tensors = {
    a: { dims: [2, 3], data: new Float32Array([1, 2, 3, 4, 5, 6]) },
    b: { dims: [1], data: new Float32Array([0.5]) },
  };
  await storeTensors(path, { tensors, texts: { seed: "123" } });
  const whole = await Deno.readFile(path);
  for (let i = 0; i < whole.length; i++) {
    const bytes = whole.slice();
    bytes[i]! ^= 1 << (i * 5) % 8;
    await Deno.writeFile(path, bytes);
    let reason: string | undefined;
    const stored = await tryLoadTensors(path, (why) => reason = why);
    // A space in the header's padding may become another white space.
    if (stored !== undefined) {
      assert.deepEqual(
        stored,
        { tensors, texts: { seed: "123" } },
        `byte ${i}`,
      );
    } else assert.match(reason!, /^Cannot read ".*a\.state"/, `byte ${i}`);
    await assert.doesNotReject(tryLoadTensors(path, () => {}));
  }
  // A file of an earlier version has no checksum.
  await Deno.writeFile(
    path,
    writeSafetensors([{
      name: "a",
      dtype: "F32",
      shape: [1],
      data: new Float32Array(1),
    }]),
  );
  await assert.rejects(loadTensors(path), /damaged.*expected one in the file/);
});

Deno.test("fingerprint() tells apart what joins to the same bytes", async () => {
  const all = await Promise.all([
    fingerprint("ab", "c"),
    fingerprint("a", "bc"),
    fingerprint("abc"),
    fingerprint("abc", ""),
    fingerprintTensor({ dims: [2, 1], data: new Float32Array(2) }),
    fingerprintTensor({ dims: [1, 2], data: new Float32Array(2) }),
  ]);
  assert.equal(new Set(all).size, all.length);
  assert.equal(await fingerprint("abc"), all[2]);
});
