/**
 * The GPU check: what becomes of sections that fail, crash or hang; the page;
 * and the command itself on the CPU.
 */

import assert from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { runToolProcess } from "./fixtures/tool_process.ts";
import { temporaryFolder } from "./fixtures/temporary.ts";
import type { SectionResult } from "./gpu_check/check.ts";
import { type Chip, chipRate } from "./gpu_check/chip.ts";
import { renderPage, type Report } from "./gpu_check/page.ts";
import { GOLDENS, whyLeftOut } from "./gpu_check/right_numbers.ts";
import { runSection } from "./gpu_check/run_section.ts";
import { softwareDriver } from "./gpu_check/software_driver.ts";

const SENDER = fileURLToPath(
  new URL("./gpu_check/run_section.ts", import.meta.url),
);

/** Runs a section whose process does this after its first row. */
function sectionThat(
  does: string,
  { seconds = 20, signal = new AbortController().signal } = {},
): Promise<SectionResult> {
  const code = `import { send } from ${JSON.stringify(`file://${SENDER}`)};
    console.log("a line of a driver");
    send({ row: { name: "first", state: "good", text: "1" } });
    ${does}`;
  return runSection({
    section: "block",
    title: "A block",
    device: "cuda",
    args: ["eval", "--ext=ts", code],
    seconds,
    signal,
  });
}

Deno.test("a section that ends, fails, crashes, or hangs is told apart, with its rows", async () => {
  const cases = [
    ["send({ done: true });", "ok", undefined],
    ["send({ skipped: 'no GPU' });", "skipped", /^no GPU$/],
    ["send({ error: 'out of memory' });", "failed", /^out of memory$/],
    [
      "send({ row: { name: 'second', state: 'bad', text: '2' } }); send({ done: true });",
      "failed",
      undefined,
    ],
    [
      "console.error('driver: lost'); Deno.kill(Deno.pid, 'SIGKILL'); await new Promise(() => {});",
      "failed",
      /ended with SIGKILL\n(.*\n)*driver: lost/,
    ],
    ["Deno.exit(7);", "failed", /ended with code 7/],
  ] as const;
  const results = await Promise.all(cases.map(([does]) => sectionThat(does)));
  for (const [i, { state, reason, rows }] of results.entries()) {
    const [does, expected, why] = cases[i]!;
    assert.equal(state, expected, does);
    if (why) assert.match(reason ?? "", why);
    else assert.equal(reason, undefined);
    assert.equal(rows[0]?.name, "first");
  }
  const late = await sectionThat("setInterval(() => {}, 100);", { seconds: 1 });
  assert.equal(late.state, "failed");
  assert.equal(late.reason, "stopped after 1 s");
});

Deno.test("an interrupted section ends at once", async () => {
  const controller = new AbortController();
  const running = sectionThat("setInterval(() => {}, 100);", {
    signal: controller.signal,
  });
  setTimeout(() => controller.abort(), 200);
  await assert.rejects(running, { name: "AbortError" });
});

Deno.test("the page tells what failed, and keeps its tables whole", () => {
  const about = { title: "A block", seconds: 1.25, device: "cuda" };
  const report: Report = {
    date: "2026-01-01T00:00:00Z",
    versions: { deno: "2" },
    machine: { cores: 2 },
    seconds: 61,
    sections: [
      {
        ...about,
        section: "block",
        state: "failed",
        rows: [
          { name: "a|b", state: "bad", text: "off by 1\nof 2" },
          { name: "c", state: "note", text: "5 ms" },
        ],
      },
      {
        ...about,
        section: "memory",
        title: "Memory",
        state: "skipped",
        reason: "no driver",
        rows: [],
      },
    ],
  };
  const page = renderPage(report);
  assert.match(page, /\*\*1 of 2 sections failed\.\*\* 1 could not run here/);
  assert.match(page, /^\| A block \| cuda \| \*\*FAILED\*\* \| 1\.3 \|$/m);
  assert.match(page, /^\| a\\\|b \| off by 1<br>of 2 \| \*\*WRONG\*\* \|$/m);
  assert.match(page, /^skipped: no driver$/m);
  const fine = { ...report, sections: report.sections.slice(1) };
  assert.match(renderPage(fine), /No section failed\. 1 could not run/);
});

Deno.test("a software driver is told from a GPU, and what it is too slow for is left out", async () => {
  const pipe = { name: "llvmpipe (LLVM 19.1.7, 256 bits)", type: 4 };
  const gpu = { name: "NVIDIA GeForce RTX 4090", type: 2 };
  assert.equal(softwareDriver([pipe]), pipe.name);
  assert.equal(
    softwareDriver([{ name: "SwiftShader Device", type: 0 }]),
    "SwiftShader Device",
  );
  for (const devices of [[], [gpu], [pipe, gpu], [gpu, pipe]]) {
    assert.equal(softwareDriver(devices), undefined);
  }
  const at = (left: number, software?: string) => ({
    software,
    left: () => left,
  });
  const tracker = { network: "allTracker" } as const;
  const vae = { network: "vae" } as const;
  assert.match(
    whyLeftOut(tracker, at(90, "llvmpipe"))!,
    /more than a minute.*llvmpipe/,
  );
  assert.equal(whyLeftOut(vae, at(90, "llvmpipe")), undefined);
  assert.match(whyLeftOut(vae, at(3, "llvmpipe"))!, /3 s were left/);
  for (const golden of [tracker, vae]) {
    assert.equal(whyLeftOut(golden, at(0)), undefined);
  }
  // The section says so of each, and none of them is run.
  const rows = await Array.fromAsync(GOLDENS.run({
    ...at(0, "llvmpipe"),
    device: {
      device: { kind: "webgpu", index: 0 },
      attention: "fused",
      compute: ["float32", "float16"],
    },
    full: false,
    checkpoint: undefined,
    folder: "",
    seconds: 90,
  }));
  assert.equal(rows.length, 9);
  assert.match(rows[8]!.name, /AllTracker/);
  for (const { state, text, facts } of rows) {
    assert.equal(state, "note");
    assert.match(text, /^left out: /);
    assert.equal(facts?.["leftOut"], true);
  }
});

Deno.test("a chip's rate is that of its data sheet", () => {
  const chip = (
    name: string,
    capability: number,
    multiprocessors: number,
    clock: number,
  ): Chip => ({
    name,
    capability,
    multiprocessors,
    clock,
    memory: 0,
    driver: "13.0",
  });
  for (
    const [gpu, teraflops] of [
      [chip("NVIDIA A100-SXM4-40GB", 80, 108, 1410), 312],
      [chip("NVIDIA GeForce RTX 3090", 86, 82, 1695), 71],
      [chip("NVIDIA GeForce RTX 4090", 89, 128, 2520), 165],
      [chip("NVIDIA L40S", 89, 142, 2520), 362],
      [chip("NVIDIA H100 80GB HBM3", 90, 132, 1830), 989],
    ] as const
  ) {
    const rate = chipRate(gpu, "float16")! / 1e12;
    assert.ok(Math.abs(rate / teraflops - 1) < 0.03, `${gpu.name}: ${rate}`);
    assert.equal(chipRate(gpu, "float32"), chipRate(gpu, "float16")! / 2);
  }
  assert.equal(chipRate(chip("?", 61, 20, 1000), "float16"), undefined);
});

Deno.test("the command checks the CPU, writes both files, and refuses what it does not know", async () => {
  await using folder = await temporaryFolder();
  const output = join(folder.path, "out");
  const { code, out, err } = await runToolProcess("tests/gpu_check.ts", [
    "--device",
    "cpu",
    "--section",
    "self-test",
    "--section",
    "memory",
    "-o",
    output,
  ]);
  assert.equal(code, 0, err);
  assert.match(out, /products in float32: [\d.]+ GFLOP\/s/);
  const report: Report = JSON.parse(
    await Deno.readTextFile(join(output, "gpu_check.json")),
  );
  // The memory of a GPU is no question on the CPU.
  assert.deepEqual(
    report.sections.map(({ section, device, state }) => [
      section,
      device,
      state,
    ]),
    [["self-test", "cpu", "ok"]],
  );
  const rows = report.sections[0]!.rows;
  assert.ok(Number(rows.at(-1)!.facts?.["rate"]) > 1e8);
  assert.match(
    await Deno.readTextFile(join(output, "gpu_check.md")),
    /## Self-test, cpu/,
  );
  for (const args of [["--section", "speed"], ["--device", "tpu"]]) {
    const refused = await runToolProcess("tests/gpu_check.ts", args);
    assert.equal(refused.code, 2);
  }
});
