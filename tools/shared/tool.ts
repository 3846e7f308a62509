/**
 * What every command-line tool shares: the parser, how an error ends the
 * process, signals. The only file that imports commander.
 *
 * Exit codes: 0 done, 1 some of the work failed, 2 bad usage or bad input
 * (nothing was started), 130 interrupted (SIGINT), 143 terminated (SIGTERM).
 *
 * @module
 */

import {
  Argument,
  Command,
  CommanderError,
  Help,
  InvalidArgumentError,
  Option,
} from "npm:@commander-js/extra-typings@15.1.0";
import { styleText } from "node:util";
import { letOthersRun } from "../../core/base/steps.ts";
import { forgetInputs } from "../../core/files/inputs.ts";

export { Argument, Command, InvalidArgumentError, Option };

/** An error of usage or input that was found before any work started. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

/** What a tool's main function gets. */
export interface ToolContext {
  /** The arguments after the script's name. */
  readonly args: readonly string[];
  /** Aborted at the first Ctrl-C or SIGTERM; a second one ends the process. */
  readonly signal: AbortSignal;
}

/** What a tool says about itself. */
export interface ToolOptions {
  /** The path below the repository, for example `tools/tracks.ts`. */
  readonly script: string;
  /** The permission flags of the script's first line. */
  readonly permissions: string;
}

/**
 * A commander program that neither touches the environment nor ends the
 * process by itself.
 */
export function createCommand(name: string): Command {
  return new Command(name)
    .exitOverride()
    .helpOption("-h, --help", "show this help")
    .configureHelp({
      // What must be given is read first.
      visibleOptions(command) {
        return Help.prototype.visibleOptions.call(this, command)
          .toSorted((a, b) => Number(b.mandatory) - Number(a.mandatory));
      },
    })
    .showHelpAfterError("(add --help for the options)")
    .configureOutput({
      writeOut: (text) => writeAll(Deno.stdout, text),
      writeErr: (text) => writeAll(Deno.stderr, text),
      getOutHasColors: () => Deno.stdout.isTerminal() && !Deno.noColor,
      getErrHasColors: () => Deno.stderr.isTerminal() && !Deno.noColor,
      getOutHelpWidth: () => helpWidth(),
      getErrHelpWidth: () => helpWidth(),
      outputError: (text, write) => write(text),
    });
}

function helpWidth(): number {
  try {
    return Math.min(100, Deno.consoleSize().columns);
  } catch {
    return 80;
  }
}

function writeAll(
  stream: { writeSync(bytes: Uint8Array): number },
  text: string,
): void {
  const bytes = new TextEncoder().encode(text);
  try {
    for (let done = 0; done < bytes.length;) {
      done += stream.writeSync(bytes.subarray(done));
    }
  } catch (error) {
    // The reader has closed the pipe, as `| head -1` does: nothing is wrong.
    if (!(error instanceof Deno.errors.BrokenPipe)) throw error;
  }
}

/** Parses an option's value as a number within bounds, for commander. */
export function numberBetween(
  least: number,
  most: number,
  kind: "integer" | "number" = "number",
): (text: string) => number {
  return (text) => {
    const value = text.trim() === "" ? NaN : Number(text);
    if (
      !Number.isFinite(value) || value < least || value > most ||
      (kind === "integer" && !Number.isInteger(value))
    ) {
      throw new InvalidArgumentError(
        `expected ${
          kind === "integer" ? "a whole number" : "a number"
        } from ${least} to ${most}.`,
      );
    }
    return value;
  };
}

/** As shells report it: 128 and the number of the signal. */
const EXIT_INTERRUPTED = 130;
const EXIT_TERMINATED = 143;

/** Signals that follow the first within this time, in ms, are the same press. */
const SAME_KEY_PRESS = 1000;

/** What is done about signals. */
const listeners = new Map<Deno.Signal, () => void>();
/** Aborted when one has come. */
let interrupted: AbortSignal | undefined;

function listen(): void {
  for (const [signal, listener] of listeners) {
    Deno.addSignalListener(signal, listener);
  }
}

