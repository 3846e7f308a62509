import assert from "node:assert/strict";
import type { TensorIndex } from "../../formats/tensor_index.ts";
import { type BuiltGraph, GraphBuilder } from "../graph/graph_builder.ts";
import { CApiRuntime } from "./_c_api_runtime.ts";
import { CPU } from "./device.ts";
import { openRuntime, type RuntimeOptions } from "./runtime.ts";
import { openSession } from "./session.ts";
import { temporaryFolder } from "../../../tests/fixtures/temporary.ts";

/** y = x + 1, and z = 2x, of three numbers. */
function smallGraph(): BuiltGraph {
  const g = new GraphBuilder("small");
  const x = g.input("x", "float32", [3]);
  g.output("y", x.add(1));
  g.output("z", x.add(x));
  return g.build();
}

/** A graph that takes a second or so: a chain of matrix products. */
function slowGraph(size = 1500, products = 12): BuiltGraph {
  const g = new GraphBuilder("slow");
  const x = g.input("x", "float32", [size, size]);
  let y = x;
  for (let i = 0; i < products; i++) y = y.matmul(x);
  g.output("y", y);
  return g.build();
}

/** A test of what holds with either interface of ONNX Runtime. */
function testEach(
  name: string,
  body: (options: RuntimeOptions) => Promise<void>,
): void {
  for (const backend of ["c-api", "binding"] as const) {
    Deno.test(`${name} (${backend})`, () => body({ backend }));
  }
}

const three = (...numbers: number[]) => ({
  dims: [3],
  data: new Float32Array(numbers),
});

/** A file of float32 numbers and the graph `y = x + w` over it. */
async function weightGraph(path: string, numbers: number[]) {
  await Deno.writeFile(path, new Uint8Array(new Float32Array(numbers).buffer));
  const weights: TensorIndex = new Map([["w", {
    name: "w",
    dtype: "F32",
    shape: [numbers.length],
    file: path,
    offset: 0,
    length: numbers.length * 4,
  }]]);
  const g = new GraphBuilder("weight", { weights });
  g.output("y", g.input("x", "float32", [numbers.length]).add(g.weight("w")));
  return g.build();
}

testEach(
  "a graph runs, again and again, and its outputs belong to the caller",
  async (options) => {
    await using session = await openSession(smallGraph(), CPU, options);
    const first = await session.run({ x: three(1, 2, 3) });
    const second = await session.run({ x: three(5, 6, 7) });
    assert.deepEqual([...first["y"]!.data], [2, 3, 4]);
    assert.deepEqual([...second["y"]!.data], [6, 7, 8]);
    assert.deepEqual([...second["z"]!.data], [10, 12, 14]);
    assert.deepEqual(second["z"]!.dims, [3]);
  },
);

testEach(
  "feeds are copied, also parts of a larger array, unless they are handed over",
  async (options) => {
    await using session = await openSession(smallGraph(), CPU, options);
    const large = new Float32Array([9, 1, 2, 3, 9]);
    const part = large.subarray(1, 4);
    const copied = await session.run({ x: { dims: [3], data: part } });
    assert.deepEqual([...copied["y"]!.data], [2, 3, 4]);
    assert.deepEqual([...large], [9, 1, 2, 3, 9]);
    const given = new Float32Array([1, 2, 3]);
    await session.run({ x: { dims: [3], data: given } }, { transfer: true });
    assert.equal(given.length, 0);
  },
);

testEach(
  "what a graph keeps is fed to the next one without crossing over",
  async (options) => {
    await using runtime = openRuntime(CPU, options);
    const session = await runtime.open(smallGraph());
    let state = runtime.keep(three(1, 2, 3));
    for (let i = 0; i < 5; i++) {
      const { outputs, kept } = await session.runKeeping({ x: state }, ["z"]);
      assert.deepEqual(Object.keys(outputs), ["y"]);
      state.drop();
      state = kept["z"]!;
    }
    const { y } = await session.run({ x: state });
    assert.deepEqual([...y!.data], [33, 65, 97]); // 2^5 x + 1
  },
);

testEach(
  "two sessions of one runtime have their own weights",
  async (options) => {
    await using temporary = await temporaryFolder();
    const folder = temporary.path;
    const [a, b] = [
      await weightGraph(`${folder}/a.bin`, [1, 2, 3]),
      await weightGraph(`${folder}/b ü.bin`, [10, 20, 30]),
    ];
    await using runtime = openRuntime(CPU, options);
    const [first, second] = [await runtime.open(a), await runtime.open(b)];
    assert.deepEqual([...(await first.run({ x: three(1, 1, 1) }))["y"]!.data], [
      2,
      3,
      4,
    ]);
    await first.release();
    await first.release();
    assert.deepEqual(
      [...(await second.run({ x: three(1, 1, 1) }))["y"]!.data],
      [
        11,
        21,
        31,
      ],
    );
    await assert.rejects(
      first.run({ x: three(1, 1, 1) }),
      /^Error: Cannot run a graph on cpu: /,
    );
  },
);

