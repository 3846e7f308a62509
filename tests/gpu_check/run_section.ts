/**
 * Runs a section in a process of its own, so that a crash of a driver or a
 * hanging kernel ends that section alone. What it has found until then counts.
 *
 * @module
 */

import type { Row, SectionResult } from "./check.ts";

/** A line of a section's process. */
export type SectionMessage =
  | { readonly row: Row }
  | { readonly skipped: string }
  | { readonly error: string }
  | { readonly done: true };

/** Begins a line that is a message; drivers print lines of their own. */
const MARK = "gpu-check\t";

/** Sends a message to the process that started this one. */
export function send(message: SectionMessage): void {
  const bytes = new TextEncoder().encode(
    `\n${MARK}${JSON.stringify(message)}\n`,
  );
  for (let done = 0; done < bytes.length;) {
    done += Deno.stdout.writeSync(bytes.subarray(done));
  }
}

/** The last lines of a process that are kept for its failure. */
const LAST_LINES = 5;

/** What to run, and for how long. */
export interface SectionProcess {
  readonly section: string;
  readonly title: string;
  readonly device: string;
  /** The arguments of `deno`. */
  readonly args: readonly string[];
  /** It is killed after these seconds. */
  readonly seconds: number;
  readonly signal: AbortSignal;
  /** Called for each row when it comes. */
  readonly onRow?: (row: Row) => void;
}

/** Runs a section; whatever happens to it is in the result. */
export async function runSection(
  options: SectionProcess,
): Promise<SectionResult> {
  const { section, title, device, args, seconds, signal } = options;
  const started = performance.now();
  const rows: Row[] = [];
  const lines: string[] = [];
  let skipped: string | undefined, error: string | undefined;
  let isDone = false;
  const onLine = (line: string) => {
    if (!line.startsWith(MARK)) {
      if (line.trim() !== "") lines.push(line.trim());
      return;
    }
    const message: SectionMessage = JSON.parse(line.slice(MARK.length));
    if ("row" in message) {
      rows.push(message.row);
      options.onRow?.(message.row);
    } else if ("skipped" in message) skipped = message.skipped;
    else if ("error" in message) error = message.error;
    else isDone = true;
  };
  const child = new Deno.Command(Deno.execPath(), {
    args: [...args],
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  let isLate = false, running = true;
  const kill = () => {
    if (running) child.kill("SIGKILL");
  };
  const timer = setTimeout(() => {
    isLate = true;
    kill();
  }, 1000 * seconds);
  signal.addEventListener("abort", kill, { once: true });
  try {
    const ended = child.status.finally(() => running = false);
    const [status] = await Promise.all([
      ended,
      eachLine(child.stdout, onLine),
      eachLine(child.stderr, onLine),
    ]);
    signal.throwIfAborted();
    const reason = skipped ?? error ??
      (isLate ? `stopped after ${seconds.toFixed()} s` : isDone ? undefined : [
        `the process ended with ${status.signal ?? `code ${status.code}`}`,
        ...lines.slice(-LAST_LINES),
      ].join("\n"));
    const failed = rows.some(({ state }) => state === "bad") ||
      (reason !== undefined && skipped === undefined);
    return {
      section,
      title,
      device,
      state: failed ? "failed" : skipped === undefined ? "ok" : "skipped",
      ...(reason !== undefined && { reason }),
      seconds: (performance.now() - started) / 1000,
      rows,
    };
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", kill);
  }
}

async function eachLine(
  bytes: ReadableStream<Uint8Array<ArrayBuffer>>,
  onLine: (line: string) => void,
): Promise<void> {
  let rest = "";
  for await (const text of bytes.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + text).split("\n");
    rest = lines.pop()!;
    for (const line of lines) onLine(line);
  }
  if (rest !== "") onLine(rest);
}
