import assert from "node:assert/strict";
import { readSafetensors } from "../formats/safetensors.ts";
import { writeSafetensors } from "../formats/safetensors_writer.ts";
import { openFileSource } from "../files/files.ts";
import { temporaryFolder } from "../../tests/fixtures/temporary.ts";
import { type BuiltGraph, GraphBuilder } from "./graph/graph_builder.ts";
import { linear } from "./graph/layers.ts";
import { CPU } from "./runtime/device.ts";
import { openSession } from "./runtime/session.ts";
import { saveGraph } from "./save_graph.ts";

/** `y = x W + b` of 3 numbers, its weights in a file of `folder`. */
async function linearGraph(folder: string): Promise<BuiltGraph> {
  await Deno.mkdir(folder, { recursive: true });
  const path = `${await Deno.realPath(folder)}/weights.safetensors`;
  await Deno.writeFile(
    path,
    writeSafetensors([
      {
        name: "unused.weight",
        dtype: "F32",
        shape: [5],
        data: new Float32Array(5),
      },
      {
        name: "l.weight",
        dtype: "F32",
        shape: [2, 3],
        data: new Float32Array([1, 2, 3, 4, 5, 6]),
      },
      {
        name: "l.bias",
        dtype: "F32",
        shape: [2],
        data: new Float32Array([0.5, -0.5]),
      },
    ]),
  );
  using source = openFileSource(path);
  const g = new GraphBuilder("l", { weights: readSafetensors(source).tensors });
  g.output("y", linear(g.input("x", "float32", [1, 3]), "l"));
  return g.build();
}

/** What a saved model computes of `[1, 10, 100]`. */
async function runSaved(graph: BuiltGraph, path: string): Promise<string> {
  const folder = path.slice(0, path.lastIndexOf("/"));
  await using session = await openSession({
    ...graph,
    model: await Deno.readFile(path),
    weightsFolder: folder,
    weightFiles: new Map([[path, 1]]),
  }, CPU);
  const { y } = await session.run({
    x: { dims: [1, 3], data: new Float32Array([1, 10, 100]) },
  });
  return y!.data.join();
}

Deno.test("a saved graph finds its weights below its folder", async () => {
  await using folder = await temporaryFolder();
  const graph = await linearGraph(folder.file("a ü/b"));
  for (const path of ["l.onnx", "a ü/l.onnx", "a ü/b/l.onnx"]) {
    await saveGraph(graph, folder.file(path));
    assert.equal(await runSaved(graph, folder.file(path)), "321.5,653.5");
  }
  assert.equal((await Array.fromAsync(Deno.readDir(folder.path))).length, 2);
});

Deno.test("saveGraph() refuses weights that are not below the model's folder", async () => {
  await using folder = await temporaryFolder();
  const graph = await linearGraph(folder.file("a"));
  await assert.rejects(
    saveGraph(graph, folder.file("b/l.onnx")),
    /Cannot save a graph in ".*b": its weights are in ".*weights.safetensors", .*HINT: Save it in ".*a", or with weights: "copy"/s,
  );
  assert.equal((await Array.fromAsync(Deno.readDir(folder.path))).length, 1);
});

Deno.test("a graph that is saved with its weights can be moved", async () => {
  await using folder = await temporaryFolder();
  const graph = await linearGraph(folder.file("a"));
  await saveGraph(graph, folder.file("b/l.onnx"), { weights: "copy" });
  await Deno.remove(folder.file("a"), { recursive: true });
  await Deno.rename(folder.file("b"), folder.file("c"));
  assert.equal(await runSaved(graph, folder.file("c/l.onnx")), "321.5,653.5");
  // Each weight begins at a page; what the graph does not use is left out.
  const { size } = await Deno.stat(folder.file("c/l.onnx.data"));
  assert.equal(size, 4096 + 24);
});

Deno.test("an existing file is replaced only when that is asked for", async () => {
  await using folder = await temporaryFolder();
  const graph = await linearGraph(folder.path);
  for (const weights of ["reference", "copy"] as const) {
    const path = folder.file(`${weights}.onnx`);
    await Deno.writeTextFile(path, "mine");
    await assert.rejects(
      saveGraph(graph, path, { weights }),
      Deno.errors.AlreadyExists,
    );
    assert.equal(await Deno.readTextFile(path), "mine");
    await saveGraph(graph, path, { weights, overwrite: true });
    assert.equal(await runSaved(graph, path), "321.5,653.5");
  }
});

Deno.test("an aborted copy leaves no file", async () => {
  await using folder = await temporaryFolder();
  const graph = await linearGraph(folder.file("a"));
  await assert.rejects(
    saveGraph(graph, folder.file("l.onnx"), {
      weights: "copy",
      signal: AbortSignal.abort(),
    }),
    { name: "AbortError" },
  );
  assert.equal((await Array.fromAsync(Deno.readDir(folder.path))).length, 1);
});
