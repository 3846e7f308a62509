/**
 * What the tools share that process a list: spelling of flags, problems of a
 * job file.
 *
 * @module
 */

import type { JobProblem } from "../../core/jobs/job_file.ts";
import { printError } from "./tool.ts";

/**
 * The arguments with `--save_dir` written as `--save-dir`: the original's
 * command lines continue working.
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