/**
 * Does work that computes for seconds without a pause and leaves nothing to
 * clean up. A listener could not run meanwhile: a signal ends the process at
 * once, as the system does without one.
 *
 * @throws {DOMException} `AbortError`, when a signal came before.
 */
export async function endedAtOnce<T>(work: () => T | Promise<T>): Promise<T> {
  // A signal that came during the work before is heard of now: one in twenty
  // takes three turns, and would be lost with its listener.
  for (let turn = 0; turn < 6; turn++) await letOthersRun(interrupted);
  for (const [signal, listener] of listeners) {
    Deno.removeSignalListener(signal, listener);
  }
  try {
    return await work();
  } finally {
    listen();
  }
}

/**
 * Runs a tool's main function and ends the process with its exit code. Errors
 * are printed as one message without a stack; set `--verbose` in the arguments
 * to see the stack.
 */
export async function runTool(
  options: ToolOptions,
  main: (context: ToolContext) => Promise<number>,
): Promise<never> {
  const controller = new AbortController();
  interrupted = controller.signal;
  let interruptedAt = 0;
  let stopped = EXIT_INTERRUPTED;
  const stop = (code: number, notice: string) => {
    if (controller.signal.aborted) {
      // One Ctrl-C can arrive twice: from the terminal and from the task runner.
      if (performance.now() - interruptedAt > SAME_KEY_PRESS) Deno.exit(code);
      return;
    }
    interruptedAt = performance.now();
    stopped = code;
    writeAll(Deno.stderr, notice);
    controller.abort(new DOMException("Interrupted", "AbortError"));
  };
  listeners.set(
    "SIGINT",
    () =>
      stop(
        EXIT_INTERRUPTED,
        "Interrupted, cleaning up. Press Ctrl-C again to quit now.\n",
      ),
  );
  if (Deno.build.os !== "windows") {
    listeners.set(
      "SIGTERM",
      () => stop(EXIT_TERMINATED, "Terminated, saving and cleaning up.\n"),
    );
  }
  listen();
  const { signal } = controller;
  const code = await exitCodeOf(options, main, { args: Deno.args, signal });
  Deno.exit(signal.aborted ? stopped : code);
}

/**
 * Runs a tool's main function; an error is printed, and becomes the exit code
 * 2. After an abort nothing is printed: that was said when the signal came.
 */
export async function exitCodeOf(
  options: ToolOptions,
  main: (context: ToolContext) => Promise<number>,
  context: ToolContext,
): Promise<number> {
  try {
    return await main(context);
  } catch (error) {
    if (context.signal.aborted) return EXIT_INTERRUPTED;
    if (error instanceof CommanderError) {
      // Help and version are no errors; commander has printed its own message.
      return error.exitCode === 0 ? 0 : 2;
    }
    printError(describeError(error, options));
    if (error instanceof Error && context.args.includes("--verbose")) {
      writeAll(Deno.stderr, `${error.stack}\n`);
    }
    return 2;
  } finally {
    forgetInputs();
  }
}

/** The message of an error as a tool prints it, with what to do about a missing permission. */
export function describeError(error: unknown, options: ToolOptions): string {
  if (!(error instanceof Error)) return String(error);
  if (error instanceof Deno.errors.NotCapable) {
    if (error.message.includes("\nHINT: ")) return error.message;
    if (error.message.includes("--allow-all")) {
      return `${error.message}\nHINT: Deno keeps programs away from the system's own folders; choose another one.`;
    }
    return `${error.message}\nHINT: Run with: deno run ${options.permissions} ${options.script}`;
  }
  return error.message;
}

/** Prints an error to standard error, red on a terminal. */
export function printError(message: string): void {
  const label = Deno.stderr.isTerminal() && !Deno.noColor
    ? styleText(["red", "bold"], "error:", { validateStream: false })
    : "error:";
  writeAll(Deno.stderr, `${label} ${message}\n`);
}

/** Prints what a person should know to standard error. */
export function printNote(message: string): void {
  writeAll(Deno.stderr, `note: ${message}\n`);
}

/** Prints one line to standard output. */
export function printLine(line: string): void {
  writeAll(Deno.stdout, line + "\n");
}
