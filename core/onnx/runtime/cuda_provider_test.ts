import assert from "node:assert/strict";
import { join } from "node:path";
import {
  hasCudaProvider,
  PROVIDER_FILES,
  useCudaProvider,
} from "./cuda_provider.ts";
import { ORT_VERSION } from "./ort/api_table.ts";

const ignore = !hasCudaProvider();

async function folderWith(
  files: Readonly<Record<string, string>>,
): Promise<{ path: string } & AsyncDisposable> {
  const path = await Deno.makeTempDir();
  for (const [name, text] of Object.entries(files)) {
    await Deno.writeTextFile(join(path, name), text);
  }
  return {
    path,
    [Symbol.asyncDispose]: () => Deno.remove(path, { recursive: true }),
  };
}

Deno.test("hasCudaProvider() is for Linux on x64", () => {
  assert.ok(hasCudaProvider({ os: "linux", arch: "x86_64" }));
  assert.ok(!hasCudaProvider({ os: "linux", arch: "aarch64" }));
  assert.ok(!hasCudaProvider({ os: "windows", arch: "x86_64" }));
});

Deno.test({
  name: "useCudaProvider() refuses a folder without the files, or of others",
  ignore,
  fn: async () => {
    await assert.rejects(useCudaProvider("/no/such/folder"), {
      message: /"\/no\/such\/folder": it is no folder that can be read/,
    });
    const [shared, cuda] = PROVIDER_FILES;
    await using half = await folderWith({ [shared]: "" });
    await assert.rejects(useCudaProvider(half.path), {
      message:
        /libonnxruntime_providers_cuda\.so not found\nHINT: .*onnxruntime\/capi/,
    });
    // The version is at the border between two pieces that are read.
    const far = "x".repeat(2 ** 22 - 3);
    for (const version of ["1.29.0", `${ORT_VERSION}1`, ""]) {
      await using other = await folderWith({
        [shared]: "",
        [cuda]: `${far}\0${version}\0`,
      });
      await assert.rejects(useCudaProvider(other.path), {
        message: new RegExp(`it is not of version ${ORT_VERSION}\nHINT: `),
      });
    }
  },
});

Deno.test({
  name: "useCudaProvider() puts the library next to the files, until the end",
  ignore,
  fn: async () => {
    const [shared, cuda] = PROVIDER_FILES;
    await using folder = await folderWith({
      [shared]: "",
      [cuda]: `${"x".repeat(2 ** 22 - 3)}\0${ORT_VERSION}\0`,
      "libcublas.so.13": "",
      "notes.txt": "",
    });
    const url = (path: string) => JSON.stringify(import.meta.resolve(path));
    const code = `
      const { useCudaProvider, cudaProviderFolder } = await import(${
      url("./cuda_provider.ts")
    });
      const { onnxRuntimeLibrary } = await import(${url("./onnx_runtime.ts")});
      const { runtimeBackend } = await import(${url("./backend.ts")});
      const folder = ${JSON.stringify(folder.path)};
      await useCudaProvider(folder);
      const library = onnxRuntimeLibrary();
      const names = [...Deno.readDirSync(library.replace(/[^\/]+$/, ""))].map((x) => x.name);
      const { kind } = runtimeBackend();
      const late = await useCudaProvider(folder).catch((error) => error.message);
      console.log(JSON.stringify({
        library, names: names.sort(), kind, late, folder: cudaProviderFolder(),
      }));
      Deno.exit(0);`;
    const { stdout, stderr, code: exit } = await new Deno.Command(
      Deno.execPath(),
      {
        args: ["eval", "--ext=ts", code],
        env: { NO_COLOR: "1" },
      },
    ).output();
    assert.equal(exit, 0, new TextDecoder().decode(stderr));
    const found = JSON.parse(new TextDecoder().decode(stdout));
    assert.deepEqual(found.names, [
      "libcublas.so.13",
      "libonnxruntime.so.1",
      cuda,
      shared,
    ]);
    assert.equal(found.kind, "c-api");
    assert.equal(found.folder, folder.path);
    assert.match(found.late, /ONNX Runtime was loaded before/);
    await assert.rejects(Deno.stat(found.library), Deno.errors.NotFound);
  },
});
