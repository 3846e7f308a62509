/**
 * One run of `tools/generate.ts` in its own process, with a fixed set of
 * permissions: the project folder, the checkpoint, native code.
 *
 * The process starts in the project folder, which is `.` in its lists of
 * permissions: whatever characters its path has, they cannot split a list.
 *
 * @module
 */

import { join, resolve } from "node:path";
import { quote, withHint } from "../../core/base/errors.ts";

/** How a video is made. */
export type Engine = "preview" | "model";

/** What a process prints. */
export type ProcessEvent =
  | { readonly type: "item"; readonly item: unknown }
  | { readonly type: "message"; readonly text: string };

/** A running process. */
export interface RunProcess {
  /** Whether it has done all that it was started for, once it has ended. */
  readonly done: Promise<boolean>;
  /** Asks it to stop; it cleans up and leaves no partial file. */
  stop(): void;
  /** Ends it at once. */
  kill(): void;
}

/** What is run on which files. */
export interface RunOptions {
  /** The project folder. */
  readonly dir: string;
  /** The job file, relative to the project folder. */
  readonly jobs: string;
  /** The folder for the videos, relative to the project folder. */
  readonly output: string;
  /** How the videos are made. */
  readonly engine: Engine;
  /** Flags for the settings, checked. */
  readonly flags: readonly string[];
  /** The checkpoint folder, for the model. */
  readonly checkpoint?: string;
}

/**
 * The permission flags of the process. A checkpoint that is a symbolic link is
 * allowed with what it leads to, where this process may look.
 *
 * @throws {TypeError} When the checkpoint's path has a comma, which would split
 * the list that it is in.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { permissionFlags } from "./run_process.ts";
 * assert.ok(permissionFlags().includes("--allow-write=."));
 * assert.throws(() => permissionFlags("/models/a,b"), TypeError);
 * ```
 */
export function permissionFlags(checkpoint?: string): string[] {
  const read = [".", "/usr/bin/ldd"];
  if (checkpoint !== undefined) {
    for (const path of new Set([resolve(checkpoint), target(checkpoint)])) {
      if (path.includes(",")) {
        throw new TypeError(
          withHint(
            `Cannot use ${quote(checkpoint)}: the path ${
              quote(path)
            } has a comma, which separates permissions, expected none`,
            "Rename the folder or move it.",
          ),
        );
      }
      read.push(path);
      // The files of a snapshot in the Hub's cache are links to its blobs.
      const snapshot = /^(.*[\\/]models--[^\\/]+)[\\/]snapshots[\\/][^\\/]+$/;
      const repository = snapshot.exec(path)?.[1];
      if (repository !== undefined) read.push(join(repository, "blobs"));
    }
  }
  return [
    "--no-prompt",
    "--allow-ffi",
    `--allow-read=${read.join(",")}`,
    "--allow-write=.",
    "--allow-env=npm_package_config_libvips,MALLOC_ARENA_MAX,AV_FROM_SOURCE,npm_config_os",
  ];
}

/** What a link leads to; the path itself where it may not be looked at. */
function target(path: string): string {
  try {
    return Deno.realPathSync(path);
  } catch {
    return resolve(path); // the run says what is wrong with it
  }
}

/** Starts the process; `onEvent` is called for every line that it prints. */
export function startProcess(
  options: RunOptions,
  onEvent: (event: ProcessEvent) => void,
): RunProcess {
  const { dir, jobs, output, engine, flags } = options;
  const checkpoint = engine === "model" ? options.checkpoint : undefined;
  const script = new URL("../../tools/generate.ts", import.meta.url);
  const child = spawnDeno({
    args: [
      "run",
      "--quiet",
      // By URL, the folder that it starts in would be searched for settings.
      ...(script.protocol === "file:" ? [] : ["--no-config"]),
      ...permissionFlags(checkpoint),
      script.href,
      "-p",
      jobs,
      "-o",
      output,
      "--json-progress",
      "--overwrite",
      "--engine",
      engine,
      ...flags,
      ...(checkpoint === undefined ? [] : ["-c", resolve(checkpoint)]),
    ],
    cwd: resolve(dir),
    isLibraryPathNeeded: engine === "model",
  });
  let running = true;
  const signal = (name: Deno.Signal) => {
    if (running) child.kill(name);
  };
  const ended = child.status.finally(() => running = false);
  return {
    done: Promise.all([
      readLines(child.stdout, (line) => onEvent(parseLine(line))),
      readLines(
        child.stderr,
        (text) => onEvent({ type: "message", text }),
      ),
      ended,
    ]).then(([, , status]) => status.success),
    stop: () => signal("SIGINT"),
    kill: () => signal("SIGKILL"),
  };
}

/** Variables of the dynamic loader, which Deno guards, and how it names one. */
const LOADER_VARIABLE = /\b((?:LD|DYLD)_\w+) environment variable/;

/**
 * Starts Deno. Under `--allow-run=deno`, a process may not inherit variables
 * such as `LD_LIBRARY_PATH`, which could replace its libraries: they are
 * emptied, or refused where they may be needed to find the CUDA libraries.
 *
 * @throws {Deno.errors.NotCapable} With a HINT, when a variable is needed.
 */
function spawnDeno(
  { args, cwd, isLibraryPathNeeded }: {
    readonly args: string[];
    readonly cwd: string;
    readonly isLibraryPathNeeded: boolean;
  },
): Deno.ChildProcess {
  const env: Record<string, string> = {};
  while (true) {
    try {
      return new Deno.Command("deno", {
        args,
        cwd,
        env,
        stdin: "null",
        stdout: "piped",
        stderr: "piped",
      }).spawn();
    } catch (error) {
      const name = error instanceof Deno.errors.NotCapable
        ? LOADER_VARIABLE.exec(error.message)?.[1]
        : undefined;
      if (name === undefined || name in env) throw error;
      if (isLibraryPathNeeded) {
        throw new Deno.errors.NotCapable(
          withHint(
            `Cannot start the model with ${name} set: Deno passes it on only under a full --allow-run`,
            `Unset ${name} and name the folder in /etc/ld.so.conf, or start the editor with --allow-run.`,
          ),
          { cause: error },
        );
      }
      env[name] = "";
    }
  }
}

/** A line of `--json-progress`, or whatever else it is. */
function parseLine(line: string): ProcessEvent {
  try {
    return { type: "item", item: JSON.parse(line) };
  } catch {
    return { type: "message", text: line };
  }
}

async function readLines(
  stream: ReadableStream<Uint8Array<ArrayBuffer>>,
  take: (line: string) => void,
): Promise<void> {
  let rest = "";
  for await (const text of stream.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + text).split(/[\r\n]+/);
    rest = lines.pop() ?? "";
    for (const line of lines) if (line.trim()) take(line);
  }
  if (rest.trim()) take(rest);
}
