import assert from "node:assert/strict";
import type { BuiltGraph } from "../graph/graph_builder.ts";
import {
  isRight,
  selfTestGraph,
  selfTestNumbers,
  type SelfTestOutput,
} from "./_probe_graph.ts";
import { CPU, type DeviceKind, deviceName, parseDevice } from "./device.ts";
import { probeDevice, type ProbeResult, resolveDevice } from "./devices.ts";
import { probeRuntime } from "./_probe_runtime.ts";
import type { GraphSession, Runtime } from "./runtime.ts";

Deno.test("device names are read and written", () => {
  for (const name of ["cpu", "webgpu", "cuda", "cuda:1", "cuda:12"]) {
    assert.equal(deviceName(parseDevice(name)), name);
  }
  assert.equal(deviceName(parseDevice("cuda:0")), "cuda");
  for (const name of ["gpu", "", "CUDA", "cuda:", "cuda:x", "cpu:1", "auto"]) {
    assert.throws(() => parseDevice(name), {
      name: "TypeError",
      message: `Cannot use the device ${
        JSON.stringify(name)
      }: there is none of that name, expected cpu, webgpu, cuda or cuda:N`,
    });
  }
});

Deno.test("the CPU works, with its own attention, in float32", async () => {
  assert.deepEqual(await probeDevice(CPU), {
    state: "works",
    found: { device: CPU, attention: "fused", compute: ["float32"] },
  });
});

Deno.test("the self test tells wrong numbers from right ones", () => {
  const { expected } = selfTestNumbers();
  const right = expected.attention;
  const largest = Math.max(...right.map(Math.abs));
  const off = (part: number) => right.with(7000, right[7000]! + part * largest);
  const about = { output: "attention", compute: "float32" } as const;
  assert.ok(isRight(right, right, about));
  assert.ok(isRight(off(1e-3), right, about), "TF32 is no fault");
  assert.ok(!isRight(off(3e-2), right, about));
  assert.ok(!isRight(off(NaN), right, about));
  assert.ok(!isRight(right.subarray(1), right, about));
  assert.ok(!isRight(undefined, right, about));
  // A sum may be off by less than a product.
  const { sums } = expected;
  const most = Math.max(...sums.map(Math.abs));
  const sum = sums.with(9, sums[9]! + 7e-3 * most);
  for (const output of ["sums", "product"] as const) {
    const about = { output, compute: "float16" } as const;
    assert.equal(isRight(sum, sums, about), output === "product", output);
  }
});

Deno.test("the self test looks at all that it has numbers of", () => {
  const all = Object.keys(selfTestNumbers().expected).sort();
  for (const compute of ["float32", "float16", "bfloat16"] as const) {
    const { outputs } = selfTestGraph(compute, "fused");
    assert.deepEqual(
      outputs.map(({ name }) => name).sort(),
      compute === "bfloat16" ? all.filter((n) => n !== "convolution") : all,
    );
  }
});

/** A device that is wrong, or fails, in some of what it is tried with. */
function fakeRuntime(
  kind: DeviceKind,
  wrong: readonly string[],
  lacks: readonly string[] = [],
): Runtime {
  const { expected } = selfTestNumbers();
  const opened = new Map(
    (["float32", "float16", "bfloat16"] as const).flatMap((compute) =>
      (["fused", "manual"] as const).map((attention) =>
        [
          selfTestGraph(compute, attention).model.join(),
          `${compute} ${attention}`,
        ] as const
      )
    ),
  );
  const open = (graph: BuiltGraph) => {
    const what = opened.get(graph.model.join())!;
    if (lacks.includes(what)) throw new Error(`no ${what}`);
    const outputs = Object.fromEntries(
      graph.outputs.map(({ name, shape }) => {
        const data = Float32Array.from(expected[name as SelfTestOutput]);
        if (wrong.includes(what) && name === "attention") data.fill(0);
        return [name, { dims: shape, data }];
      }),
    );
    const session: Partial<GraphSession> = {
      run: () => Promise.resolve(outputs),
      async [Symbol.asyncDispose]() {},
    };
    return session as GraphSession;
  };
  const runtime: Partial<Runtime> = {
    device: { kind, index: 0 },
    open: async (graph) => await open(graph),
  };
  return runtime as Runtime;
}

Deno.test("a device is used for what it computes rightly, and for nothing else", async () => {
  const found = async (...device: Parameters<typeof fakeRuntime>) => {
    const { attention, compute } = await probeRuntime(
      fakeRuntime(...device),
      {},
    );
    return `${attention} ${compute}`;
  };
  assert.equal(await found("cuda", []), "fused float32,bfloat16,float16");
  assert.equal(
    await found("cuda", ["bfloat16 fused"], ["float16 fused"]),
    "fused float32",
  );
  assert.equal(
    await found("webgpu", ["float32 fused"]),
    "manual float32,float16",
  );
  await assert.rejects(
    found("webgpu", ["float32 fused", "float32 manual"]),
    /Cannot use webgpu: its matrix products, convolutions or attention are wrong/,
  );
  await assert.rejects(found("cuda", [], ["float32 fused"]), /no float32/);
});

Deno.test("a try that is aborted says nothing of the device", async () => {
  const signal = AbortSignal.abort(new Error("enough"));
  await assert.rejects(probeDevice(CPU, { signal }), { message: "enough" });
});

Deno.test("the self test tells float16 sums kept in float16 from those in float32", () => {
  const { feeds, expected } = selfTestNumbers();
  const q = feeds.q.data, { sums } = expected;
  const count = Math.sqrt(sums.length), terms = q.length / count;
  /** What a kernel gives that rounds like this after each addition. */
  const summed = (rounded: (sum: number) => number) =>
    Float64Array.from(sums, (_, at) => {
      const row = terms * Math.floor(at / count), column = terms * (at % count);
      let sum = 0;
      for (let n = 0; n < terms; n++) {
        sum = rounded(sum + q[row + n]! * q[column + n]!);
      }
      return Math.f16round(sum);
    });
  const about = { output: "sums", compute: "float16" } as const;
  assert.ok(isRight(summed(Math.fround), sums, about));
  assert.ok(!isRight(summed(Math.f16round), sums, about));
});

Deno.test("auto takes the first device that works, and tells what it tried", async () => {
  const tried: ProbeResult[] = [];
  const found = await resolveDevice("auto", {
    onProbe: (report) => tried.push(report),
  });
  const last = tried.at(-1)!;
  assert.ok(last.state === "works" && last.found === found);
  assert.ok(tried.slice(0, -1).every(({ state }) => state === "unusable"));
  console.log(`auto is ${deviceName(found.device)} here`);
});

for (const name of ["cuda", "cuda:1", "webgpu"]) {
  Deno.test(`${name} asked for by name is used, or an error with a hint`, async () => {
    const report = await probeDevice(parseDevice(name));
    if (report.state === "works") {
      assert.equal(deviceName((await resolveDevice(name)).device), name);
      return;
    }
    assert.match(report.reason.message, /^Cannot .*\nHINT: [A-Z]/s);
    await assert.rejects(resolveDevice(name), {
      message: report.reason.message,
    });
    console.log(report.reason.message);
  });
}
