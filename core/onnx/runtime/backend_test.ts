import assert from "node:assert/strict";
import { describeBackend, runtimeBackend } from "./backend.ts";
import { CPU } from "./device.ts";
import { onnxRuntimeLibrary } from "./onnx_runtime.ts";
import { openRuntime } from "./runtime.ts";
import { openOrtLibrary } from "./ort/ort_library.ts";

/** What a script prints that runs a small graph under those permissions. */
async function printed(...permissions: string[]): Promise<string> {
  const url = (path: string) => JSON.stringify(import.meta.resolve(path));
  const script = `
    import { describeBackend, runtimeBackend } from ${url("./backend.ts")};
    import { CPU } from ${url("./device.ts")};
    import { openSession } from ${url("./session.ts")};
    import { GraphBuilder } from ${url("../graph/graph_builder.ts")};
    console.log(describeBackend(runtimeBackend()));
    const g = new GraphBuilder("small");
    g.output("y", g.input("x", "float32", [1]).add(1));
    try {
      await using session = await openSession(g.build(), CPU);
      const x = { dims: [1], data: new Float32Array([4]) };
      console.log((await session.run({ x })).y.data[0]);
    } catch (error) {
      console.log(error.message);
    }`;
  const file = await Deno.makeTempFile({ suffix: ".ts" });
  try {
    await Deno.writeTextFile(file, script);
    const { stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: [
        "run",
        "--quiet",
        "--no-prompt",
        "--no-check",
        ...permissions,
        file,
      ],
    }).output();
    return new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
  } finally {
    await Deno.remove(file);
  }
}

Deno.test("the backend is found out and told in one line", () => {
  const backend = runtimeBackend();
  console.log(describeBackend(backend));
  assert.deepEqual(openRuntime(CPU).backend, backend);
  if (Deno.build.os === "linux" && Deno.build.arch === "x86_64") {
    assert.deepEqual(backend, { kind: "c-api" });
  }
  assert.equal(
    describeBackend({ kind: "binding", reason: "it was asked for" }),
    "ONNX Runtime by its Node.js binding: it was asked for",
  );
});

Deno.test("a runtime says which backend it has", async () => {
  await using runtime = openRuntime(CPU, { backend: "binding" });
  assert.deepEqual(runtime.backend, {
    kind: "binding",
    reason: "it was asked for",
  });
});

Deno.test("with the whole of --allow-ffi the C API is used, and no file is read", async () => {
  assert.equal(
    await printed("--allow-ffi"),
    "ONNX Runtime by its C API\n5\n",
  );
});

Deno.test("where --allow-ffi names the package's files, the binding is used", async () => {
  const library = onnxRuntimeLibrary()!;
  const folder = library.slice(0, library.lastIndexOf("/"));
  assert.equal(
    await printed("--allow-read", `--allow-ffi=${folder}`),
    "ONNX Runtime by its Node.js binding: the C API needs --allow-ffi without a path\n5\n",
  );
});

Deno.test("without --allow-ffi nothing is loaded, and the error says what to allow", async () => {
  const lines = (await printed("--allow-read")).split("\n");
  assert.match(lines[0]!, /binding: the C API needs --allow-ffi/);
  assert.match(lines.slice(1).join("\n"), /HINT: .*--allow-ffi/s);
});

Deno.test("another library is not taken for ONNX Runtime", {
  ignore: Deno.build.os !== "linux",
}, () => {
  assert.throws(() => openOrtLibrary("libc.so.6"), /OrtGetApiBase/);
});
