import assert from "node:assert/strict";
import { dirname, join } from "node:path";
import { CPU } from "../../core/onnx/runtime/device.ts";
import { fullSizes } from "../../tests/fixtures/full_size_networks.ts";
import type { ComponentReport } from "../../core/checkpoint/checkpoint_report.ts";
import type { NetworkKind } from "../../core/wan/networks.ts";
import { runMemory } from "./checkpoint_check.ts";
import { checkJobs } from "./jobs_check.ts";
import { withItems } from "../../tests/fixtures/job_items.ts";
import { describeMemory } from "./memory_plan_check.ts";
import type { CudaParts } from "./cuda_parts.ts";
import { askDriver, findCudaParts } from "./cuda_parts.ts";
import { describeDevice } from "./device_checks.ts";
import { examine } from "./doctor.ts";
import { conclude, type Finding, isDenied } from "./finding.ts";
import { describeSmokeRun, differenceOf } from "./smoke_run.ts";
import { checkDeno, checkPlatform, TESTED_DENO } from "./system_checks.ts";
import { TAEW_2_1 } from "../../core/wan/tiny_vae/layout.ts";
import { temporaryFolder } from "../../tests/fixtures/temporary.ts";

const CUDA = { kind: "cuda", index: 0 } as const;
const GPU = { name: "NVIDIA A", memory: 25.8e9 };
const PARTS: CudaParts = {
  driver: { cuda: "12.8", gpus: [GPU] },
  providerFolder: "/onnx/bin",
  missingProviders: [],
  missingLibraries: [],
};

/** A CUDA that does not work because components are missing. */
function unusable(
  parts: Partial<CudaParts>,
  options: { required?: boolean } = {},
): Finding {
  return describeDevice({
    state: "unusable",
    device: CUDA,
    reason: new Error(
      "Cannot open the self test on cuda: Failed to load\nHINT: not this one",
    ),
  }, {
    required: false,
    permissions: "",
    cuda: { ...PARTS, ...parts },
    ...options,
  });
}

Deno.test("checkDeno() compares versions as numbers", () => {
  assert.equal(checkDeno(TESTED_DENO).state, "good");
  assert.equal(checkDeno("2.9.10").state, "good");
  assert.equal(checkDeno("2.10.0-rc.1").state, "good");
  assert.equal(checkDeno("1.46.3").state, "bad");
  assert.match(checkDeno("2.9.5").todo!, /deno upgrade/);
});

Deno.test("checkPlatform() lists the supported platforms", () => {
  const { state, todo } = checkPlatform({ os: "darwin", arch: "x86_64" });
  assert.equal(state, "bad");
  assert.match(todo!, /darwin aarch64/);
});

Deno.test("describeDevice() names the missing component of CUDA", () => {
  const without = unusable({ driver: "libcuda.so.1 not found" });
  assert.equal(without.state, "note");
  assert.equal(without.todo, undefined); // no NVIDIA GPU was requested
  assert.match(
    without.message,
    /^does not work: Failed to load\nNVIDIA driver: libcuda/,
  );

  const old = unusable({
    driver: { cuda: "11.4", gpus: [GPU] },
    cudaVersion: 12,
  });
  assert.match(old.todo!, /driver, version 525/);
  // A driver for CUDA 12.8 runs a provider for CUDA 12, but not one for 13.
  assert.equal(unusable({ cudaVersion: 12 }).todo, undefined);
  const newer = unusable({ cudaVersion: 13 });
  assert.match(newer.message, /too old for CUDA 13/);
  assert.match(newer.todo!, /driver, version 580/);

  const files = unusable({ missingProviders: ["libx.so"] });
  assert.match(files.message, /not in \/onnx\/bin: libx\.so/);
  assert.match(
    files.todo!,
    /^Download libx\.so: .*deno install .*--allow-scripts/,
  );

  const libraries = unusable({
    missingLibraries: ["libcudnn.so.9"],
    cudaVersion: 12,
  });
  assert.match(
    libraries.message,
    /not found: libcudnn\.so\.9\nwithout cuDNN 9 .* fail at their first/,
  );
  assert.match(libraries.todo!, /cuDNN 9 .*libcudnn9-cuda-12.*LD_LIBRARY_PATH/);
});

Deno.test("describeDevice() makes a requested device a condition", () => {
  const parts = { driver: "no GPU found" };
  assert.equal(unusable(parts).state, "note");
  const requested = unusable(parts, { required: true });
  assert.equal(requested.state, "bad");
  assert.match(requested.todo!, /--gpus all/);
});

Deno.test("describeDevice() distinguishes a missing permission from a broken device", () => {
  const { state, message, todo } = describeDevice({
    state: "unusable",
    device: CPU,
    reason: new Error("Cannot open the self test on cpu: Requires ffi access"),
  }, { required: false, permissions: "Allow it." });
  assert.deepEqual([state, todo], ["bad", "Allow it."]);
  assert.match(message, /not tested: Requires ffi access/);
});

