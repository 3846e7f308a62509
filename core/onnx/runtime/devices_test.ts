import assert from "node:assert/strict";
import { isRight, selfTestNumbers } from "./_probe_graph.ts";
import { CPU, deviceName, parseDevice } from "./device.ts";
import { probeDevice, type ProbeResult, resolveDevice } from "./devices.ts";

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
  assert.ok(isRight(right, right, "float32"));
  assert.ok(isRight(off(1e-3), right, "float32"), "TF32 is no fault");
  assert.ok(!isRight(off(3e-2), right, "float32"));
  assert.ok(!isRight(off(NaN), right, "float32"));
  assert.ok(!isRight(right.subarray(1), right, "float32"));
  assert.ok(!isRight(undefined, right, "float32"));
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
