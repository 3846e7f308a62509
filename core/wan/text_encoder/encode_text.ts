/**
 * Runs the text encoder.
 *
 * @module
 */

import {
  buildUmt5Blocks,
  buildUmt5Encoder,
  type Umt5Component,
} from "./umt5_encoder.ts";
import { runInBlocks } from "../run_in_blocks.ts";
import type { Tensor } from "../../base/tensor.ts";
import {
  executionFor,
  inRuntime,
  type NetworkRunOptions,
} from "../network_run.ts";

/**
 * Encodes prompts given as token ids (including the end token, without
 * padding): `[tokens, dim]` for each one.
 *
 * @throws {RangeError} When a prompt has no tokens, an id is not in the
 * vocabulary, or the target computes in float16.
 *
 * @example
 * ```ts
 * import {
 *   cleanPrompt,
 *   CPU,
 *   createTokenizer,
 *   encodeTexts,
 *   openAtiCheckpoint,
 *   type Tensor,
 * } from "@ati/ati";
 *
 * export async function embed(folder: string, prompt: string): Promise<Tensor> {
 *   const { t5, tokenizer } = await openAtiCheckpoint(folder);
 *   const { ids, length } = createTokenizer(
 *     await Deno.readTextFile(tokenizer!),
 *   ).encode(cleanPrompt(prompt));
 *   const [embeds] = await encodeTexts(t5, [ids.subarray(0, length)], {
 *     device: CPU,
 *   });
 *   return embeds!;
 * }
 * ```
 */
export async function encodeTexts(
  component: Umt5Component,
  texts: readonly ArrayLike<number>[],
  options: NetworkRunOptions,
): Promise<Tensor<Float32Array<ArrayBuffer>>[]> {
  const { target, signal, onProgress } = options;
  const { dim, vocabSize } = component.config;
  for (const ids of texts) checkIds(ids, vocabSize);
  if (texts.length === 0) return [];
  const length = Math.max(...texts.map((ids) => ids.length));
  const graphOptions = { length, ...(target ? { target } : {}) };
  const feeds = texts.map((ids) => {
    const mask = new Float32Array(length).fill(1, 0, ids.length);
    const padded = new Int32Array(length);
    padded.set(ids);
    return {
      ids: { dims: [1, length], data: padded },
      mask: { dims: [1, length], data: mask },
    };
  });
  const name = "the text encoder";
  const results = await inRuntime(options, async (runtime) => {
    const execution = executionFor(options);
    if (execution !== "monolithic") {
      return await runInBlocks(
        runtime,
        (streamed) => buildUmt5Blocks(component, { ...graphOptions, streamed }),
        { execution, feeds, name, signal, onProgress },
      );
    }
    const graph = buildUmt5Encoder(component, graphOptions);
    const session = await runtime.open(graph, { name, signal });
    const outputs = [];
    for (const feed of feeds) {
      outputs.push(await session.run(feed, { signal }));
      onProgress?.(outputs.length, feeds.length);
    }
    return outputs;
  });
  return results.map(({ context }, i) => {
    const tokens = texts[i]!.length;
    return { dims: [tokens, dim], data: context!.data.slice(0, tokens * dim) };
  });
}

function checkIds(ids: ArrayLike<number>, vocabSize: number): void {
  if (ids.length === 0) {
    throw new RangeError(
      "Cannot encode a prompt: it has no tokens, expected at least the end token",
    );
  }
  for (let i = 0; i < ids.length; i++) {
    const id = ids[i]!;
    if (Number.isInteger(id) && id >= 0 && id < vocabSize) continue;
    throw new RangeError(
      `Cannot encode a prompt: token ${i} is ${id}, expected an integer below ${vocabSize}`,
    );
  }
}
