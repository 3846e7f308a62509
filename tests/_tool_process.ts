/**
 * Runs a tool as its first line says: the same permissions, nothing asked.
 *
 * @module
 */

import { fileURLToPath } from "node:url";

/** The path of a file of the repository. */
export function repositoryPath(path: string): string {
  return fileURLToPath(new URL(`../${path}`, import.meta.url));
}

/** The permission flags in a tool's first line. */
export function permissionsOf(script: string): string[] {
  const first = Deno.readTextFileSync(repositoryPath(script)).split("\n")[0]!;
  const flags = /^#!\/usr\/bin\/env -S deno run (.*)$/.exec(first)?.[1];
  if (!flags) throw new Error(`${script} does not begin with a deno run line`);
  return flags.split(" ");
}

/**
 * Every way to take one permission away: each flag as a whole, and each name
 * of a flag that lists some.
 */
export function withoutOne(
  flags: readonly string[],
): { removed: string; flags: string[] }[] {
  return flags.flatMap((flag, at) => {
    const others = flags.toSpliced(at, 1);
    const [name, list] = flag.split("=");
    const names = list?.split(",") ?? [];
    const partly = names.length < 2 ? [] : names.map((value) => ({
      removed: `${name}=${value}`,
      flags: [
        ...others,
        `${name}=${names.filter((other) => other !== value).join(",")}`,
      ],
    }));
    return [{ removed: flag, flags: others }, ...partly];
  });
}

/** How a tool ended. */
export interface ToolResult {
  /** Its exit code. */
  readonly code: number;
  /** What it printed to standard output. */
  readonly out: string;
  /** What it printed to standard error. */
  readonly err: string;
}

/** Runs a tool in a folder, by default with the permissions of its first line. */
export async function runToolProcess(
  script: string,
  args: readonly string[],
  options: {
    cwd?: string;
    permissions?: readonly string[];
    env?: Readonly<Record<string, string>>;
  } = {},
): Promise<ToolResult> {
  const { cwd, permissions = permissionsOf(script), env = {} } = options;
  const output = await new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--no-prompt",
      "--quiet",
      ...permissions,
      repositoryPath(script),
      ...args,
    ],
    stdin: "null",
    env: { NO_COLOR: "1", ...env },
    ...(cwd === undefined ? {} : { cwd }),
  }).output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  return {
    code: output.code,
    out: text(output.stdout),
    err: text(output.stderr),
  };
}

/** A tool at work. Leaving an `await using` scope kills it. */
export interface RunningTool extends AsyncDisposable {
  /** What it prints to standard output, line by line, as it comes. */
  readonly lines: AsyncIterable<string>;
  /** How it ends. */
  readonly status: Promise<Deno.CommandStatus>;
  /** Sends it a signal, if it still runs. */
  kill(signal: Deno.Signal): void;
}

/** Starts a tool with the permissions of its first line. */
export function startTool(
  script: string,
  args: readonly string[],
): RunningTool {
  const child = new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--no-prompt",
      "--quiet",
      ...permissionsOf(script),
      repositoryPath(script),
      ...args,
    ],
    stdin: "null",
    stdout: "piped",
    stderr: "inherit",
    env: { NO_COLOR: "1" },
  }).spawn();
  let running = true;
  const status = child.status.finally(() => running = false);
  const kill = (signal: Deno.Signal) => {
    if (running) child.kill(signal);
  };
  return {
    lines: linesOf(child.stdout),
    status,
    kill,
    async [Symbol.asyncDispose]() {
      kill("SIGKILL");
      await status;
    },
  };
}

async function* linesOf(
  bytes: ReadableStream<Uint8Array<ArrayBuffer>>,
): AsyncGenerator<string, void, void> {
  let rest = "";
  for await (const text of bytes.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + text).split("\n");
    rest = lines.pop()!;
    yield* lines;
  }
}
