import assert from "node:assert/strict";
import { tinyCheckpoint } from "../checkpoint/tiny_checkpoint.ts";
import { writeSafetensors } from "../formats/safetensors_writer.ts";
import { writeFileAtomic } from "../files/files.ts";
import { planModel } from "./plan_model.ts";
import { temporaryFolder } from "../../tests/fixtures/temporary.ts";

const TOKENIZER = "google/umt5-xxl/tokenizer.json";

Deno.test("planModel() finds everything that is wrong with a model, and loads nothing", async () => {
  await using temporary = await temporaryFolder();
  const folder = temporary.path;
  for (
    const [path, bytes] of Object.entries(
      await tinyCheckpoint({ folder, seed: 1 }),
    )
  ) await writeFileAtomic(path, bytes);
  const lora = temporary.file("lora.safetensors");
  const factor = (name: string, shape: number[]) => ({
    name: `diffusion_model.blocks.0.self_attn.q.${name}.weight`,
    dtype: "F32" as const,
    shape,
    data: new Float32Array(shape[0]! * shape[1]!),
  });
  const { checkpoint, checkpointErrors, otherErrors } = await planModel(folder);
  assert.ok(checkpoint);
  assert.deepEqual([checkpointErrors, otherErrors], [[], []]);
  const [width = 0] = checkpoint.transformer.tensors
    .get("blocks.0.self_attn.q.weight")!.shape;
  await writeFileAtomic(
    lora,
    writeSafetensors([
      factor("lora_A", [2, width]),
      factor("lora_B", [width, 2]),
    ]),
  );
  const messages = async (options: Parameters<typeof planModel>[1] = {}) => {
    const plan = await planModel(folder, options);
    return [...plan.checkpointErrors, ...plan.otherErrors]
      .map(({ message }) => message);
  };
  assert.deepEqual(await messages({ loras: [{ file: lora }] }), []);

  // LoRAs of which one is missing and one is for another model.
  const foreign = temporary.file("foreign.safetensors");
  await writeFileAtomic(
    foreign,
    writeSafetensors([factor("lora_A", [2, width + 1])]),
  );
  const loras = ["no.safetensors", foreign, lora].map((file) => ({ file }));
  const found = await messages({ loras, dtype: { transformer: "q4" } });
  assert.equal(found.length, 3, found.join("\n"));
  assert.match(
    found[0]!,
    /Cannot read the LoRA "no.safetensors": no such file\nHINT: .*working/,
  );
  assert.match(found[1]!, /foreign.safetensors" as a LoRA: none of its 1/);
  assert.match(found[2]!, /Cannot run the transformer in q4/);

  // A shard that was not written to its end.
  const shard = `${folder}/diffusion_pytorch_model-00002-of-00002.safetensors`;
  const written = await Deno.readFile(shard);
  await Deno.writeFile(
    shard,
    written.map((byte, i) => i < written.length / 2 ? byte : 0),
  );
  const [unwritten = "", ...rest] = await messages();
  assert.match(
    unwritten,
    /00002\.safetensors": tensor ".*" is zeros at both ends/,
  );
  assert.deepEqual(rest, []);
  await Deno.writeFile(shard, written);

  // A tokenizer of another vocabulary, and two damaged networks.
  const text = await Deno.readTextFile(temporary.file(TOKENIZER));
  const json = JSON.parse(text);
  for (let i = 0; i < 500; i++) json.model.vocab.push([`x${i}`, -1]);
  await Deno.writeTextFile(temporary.file(TOKENIZER), JSON.stringify(json));
  for (
    const file of [checkpoint.vae, checkpoint.clip].map((c) => c.files[0]!)
  ) {
    await Deno.truncate(file, 5000);
  }
  const worse = await messages({ loras: [{ file: "no.safetensors" }] });
  assert.equal(worse.length, 4, worse.join("\n"));
  assert.match(worse.join("\n"), /clip.*cut short[^]*VAE.*cut short/);
  assert.match(worse[2]!, /has 599 pieces, the text encoder has 512\nHINT: /);
  assert.match(worse[3]!, /no.safetensors/);
  await Deno.writeTextFile(temporary.file(TOKENIZER), "{");
  assert.match((await messages()).at(-1)!, /tokenizer.json".*it is not JSON/);

  // A folder that is not there hides nothing else.
  const { checkpointErrors: gone, otherErrors: others } = await planModel(
    temporary.file("gone"),
    { loras: [{ file: "no.safetensors" }] },
  );
  assert.match(gone[0]!.message, /there is nothing, expected a folder/);
  assert.equal(others.length, 1);
});
