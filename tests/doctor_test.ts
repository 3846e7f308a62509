/**
 * `tools/doctor.ts` in its own process, with exactly the permissions of its
 * first line, and without each of them.
 */

import assert from "node:assert/strict";
import { join } from "node:path";
import { writeSmokeCheckpoint } from "../tools/_doctor/smoke_run.ts";
import type { Finding } from "../tools/_doctor/finding.ts";
import {
  permissionsOf,
  repositoryPath,
  runToolProcess,
  withoutOne,
} from "./fixtures/tool_process.ts";
import { runTool } from "./fixtures/run_tool.ts";
import { temporaryFolder } from "./fixtures/temporary.ts";

const SCRIPT = "tools/doctor.ts";

const run = (
  args: readonly string[],
  options: { permissions?: readonly string[]; cwd?: string } = {},
) => runToolProcess(SCRIPT, args, options);
const runHere = (args: readonly string[]) => runTool(SCRIPT, args);

/** What `--json` prints. */
interface Document {
  ready: boolean;
  todo: string[];
  advice: string[];
  findings: Finding[];
}

Deno.test('doctor.ts prints "ready" and what is possible', async () => {
  const { code, out, err } = await run(["--device", "cpu"]);
  assert.equal(code, 0, err + out);
  for (
    const check of [
      "deno",
      "platform",
      "images",
      "video",
      "device cpu",
      "smoke run cpu",
    ]
  ) assert.match(out, new RegExp(`^✓ ${check} `, "m"), check);
  assert.match(out, /^! checkpoint +no checkpoint \(-c\)/m);
  assert.match(out, /^ready: motion previews/m);
});

Deno.test("doctor.ts prints the sizes of a checkpoint", async () => {
  await using temporary = await temporaryFolder();
  const folder = join(temporary.path, "Wan-Move");
  await writeSmokeCheckpoint(folder);
  const { code, out, err } = await runHere([
    ...["-c", folder, "--device", "cpu", "--no-smoke", "--vae", "tiny"],
    ...["--tiny_vae", repositoryPath("tests/golden/tiny_vae/taew2_1.pth")],
  ]);
  assert.equal(code, 0, err + out);
  assert.match(out, /^✓ checkpoint +\S+: complete, 2 MB$/m);
  assert.match(
    out,
    /^ +probably Wan-Move's transformer, as the folder's name "Wan-Move" says: --control wan-move$/m,
  );
  assert.match(
    out,
    /^ +small decoder: taew2_1\.pth, \S+ kB: .*--vae tiny decodes in \S+ MB instead of \S+ GB$/m,
  );
  assert.match(
    out,
    /^ {4}t5 +115 thousand +BF16 +231 kB +models_t5_umt5-xxl-enc-bf16\.pth$/m,
  );
  assert.match(out, /^ {4}transformer .* BF16 .*safetensors and 1 more$/m);
  assert.match(out, /^ {4}on a GPU +as stored +fp32 +bf16 +fp16 +fp8 +q8 /m);
  assert.match(out, /^ {4}a run, CUDA( +[\d.]+ [MG]B){7}$/m);
  assert.match(out, /^ready: videos with the model/m);
  assert.doesNotMatch(out, /smoke/);
});

Deno.test("doctor.ts lists what is missing and how to fix it, in order", async () => {
  await using temporary = await temporaryFolder();
  const folder = temporary.path;
  await writeSmokeCheckpoint(folder);
  await Deno.remove(join(folder, "google"), { recursive: true });
  await Deno.truncate(join(folder, "models_t5_umt5-xxl-enc-bf16.pth"), 3000);
  await Deno.remove(join(folder, "Wan2.1_VAE.pth"));
  const args = ["-c", folder, "--device", "cpu", "--no-smoke"];
  const { code, out } = await runHere(args);
  assert.equal(code, 1);
  assert.match(out, /^✗ checkpoint .*2 of 4 networks are usable$/m);
  assert.match(out, /vae is missing: Wan2\.1_VAE\.pth, from Wan-AI\//);
  assert.match(out, /tokenizer is missing: google\/umt5-xxl\//);
  assert.match(out, /Cannot read ".*models_t5_.*" as ZIP/);
  assert.match(out, /GB free; the weights need about/);
  assert.match(
    out,
    /^not ready\n\nTo fix, in order:\n {2}1\. Download what is missing: .*download -c .*\n(.*\n)*? {2}2\. Run the doctor again\.$/m,
  );

  const { ready, todo, findings }: Document = JSON.parse(
    (await runHere([...args, "--json"])).out,
  );
  assert.equal(ready, false);
  assert.equal(todo.length, 1);
  const checkpoint = findings.find(({ check }) => check === "checkpoint")!;
  assert.ok(checkpoint.facts?.kind === "checkpoint");
  assert.deepEqual(checkpoint.facts.missing, ["vae", "tokenizer"]);
  assert.deepEqual(
    checkpoint.facts.networks.map(({ kind }) => kind),
    ["clip", "transformer"],
  );
});

Deno.test("doctor.ts --json prints one document and leaves no files", async () => {
  await using temporary = await temporaryFolder();
  const folder = temporary.path;
  const { code, out, err } = await run(["--json", "--device", "cpu"], {
    cwd: folder,
  });
  assert.equal(code, 0, err);
  const { ready, findings }: Document = JSON.parse(out);
  assert.equal(ready, true);
  const smoke = findings.at(-1)!;
  assert.ok(smoke.facts?.kind === "smoke" && smoke.facts.seconds > 0);
  assert.deepEqual([...Deno.readDirSync(folder)], []);
});

Deno.test("doctor.ts requires a device that is passed", async () => {
  // No machine has 1000 GPUs.
  const { code, out } = await runHere(["--device", "cuda:999", "--no-smoke"]);
  assert.equal(code, 1);
  assert.match(out, /^✗ device cuda:999 +does not work: /m);
});

for (const { removed, flags } of withoutOne(permissionsOf(SCRIPT))) {
  Deno.test(`doctor.ts without ${removed} reports what it could not check`, async () => {
    const { code, out, err } = await run(["--device", "cpu", "--no-smoke"], {
      permissions: flags,
    });
    assert.ok(!err.includes("    at "), `no stack: ${err}`);
    if (removed.startsWith("--allow-sys")) {
      assert.equal(code, 0, out);
      assert.match(out, /^! (memory|disk) +not checked: .*sys/m);
    } else {
      assert.equal(code, 1, out);
      assert.match(out, /^✗ /m);
      assert.match(
        out,
        /^ {2}1\. Run it with its permissions: deno run --allow-/m,
      );
      assert.match(out, /^ {2}2\. Run the doctor again\.$/m);
    }
  });
}

Deno.test("doctor.ts refuses invalid arguments", async () => {
  for (
    const args of [["--device", "tpu"], ["--size", "big"], ["--frobnicate"]]
  ) {
    const { code, out, err } = await runHere(args);
    assert.equal(code, 2, args.join(" "));
    assert.equal(out, "");
    assert.match(err, /^error: .*(tpu|832\*480|frobnicate)/);
  }
});

Deno.test("doctor.ts --help explains its output", async () => {
  const { code, out } = await run(["--help"]);
  assert.equal(code, 0);
  for (const word of ["✓", "✗", "--ckpt_dir", "--json", "Exit codes"]) {
    assert.ok(out.includes(word), word);
  }
});