testEach(
  "a weight file that is too short or gone is an error, before it is mapped",
  async (options) => {
    await using temporary = await temporaryFolder();
    const folder = temporary.path;
    const path = `${folder}/w.bin`;
    const graph = await weightGraph(path, [1, 2, 3]);
    await Deno.truncate(path, 11);
    await using runtime = openRuntime(CPU, options);
    await assert.rejects(runtime.open(graph, { name: "a network" }), {
      name: "FormatError",
      message: new RegExp(
        `^Cannot map "${path}": it has 11 bytes, expected at least 12\nHINT: `,
      ),
    });
    await Deno.remove(path);
    await assert.rejects(runtime.open(graph), {
      name: "NotFound",
      message: `Cannot map "${path}": there is no such file`,
    });
  },
);

testEach("wrong feeds are told by name", async (options) => {
  await using runtime = openRuntime(CPU, options);
  const session = await runtime.open(smallGraph(), { name: "the small one" });
  const cannot = "Cannot run the small one on cpu: ";
  await assert.rejects(session.run({}), {
    name: "TypeError",
    message: `${cannot}input "x" is missing`,
  });
  await assert.rejects(session.run({ x: three(1, 2, 3), y: three(1, 2, 3) }), {
    name: "TypeError",
    message: `${cannot}there is no input "y", expected x`,
  });
  await assert.rejects(
    session.run({ x: { dims: [2], data: new Float32Array(2) } }),
    { name: "RangeError", message: `${cannot}input "x" is [2], expected [3]` },
  );
  await assert.rejects(
    session.run({ x: { dims: [3], data: new Int32Array(3) } }),
    {
      name: "TypeError",
      message: `${cannot}input "x" holds 3 x int32, expected 3 x float32`,
    },
  );
  await assert.rejects(
    session.runKeeping({ x: three(1, 2, 3) }, ["w"]),
    { name: "TypeError", message: `${cannot}it has no output "w"` },
  );
  await using other = openRuntime(CPU, options);
  await assert.rejects(session.run({ x: other.keep(three(1, 2, 3)) }), {
    name: "TypeError",
    message: `${cannot}input "x" is kept by another runtime`,
  });
});

testEach(
  "a model that ONNX Runtime refuses is an error in its words",
  async (options) => {
    await using runtime = openRuntime(CPU, options);
    const graph = { ...smallGraph(), model: new Uint8Array([8, 10, 1, 2, 3]) };
    await assert.rejects(runtime.open(graph, { name: "a network" }), {
      name: "Error",
      message: /^Cannot open a network on cpu: .*protobuf/i,
    });
    // The runtime goes on.
    const session = await runtime.open(smallGraph());
    assert.equal((await session.run({ x: three(1, 2, 3) }))["y"]!.data[0], 2);
  },
);

testEach("an output that is not float32 is refused", async (options) => {
  const g = new GraphBuilder("ids");
  g.output("y", g.input("x", "int32", [3]));
  await assert.rejects(openSession(g.build(), CPU, options), {
    name: "TypeError",
    message: 'Cannot open a graph: output "y" is int32, expected float32',
  });
});

testEach("the event loop goes on while a graph runs", async (options) => {
  await using session = await openSession(slowGraph(), CPU, options);
  let ticks = 0;
  const timer = setInterval(() => ticks++, 10);
  try {
    const x = { dims: [1500, 1500], data: new Float32Array(1500 * 1500) };
    await session.run({ x });
    assert.ok(ticks >= 3, `${ticks} ticks`);
  } finally {
    clearInterval(timer);
  }
});

Deno.test("abort fails the call at once, ends the run, and leaves the runtime as it is", async () => {
  await using runtime = openRuntime(CPU);
  const session = await runtime.open(slowGraph(600, 200));
  const small = await runtime.open(smallGraph());
  const x = { dims: [600, 600], data: new Float32Array(600 * 600) };
  const started = performance.now();
  await session.run({ x });
  const whole = performance.now() - started;
  const abort = new AbortController();
  const running = session.run({ x }, { signal: abort.signal });
  const behind = small.run({ x: three(1, 2, 3) });
  const aside = session.run({ x }, { signal: abort.signal });
  await new Promise((resolve) => setTimeout(resolve, 20));
  const aborted = performance.now();
  let native = "running";
  void behind.then(() => native = "ended");
  abort.abort(new Error("enough"));
  await assert.rejects(running, { message: "enough" });
  await assert.rejects(aside, { message: "enough" });
  assert.equal(native, "running");
  const rejected = performance.now() - aborted;
  assert.deepEqual([...(await behind)["y"]!.data], [2, 3, 4]);
  const ended = performance.now() - aborted;
  console.log(
    `a run of ${whole.toFixed(0)} ms: rejected ${
      rejected.toFixed(1)
    } ms after the abort, ended ${ended.toFixed(1)} ms after it`,
  );
  assert.ok(ended < whole / 4);
  assert.equal((await session.run({ x }))["y"]!.data.length, 600 * 600);
});

