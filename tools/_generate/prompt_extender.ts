/**
 * `--use_prompt_extend`: prompts written out by a chat server.
 *
 * @module
 */

import type { RenderInputs } from "../../core/jobs/engine.ts";
import { withHint } from "../../core/base/errors.ts";
import { encodeImage } from "../../core/media/image.ts";
import { extendPrompt } from "../../core/text/prompt_extend.ts";
import { UsageError } from "../shared/tool.ts";
import type { ModelOptions } from "./options.ts";

/**
 * Asks the chat server that the environment names.
 *
 * @throws {UsageError} When it names none, or reaching it is not permitted.
 */
export function promptExtender(
  { model, language }: NonNullable<ModelOptions["extend"]>,
): (job: RenderInputs, signal: AbortSignal | undefined) => Promise<string> {
  const url = fromEnvironment("PROMPT_EXTEND_URL");
  const name = model ?? fromEnvironment("PROMPT_EXTEND_MODEL");
  const key = fromEnvironment("PROMPT_EXTEND_KEY");
  if (url === undefined || name === undefined) {
    throw new UsageError(withHint(
      `Cannot extend prompts: ${
        url === undefined ? "PROMPT_EXTEND_URL" : "PROMPT_EXTEND_MODEL"
      } is not set`,
      "PROMPT_EXTEND_URL=http://127.0.0.1:8080/v1 and PROMPT_EXTEND_MODEL=NAME in the environment; PROMPT_EXTEND_KEY where the server wants one.",
    ));
  }
  const { host } = new URL(url);
  const permission = { name: "net", host } as const;
  if (Deno.permissions.querySync(permission).state !== "granted") {
    throw new UsageError(withHint(
      `Cannot extend prompts: reaching ${host} is not permitted`,
      `Add --allow-net=${host} after "deno run".`,
    ));
  }
  return async (job, signal) =>
    await extendPrompt(job.prompt, {
      url,
      key,
      signal,
      model: name,
      language,
      image: {
        type: "image/jpeg",
        bytes: await encodeImage(job.image, "jpeg"),
      },
      ...(job.seed !== undefined &&
        { seed: Number(BigInt.asUintN(53, BigInt(job.seed))) }),
    });
}

function fromEnvironment(variable: string): string | undefined {
  const permission = { name: "env", variable } as const;
  if (Deno.permissions.querySync(permission).state !== "granted") {
    throw new UsageError(withHint(
      `Cannot extend prompts: reading ${variable} is not permitted`,
      'Add --allow-env=PROMPT_EXTEND_URL,PROMPT_EXTEND_MODEL,PROMPT_EXTEND_KEY after "deno run".',
    ));
  }
  return Deno.env.get(variable) || undefined;
}
