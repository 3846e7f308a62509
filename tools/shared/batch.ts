/**
 * What the tools share that go through a list: spelling of flags, problems of
 * a job file, outputs that must not be inputs.
 *
 * @module
 */

import { quote, withHint } from "../../core/base/errors.ts";
import { fileError } from "../../core/files/file_error.ts";
import type { JobProblem } from "../../core/jobs/job_file.ts";
import { printError } from "./tool.ts";

/**
 * The arguments with `--save_dir` written as `--save-dir`: the original's
 * command lines go on working.
 */
export function asDashes(args: readonly string[]): string[] {
  const end = args.indexOf("--");
  return args.map((argument, index) => {
    if (end >= 0 && index > end) return argument;
    return argument.replace(
      /^--[a-z]+(_[a-z]+)+(?==|$)/,
      (flag) => flag.replaceAll("_", "-"),
    );
  });
}

/** Prints what is wrong with a job file, one error per line of it. */
export function reportProblems(
  jobFile: string,
  problems: readonly JobProblem[],
): void {
  for (const { line, message } of problems) {
    printError(`${jobFile}, line ${line}: ${message}`);
  }
}

/**
 * Throws when a path to write to is one of the files that are read, under
 * whatever name.
 */
export async function refuseInputs(
  output: string,
  inputs: readonly string[],
): Promise<void> {
  const real = await realPath(output);
  if (real === undefined) return;
  for (const input of inputs) {
    if (await realPath(input) === real) {
      throw new TypeError(
        withHint(
          `Cannot write ${
            quote(output)
          }: it is an input, expected another path`,
          "Choose another folder for the outputs.",
        ),
      );
    }
  }
}

async function realPath(path: string): Promise<string | undefined> {
  try {
    return await Deno.realPath(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw fileError("look for", path, error);
  }
}