Deno.test("closing waits for runs, but not for one that was aborted", async () => {
  const x = { dims: [1500, 1500], data: new Float32Array(1500 * 1500) };
  const waiting = openRuntime(CPU);
  const session = await waiting.open(slowGraph());
  let finished = false;
  const run = session.run({ x }).then(() => finished = true);
  await waiting.close();
  assert.ok(finished);
  await run;
  await assert.rejects(session.run({ x }), {
    message: "Cannot run a graph on cpu: the runtime is closed",
  });

  const leaving = openRuntime(CPU);
  assert.ok(leaving instanceof CApiRuntime);
  // One node, which an abort cannot end.
  const product = await leaving.open(slowGraph(2400, 1));
  const abort = new AbortController();
  const running = product.run({
    x: { dims: [2400, 2400], data: new Float32Array(2400 * 2400) },
  }, { signal: abort.signal });
  await new Promise((resolve) => setTimeout(resolve, 5));
  abort.abort(new Error("enough"));
  await assert.rejects(running, { message: "enough" });
  const order: string[] = [];
  const freed = new Promise<void>((resolve) => {
    // In its turn, which comes when the native run has ended.
    void leaving.free(() => resolve(void order.push("the run has ended")));
  });
  await product.release();
  await leaving.close();
  order.push("closed");
  await freed;
  assert.deepEqual(order, ["closed", "the run has ended"]);
});

Deno.test("with the binding, abort fails the call while the graph is still running, and ends the runtime", async () => {
  const runtime = openRuntime(CPU, { backend: "binding" });
  const session = await runtime.open(slowGraph());
  const x = { dims: [1500, 1500], data: new Float32Array(1500 * 1500) };
  let finished = false;
  const abort = new AbortController();
  const whole = await session.run({ x }).then(() => performance.now());
  assert.ok(whole > 0);
  const running = session.run({ x }, { signal: abort.signal }).then(() => {
    finished = true;
  });
  const behind = session.run({ x });
  await new Promise((resolve) => setTimeout(resolve, 20));
  abort.abort(new Error("enough"));
  await assert.rejects(running, { message: "enough" });
  await assert.rejects(behind, { message: "enough" });
  assert.equal(finished, false);
  await assert.rejects(session.run({ x }), {
    message: "Cannot run a graph on cpu: the runtime is closed",
  });
  await session.release();
  await runtime.close();
});

testEach(
  "a signal that is aborted before the run leaves the runtime as it is",
  async (options) => {
    await using runtime = openRuntime(CPU, options);
    const session = await runtime.open(smallGraph());
    await assert.rejects(
      session.run({ x: three(1, 2, 3) }, {
        signal: AbortSignal.abort(new Error("no")),
      }),
      { message: "no" },
    );
    assert.equal((await session.run({ x: three(1, 2, 3) }))["y"]!.data[0], 2);
  },
);

Deno.test("a session leaves nothing in the temporary folder: its telemetry is off", async () => {
  await using folder = await temporaryFolder();
  const script = `
    import { CPU } from ${JSON.stringify(import.meta.resolve("./device.ts"))};
    import { openSession } from ${
    JSON.stringify(import.meta.resolve("./session.ts"))
  };
    import { GraphBuilder } from ${
    JSON.stringify(import.meta.resolve("../graph/graph_builder.ts"))
  };
    const g = new GraphBuilder("small");
    g.output("y", g.input("x", "float32", [1]).add(1));
    await using _session = await openSession(g.build(), CPU);
    const { ORT_DISABLE_TELEMETRY } = Deno.env.toObject();
    console.log(ORT_DISABLE_TELEMETRY);`;
  // Where it is known to be tested, the library keeps still by itself.
  const { CI: _, ORT_DISABLE_TELEMETRY: __, ...env } = Deno.env.toObject();
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["eval", "--quiet", "--ext=ts", script],
    clearEnv: true,
    env: { ...env, TMPDIR: folder.path },
  }).output();
  assert.ok(success, new TextDecoder().decode(stderr));
  assert.equal(new TextDecoder().decode(stdout).trim(), "1");
  assert.deepEqual([...Deno.readDirSync(folder.path)], []);
});
