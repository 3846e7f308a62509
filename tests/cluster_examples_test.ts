/**
 * The commands in examples/cluster are valid for generate.ts.
 */

import assert from "node:assert/strict";
import { PROVIDER_FILES } from "../core/onnx/runtime/cuda_provider.ts";
import { ORT_VERSION } from "../core/onnx/runtime/ort/api_table.ts";
import { VERSION } from "../core/pipeline/fingerprint.ts";
import { TESTED_DENO } from "../tools/_doctor/system_checks.ts";
import { parseGenerateOptions } from "../tools/_generate/parse_options.ts";
import { permissionsOf, repositoryPath } from "./fixtures/tool_process.ts";

/** The arguments of the command from `deno run` on, with variables expanded. */
function commandOf(file: string, variables: Record<string, string>): string[] {
  const text = Deno.readTextFileSync(repositoryPath(`examples/cluster/${file}`))
    .replaceAll("\\\n", " ");
  const start = text.indexOf("deno run");
  const line = file.endsWith(".sh")
    ? text.slice(start)
    : text.slice(start, text.indexOf("resources:"));
  return line.replace(
    /\$\(\((\w+) \+ 1\)\)/g,
    (_, name: string) => String(Number(variables[name]) + 1),
  ).replace(
    /\$(\w+)/g,
    (_, name: string) => variables[name] ?? `no ${name}`,
  ).replaceAll('"', "").trim().split(/\s+/);
}

for (
  const [file, variables] of [
    ["slurm.sh", {
      ati: "/ati",
      jobs: "jobs.yaml",
      checkpoint: "ckpt",
      out: "out",
      SLURM_ARRAY_TASK_ID: "2",
      SLURM_ARRAY_TASK_COUNT: "8",
    }],
    ["kubernetes.yaml", { JOB_COMPLETION_INDEX: "1", SHARDS: "8" }],
  ] as const
) {
  Deno.test(`examples/cluster/${file} runs shard 2 of 8 with the tool's permissions`, () => {
    const words = commandOf(file, variables)
      // Not part of the tool's own line.
      .filter((word) => word !== "--no-prompt" && word !== "--cached-only");
    const script = words.findIndex((word) => word.endsWith("generate.ts"));
    assert.deepEqual(
      words.slice(2, script),
      permissionsOf("tools/generate.ts"),
    );
    const { shard, model, engine, input, out } = parseGenerateOptions(
      words.slice(script + 1),
    );
    assert.deepEqual(shard, [2, 8]);
    assert.deepEqual([engine, model.device, model.gpus], ["model", "cuda", 1]);
    assert.equal(input.kind, "jobs");
    assert.ok(model.checkpoint && out);
  });
}

Deno.test("examples/cluster/Containerfile has the versions that are used", () => {
  const text = Deno.readTextFileSync(
    repositoryPath("examples/cluster/Containerfile"),
  );
  assert.match(text, new RegExp(`onnxruntime-gpu==${ORT_VERSION} `));
  assert.match(text, new RegExp(`denoland/deno:bin-${TESTED_DENO} `));
  assert.match(text, new RegExp(`-t ati:${VERSION} `));
  for (const name of PROVIDER_FILES) assert.ok(text.includes(name), name);
  const image = Deno.readTextFileSync(
    repositoryPath("examples/cluster/kubernetes.yaml"),
  );
  assert.match(image, new RegExp(`image: ati:${VERSION}$`, "m"));
  // What is copied exists, and the scripts that pods run are in it.
  for (const [, from] of text.matchAll(/^COPY (?!--)(.*) \S+$/gm)) {
    for (const path of from!.split(" ")) Deno.statSync(repositoryPath(path));
  }
  const to = /^WORKDIR (\/opt\/ati)$/m.exec(text)?.[1];
  assert.ok(to && image.includes(`${to}/tools/generate.ts`));
});