Deno.test("describeDevice() recommends reinstalling the package if the CPU fails", () => {
  const { state, todo } = describeDevice({
    state: "unusable",
    device: CPU,
    reason: new Error("Cannot open the self test on cpu: libonnxruntime.so.1"),
  }, { required: true, permissions: "" });
  assert.equal(state, "bad");
  assert.match(todo!, /deno clean/);
});

Deno.test("describeDevice() names the GPU of a device that works", () => {
  const { message, facts } = describeDevice({
    state: "works",
    found: {
      device: CUDA,
      attention: "manual",
      compute: ["float32", "bfloat16"],
    },
  }, { required: false, permissions: "", cuda: PARTS });
  assert.equal(
    message,
    "works in fp32, bf16; NVIDIA A with 25.8 GB; fused attention is wrong on this device; using the fallback",
  );
  assert.deepEqual(facts?.kind === "device" && facts.gpu, GPU);
});

Deno.test("findCudaParts() reports what it finds without an error", {
  sanitizeResources: false, // a driver's library stays loaded
}, async () => {
  assert.match(String(askDriver("no-such-driver.so")), /no-such-driver\.so/);
  const { driver, missingProviders } = await findCudaParts({
    libraries: false,
  });
  console.log("driver:", driver, "missing:", missingProviders.join());
  assert.ok(typeof driver === "string" ? driver : driver.gpus);
});

Deno.test("the doctor prints the memory plan and what other budgets give", () => {
  const sizes = fullSizes("BF16");
  const at = (budget: number | undefined) =>
    describeMemory(sizes, {
      video: { width: 832, height: 480, frames: 81 },
      device: "cuda",
      budget,
    });
  const { state, message, facts } = at(8e9);
  assert.equal(state, "good");
  const lines = message.split("\n");
  assert.equal(lines[0], "cuda, 8.0 GB, 832x480, 81 frames");
  assert.match(message, /transformer: 2 of 40 blocks .* 7\.7 GB/);
  assert.match(message, /text encoder: its blocks streamed, 3\.4 GB/);
  assert.match(message, /^480p +5\.9; 65\.1 +7\.7; 31\.2 /m);
  assert.match(message, /^720p +needs 8\.2 +needs 8\.2 +9\.7; 32\.8 /m);
  assert.equal(facts?.kind, "memory-plan");
  const small = at(4e9);
  assert.equal(small.state, "bad");
  assert.match(small.message, /the transformer needs 5\.5 GB/);
  assert.match(small.todo!, /--vram 5\.5GB/);
  const draft = describeMemory({
    ...sizes,
    checkpoint: {
      ...sizes.checkpoint,
      tinyVae: { config: TAEW_2_1, bytes: 11e6 },
    },
  }, {
    video: { width: 832, height: 480, frames: 81 },
    device: "cuda",
    budget: 16e9,
    decoder: "tiny",
  });
  assert.match(
    draft.message,
    /^VAE: whole frames, for encoding; the small decoder decodes, 13\.2 GB$/m,
  );
  assert.match(at(undefined).message, /^what cuda would do by its memory$/m);
  assert.deepEqual(runMemory([]), []);
});

Deno.test("runMemory() computes in 16 bits on CUDA and in 32 on WebGPU", () => {
  const network = (kind: NetworkKind, wide: number) => ({
    kind,
    bytes: 20e9,
    memory: [
      { dtype: "fp32", weights: 1e9, activations: wide },
      { dtype: "bf16", weights: 1e9, activations: 5e9 },
    ],
  } as unknown as ComponentReport);
  const [stored] = runMemory([
    network("transformer", 8e9),
    network("t5", 1e9),
    network("clip", 1e9),
    network("vae", 1e9),
  ]);
  assert.equal(stored!.precision, "stored");
  assert.equal(stored!.webgpu - stored!.cuda, 3e9);
});

Deno.test("conclude() keeps the order and removes duplicates", () => {
  const finding = (state: Finding["state"], todo: string): Finding => ({
    check: "x",
    state,
    message: "",
    todo,
  });
  assert.deepEqual(
    conclude([
      finding("note", "b"),
      finding("bad", "c"),
      finding("bad", "a"),
      finding("bad", "c"),
      finding("note", "a"),
    ]),
    { ready: false, todo: ["c", "a"], advice: ["b"] },
  );
  assert.equal(conclude([finding("note", "b")]).ready, true);
});

Deno.test("isDenied() recognizes errors from a worker", () => {
  assert.ok(isDenied(new Deno.errors.NotCapable("no")));
  assert.ok(isDenied(new Error('Requires env access to "X"')));
  assert.ok(!isDenied(new Error("no such file")));
});

Deno.test("differenceOf() is relative", () => {
  const expected = new Float32Array([3, 4]);
  assert.equal(differenceOf(expected, expected), 0);
  assert.equal(differenceOf(new Float32Array([3, 9]), expected), 1);
});

