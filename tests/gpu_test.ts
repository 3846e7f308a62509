/**
 * The goldens of all networks on every GPU of this machine. Without one, a
 * message is printed.
 *
 * @module
 */

import { CPU, deviceName, parseDevice } from "../core/onnx/runtime/device.ts";
import {
  type ProbedDevice,
  probeDevice,
} from "../core/onnx/runtime/devices.ts";
import { assertClose } from "./fixtures/golden.ts";
import { goldenTolerance, networkGoldens } from "./fixtures/network_goldens.ts";

const found: ProbedDevice[] = [];
for (const name of ["cuda", "webgpu"]) {
  const report = await probeDevice(parseDevice(name));
  if (report.state === "works") found.push(report.found);
  else console.warn(`${name} is not tested: ${report.reason.message}`);
}
// Without a GPU the code of the test runs on the CPU.
if (found.length === 0) {
  found.push({ device: CPU, attention: "manual", compute: ["float32"] });
}

for (const { device, attention } of found) {
  const options = {
    device,
    target: { compute: "float32", attention, float8: "cast" },
  } as const;
  for (const golden of networkGoldens(device)) {
    Deno.test(`${deviceName(device)}, ${attention} attention: ${golden.name}, as the reference's`, async () => {
      for await (const pair of golden.run(options)) {
        const { label, actual, expected, measure } = pair;
        assertClose(`${label} on ${deviceName(device)}`, actual, expected, {
          [measure]: goldenTolerance(golden, pair, options),
        });
      }
    });
  }
}
