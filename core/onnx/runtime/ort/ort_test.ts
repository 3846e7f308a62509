import assert from "node:assert/strict";
import { GraphBuilder } from "../../graph/graph_builder.ts";
import type { DataType } from "../../graph/onnx_proto.ts";
import { runtimeBackend } from "../backend.ts";
import { CPU } from "../device.ts";
import { onnxRuntimeLibrary } from "../onnx_runtime.ts";
import { API_TABLE } from "./api_table.ts";
import { CpuArena } from "./cpu_arena.ts";
import { ortEnvironment } from "./environment.ts";
import { IoBinding } from "./io_binding.ts";
import { MemoryInfo } from "./memory_info.ts";
import { NativeBlock } from "./native_memory.ts";
import { OrtSession } from "./ort_session.ts";
import { OrtValue } from "./ort_value.ts";
import { OrtError } from "./status.ts";

const ignore = runtimeBackend().kind !== "c-api";
const environment = () => ortEnvironment(onnxRuntimeLibrary()!);

function test(name: string, fn: () => void | Promise<void>): void {
  Deno.test({ name, ignore, fn });
}

/** Opens a graph with inputs and outputs in the order in which it has them. */
function open(g: GraphBuilder): Promise<OrtSession> {
  const graph = g.build();
  return OrtSession.open(environment(), graph.model, {
    device: CPU,
    weightsFolder: "",
    inputs: graph.inputs.map(({ name }) => name),
    outputs: graph.outputs.map(({ name }) => name),
  }).done;
}

const three = (...numbers: number[]) =>
  OrtValue.copyOf(environment().library, {
    type: "float32",
    dims: [3],
    data: new Float32Array(numbers),
  });

test("no two functions have the same place, and none takes memory of JavaScript", () => {
  const entries = Object.values(API_TABLE);
  assert.equal(new Set(entries.map(({ index }) => index)).size, entries.length);
  for (const { parameters } of entries) {
    assert.ok(!(parameters as readonly string[]).includes("buffer"));
  }
});

for (
  const [type, bytes] of [
    ["float16", [0x00, 0x3c, 0x00, 0xc0, 0x00, 0x38]],
    ["bfloat16", [0x80, 0x3f, 0x00, 0xc0, 0x00, 0x3f]],
    ["float8e4m3fn", [0x38, 0xc0, 0x30]],
    ["float8e5m2", [0x3c, 0xc0, 0x38]],
  ] as const satisfies readonly (readonly [DataType, readonly number[]])[]
) {
  test(`tensors of ${type} are fed and made`, async () => {
    const { library } = environment();
    const g = new GraphBuilder("cast");
    const x = g.input("x", type, [3]);
    g.output("y", x.cast("float32"));
    g.output("z", x.cast("float32").cast(type));
    await using session = await open(g);
    const data = new Uint8Array(bytes);
    using value = OrtValue.copyOf(library, { type, dims: [3], data });
    const [y, z] = await session.run([value]).done;
    assert.deepEqual([...y!.read(new Float32Array(3))], [1, -2, 0.5]);
    assert.equal(z!.type, type);
    assert.deepEqual(z!.read(new Uint8Array(data.length)), data);
    y!.release();
    z!.release();
  });
}

test("native memory is written within its bounds only, and not when it is freed", () => {
  const block = new NativeBlock(environment().library.memory, 16);
  block.writeIntegers([1, -2]);
  assert.equal(block.readInteger(1), -2);
  assert.throws(() => block.write(new Uint8Array(8), 9), {
    name: "RangeError",
    message: "Cannot write 8 bytes at 9 of native memory: it has 16 bytes",
  });
  assert.throws(() => block.readInteger(2), { name: "RangeError" });
  assert.throws(() => block.readPointer(-1), { name: "RangeError" });
  block.free();
  block.free();
  assert.throws(() => block.write(new Uint8Array(1)), /it was freed/);
});

