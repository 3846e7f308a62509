/**
 * The files in examples/cluster say what generate.ts understands.
 */

import assert from "node:assert/strict";
import { parseGenerateOptions } from "../tools/_generate/parse_options.ts";
import { permissionsOf, repositoryPath } from "./fixtures/tool_process.ts";

/** The words of the command from `deno run` on, with the variables put in. */
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
    ["kubernetes.yaml", { JOB_COMPLETION_INDEX: "1", PARTS: "8" }],
  ] as const
) {
  Deno.test(`examples/cluster/${file} runs part 2 of 8 with the tool's permissions`, () => {
    const words = commandOf(file, variables)
      .filter((word) => word !== "--no-prompt"); // nobody is there to answer
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