Deno.test("describeSmokeRun() compares a device with the first", () => {
  const video = Float32Array.from({ length: 99 }, (_, i) => Math.sin(i));
  const first = { placement: "cpu, fp32", seconds: 0.7, video };
  const scaled = (by: number, placement: string) =>
    describeSmokeRun(
      { placement, seconds: 0.5, video: video.map((x) => by * x) },
      { device: "cuda", first },
    );
  assert.equal(
    describeSmokeRun(first, { device: "cpu", first: undefined }).message,
    "a tiny video in 0.7 s (cpu, fp32)",
  );
  assert.equal(scaled(1.01, "cuda, fp32").state, "good");
  assert.match(scaled(1.01, "cuda, fp32").message, /1\.0 % from the first/);
  assert.equal(scaled(1.1, "cuda, fp32").state, "bad");
  assert.equal(scaled(1.1, "cuda, bf16").state, "good");
  const wrong = scaled(-1, "cuda, bf16");
  assert.equal(wrong.state, "bad");
  assert.match(wrong.message, /wrong results$/);
  assert.match(wrong.todo!, /driver of cuda/);
});

Deno.test("examine() continues after a checkpoint that cannot be read", async () => {
  await using temporary = await temporaryFolder();
  const folder = temporary.path;
  // A weights file that is a folder, a tokenizer that is a link to itself.
  await Deno.mkdir(`${folder}/Wan2.1_VAE.pth`);
  await Deno.symlink("tokenizer.json", `${folder}/tokenizer.json`);
  const findings: Finding[] = [];
  for await (
    const finding of examine({
      out: ".",
      devices: ["cpu"],
      checkpoint: folder,
      smoke: false,
    })
  ) findings.push(finding);
  const found = findings.find(({ check }) => check === "checkpoint")!;
  assert.equal(found.state, "bad");
  assert.ok(found.message.includes(folder) || found.message.includes("loop"));
});

Deno.test("examine() refuses unknown devices before anything else", async () => {
  await assert.rejects(
    examine({ out: ".", devices: ["tpu"] }).next(),
    /the device "tpu"/,
  );
});

Deno.test("examine() removes its temporary files, wherever it ends", async () => {
  await using temporary = await temporaryFolder();
  const folder = temporary.path;
  const remaining = () =>
    [...Deno.readDirSync(folder)].map(({ name }) => name).join();
  const options = { out: ".", devices: ["cpu"], workDir: folder };
  const checks: string[] = [];
  for await (const finding of examine(options)) {
    checks.push(finding.check);
    if (finding.check === "video") assert.match(remaining(), /^ati-doctor-/);
  }
  assert.equal(checks.at(-1), "smoke run cpu");
  assert.equal(remaining(), "");
  for await (const { check } of examine(options)) {
    if (check === "video") break;
  }
  assert.equal(remaining(), "");
  const controller = new AbortController();
  await assert.rejects(async () => {
    for await (
      const { check } of examine({ ...options, signal: controller.signal })
    ) if (check === "video") controller.abort();
  }, { name: "AbortError" });
  assert.equal(remaining(), "");
});

Deno.test("with a checkpoint the doctor checks how each entry is steered", () =>
  withItems(1, async ([item], out) => {
    const folder = dirname(out);
    const entry = `- {image: ${item!.image}, track: ${item!.track}, text: x`;
    const jobs = join(folder, "jobs.yaml");
    const evidence = { training: "wan-move", evidence: "its name" } as const;
    const check = async (
      text: string,
      training?: Parameters<typeof checkJobs>[1]["checkpoint"],
    ) => {
      await Deno.writeTextFile(jobs, text);
      return await checkJobs(jobs, {
        out,
        checkpoint: training,
        signal: undefined,
      });
    };
    const unsure = { training: { ...evidence, isSure: false } };
    const sure = { training: { ...evidence, isSure: true } };
    assert.equal((await check(`${entry}}`)).state, "good");
    const seems = await check(`${entry}}`, unsure);
    assert.equal(seems.state, "note");
    assert.match(
      seems.message,
      /seems to be Wan-Move's.*use --control wan-move/,
    );
    const wrong = await check(`${entry}}\n${entry}, control: wan-move}`, sure);
    assert.equal(wrong.state, "bad");
    assert.match(wrong.message, /1 problem\nline 1: Cannot use control ati/);
    // A motion signal without its mask, and one that is no video.
    await Deno.mkdir(join(folder, "signal"));
    await Deno.writeTextFile(join(folder, "signal/motion_signal.mp4"), "");
    const follow = `${entry}, control: none, motion_signal: signal}`;
    assert.match((await check(follow, sure)).message, /it has no mask/);
    await Deno.writeTextFile(join(folder, "signal/mask.mp4"), "");
    assert.match(
      (await check(follow, sure)).message,
      /line 1: .*motion_signal\.mp4/,
    );
  }));