test("a tensor lives as long as someone holds it", async () => {
  const g = new GraphBuilder("more");
  g.output("y", g.input("x", "float32", [3]).add(1));
  await using session = await open(g);
  const x = three(1, 2, 3);
  const running = session.run([x]);
  x.release(); // the run holds it
  const [y] = await running.done;
  assert.deepEqual([...y!.read(new Float32Array(3))], [2, 3, 4]);
  y!.release();
  for (const value of [x, y!]) {
    assert.throws(() => value.release(), /it was freed/);
    assert.throws(() => value.read(new Float32Array(3)), /it was freed/);
    assert.throws(() => session.run([value]), /it was freed/);
  }
  using z = three(1, 2, 3);
  assert.throws(() => z.read(new Float32Array(2)), {
    name: "RangeError",
    message:
      "Cannot copy a tensor of float32 [3]: the array has 8 bytes, expected 12",
  });
});

test("a session is released after its runs, and is of no use then", async () => {
  const g = new GraphBuilder("more");
  g.output("y", g.input("x", "float32", [3]).add(1));
  const session = await open(g);
  using x = three(1, 2, 3);
  const running = session.run([x]);
  const releasing = session.release();
  assert.throws(
    () => session.run([x]),
    /the session was released|it was released/,
  );
  await releasing;
  const [y] = await running.done;
  assert.equal(y!.read(new Float32Array(3))[2], 4);
  y!.release();
  await session.release();
});

test("an error of the library has its words and its code", async () => {
  const { library } = environment();
  const g = new GraphBuilder("more");
  g.output("y", g.input("x", "float32", [3]).add(1));
  await using session = await open(g);
  using wrong = OrtValue.copyOf(library, {
    type: "float32",
    dims: [4],
    data: new Float32Array(4),
  });
  await assert.rejects(session.run([wrong]).done, (error) => {
    assert.ok(error instanceof OrtError);
    assert.match(error.message, /invalid dimensions for input: x/);
    assert.equal(error.code, 2);
    return true;
  });
  assert.throws(() => session.run([]), { name: "RangeError" });
});

test("an opening is ended early", async () => {
  const g = new GraphBuilder("long");
  let x = g.input("x", "float32", [3]);
  for (let i = 0; i < 20_000; i++) x = x.add(x);
  g.output("y", x);
  const { model } = g.build();
  const settings = {
    device: CPU,
    weightsFolder: "",
    inputs: ["x"],
    outputs: ["y"],
  };
  const opening = OrtSession.open(environment(), model, settings);
  opening.terminate();
  await assert.rejects(opening.done, { name: "OrtError", message: /cancel/i });
});

test("what is bound is read and overwritten by each run", async () => {
  const { library } = environment();
  const g = new GraphBuilder("double");
  const input = g.input("x", "float32", [3]);
  g.output("y", input.add(input));
  await using session = await open(g);
  using a = three(1, 2, 3);
  using b = three(0, 0, 0);
  using there = new IoBinding(library, session);
  there.bindInput("x", a);
  there.bindOutput("y", b);
  using back = new IoBinding(library, session);
  back.bindInput("x", b);
  back.bindOutput("y", a);
  for (let i = 0; i < 3; i++) {
    await there.run().done;
    await back.run().done;
  }
  assert.deepEqual([...a.read(new Float32Array(3))], [64, 128, 192]);
  using memory = new MemoryInfo(library, CPU);
  back.bindOutputTo("y", memory);
  await back.run().done;
  const [made] = back.outputs();
  assert.deepEqual([...made!.read(new Float32Array(3))], [64, 128, 192]);
  made!.release();
});

test("a Worker that opens the library allocates from the arena that is there", async () => {
  const { library, pointer, cpuArena } = environment();
  // What a Worker does: the environment is the same one.
  const other = new CpuArena(library, pointer);
  const side = 1024;
  const g = new GraphBuilder("square");
  const x = g.input("x", "float32", [side, side]);
  g.output("y", x.matmul(x).add(1));
  await using session = await open(g);
  using fed = OrtValue.copyOf(library, {
    type: "float32",
    dims: [side, side],
    data: new Float32Array(side * side),
  });
  const seen: [number, number][] = [];
  // Other tests of this process change its size at any time.
  for (let more = 20; more > 0; more--) {
    for (const made of await session.run([fed]).done) made[Symbol.dispose]();
    const [one, two] = [cpuArena.unused, other.unused];
    seen.push([one, two]);
    if (one === two && one >= 4 * side * side) break;
  }
  const [one, two] = seen.at(-1)!;
  assert.equal(one, two, JSON.stringify(seen));
  assert.ok(one >= 4 * side * side, JSON.stringify(seen));
});
