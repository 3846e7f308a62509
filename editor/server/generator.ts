/**
 * Previews and generations. Decoding images, encoding video and running a model
 * need native code, for which the editor's server has no permission: each run
 * is a process of its own, one after the other, in a queue with a bound.
 * Without `--with-generate` nothing can be started here, and the page shows the
 * command line instead.
 *
 * @module
 */

import { join } from "node:path";
import { withHint } from "../../core/base/errors.ts";
import type { ProjectFolder } from "./project_folder.ts";
import {
  type Engine,
  permissionFlags,
  type ProcessEvent,
  type RunOptions,
  type RunProcess,
  startProcess,
} from "./run_process.ts";
import { TooManyRunsError } from "./store_errors.ts";

export type { Engine };

/** What the page may offer. */
export interface GeneratorAbilities {
  /** The engines that can be started from the page. */
  readonly engines: readonly Engine[];
  /** The command that does the same in a terminal, for the whole job file. */
  readonly command: string;
}

/** What happens to a run, in this order; `queued` when it has to wait. */
export type GenerationEvent =
  | { readonly type: "queued"; readonly ahead: number }
  | { readonly type: "started" }
  | ProcessEvent
  | {
    readonly type: "end";
    readonly state: "done" | "failed" | "cancelled";
  };

/** A run: waiting, running, or over. */
export interface Generation {
  /** Its number. */
  readonly id: number;
  /** The images it makes videos of. */
  readonly images: readonly string[];
  /** All events, those that are still to come included. */
  events(): AsyncIterable<GenerationEvent>;
  /** Takes it out of the queue, or asks its process to stop. */
  cancel(): void;
}

/** Starts runs and remembers them. */
export interface Generator {
  /** What can be started. */
  readonly abilities: GeneratorAbilities;
  /**
   * Starts a run over stored images, or puts it into the queue.
   *
   * @throws {TypeError} When the engine cannot be started, or an image has
   * no entry in the job file.
   * @throws {TooManyRunsError} When the queue is full.
   */
  start(images: readonly string[], engine: Engine): Promise<Generation>;
  /** A run by its number. */
  find(id: number): Generation | undefined;
  /** Cancels all runs and waits until their processes have ended. */
  close(): Promise<void>;
}

/** What a generator works on. */
export interface GeneratorOptions {
  /** The project folder. */
  readonly folder: ProjectFolder;
  /** A checkpoint folder, for the model. */
  readonly checkpoint?: string;
  /** Whether anything may be started. */
  readonly enabled?: boolean;
  /** Starts a process; other than `tools/generate.ts` in tests. */
  readonly start?: (
    options: RunOptions,
    onEvent: (event: ProcessEvent) => void,
  ) => RunProcess;
}

/** The folder in the project folder that takes the videos. */
const OUTPUT = "output";

/** Runs that may wait for the one that is running. */
export const MAX_WAITING = 10;

/** Runs that are remembered; older ones are forgotten when they are over. */
const KEPT = 20;

/** A process that was asked to stop has this long, in ms. */
const STOP_TIME = 15_000;

/**
 * Finds out what may be started, without starting anything.
 *
 * @throws {Error} When it is enabled, and the permission to run is missing.
 */
export async function createGenerator(
  options: GeneratorOptions,
): Promise<Generator> {
  const { folder, checkpoint, enabled = false, start = startProcess } = options;
  const { dir } = folder;
  if (enabled) {
    permissionFlags(checkpoint);
    const command = "deno";
    const { state } = await Deno.permissions.query({ name: "run", command });
    if (state !== "granted") {
      throw new Error(
        withHint(
          "Cannot enable Generate: no permission to run deno",
          "deno task editor:generate, or add --allow-run=deno",
        ),
      );
    }
  }
  const engines: Engine[] = !enabled
    ? []
    : checkpoint === undefined
    ? ["preview"]
    : ["preview", "model"];
  const runs = new Map<number, Run>();
  const waiting: Run[] = [];
  let current: Run | undefined;
  let last = 0;
  let closed = false;

  const next = () => {
    if (current || closed) return;
    current = waiting.shift();
    void current?.work().finally(() => {
      current = undefined;
      next();
    });
  };
  return {
    abilities: {
      engines,
      command: [
        "deno task generate",
        `-p ${quoteArgument(join(dir, "test.yaml"))}`,
        ...(checkpoint === undefined
          ? []
          : [`-c ${quoteArgument(checkpoint)}`]),
        `-o ${quoteArgument(join(dir, OUTPUT))}`,
      ].join(" "),
    },
    async start(images, engine) {
      if (!engines.includes(engine)) {
        throw new TypeError(
          `Cannot start ${JSON.stringify(engine)}: this editor may start ${
            engines.join(", ") || "nothing"
          }`,
        );
      }
      const text = await selectJobs(folder, images, engine);
      if (closed || waiting.length >= MAX_WAITING) {
        throw new TooManyRunsError(
          `Cannot start another run: ${waiting.length} are waiting, expected at most ${MAX_WAITING}`,
        );
      }
      const run = new Run(++last, images, async (onEvent) => {
        await folder.checkInside(join(OUTPUT, "outputs"));
        // Its own name: another editor may work on the same folder.
        const jobs = `generation-${crypto.randomUUID().slice(0, 8)}.yaml`;
        await folder.write("editor", jobs, text);
        const child = start({
          dir,
          jobs: join("editor", jobs),
          output: OUTPUT,
          engine,
          ...(checkpoint === undefined ? {} : { checkpoint }),
        }, onEvent);
        const done = child.done.finally(() =>
          folder.remove("editor", jobs).catch(() => {})
        );
        return { ...child, done };
      });
      runs.set(run.id, run);
      for (const [id, old] of runs) {
        if (runs.size <= KEPT) break;
        if (old.isOver) runs.delete(id);
      }
      const ahead = waiting.push(run) - (current ? 0 : 1);
      if (ahead > 0) run.tell({ type: "queued", ahead });
      next();
      return run;
    },
    find: (id) => runs.get(id),
    async close() {
      closed = true;
      for (const run of runs.values()) run.cancel();
      await current?.ended();
    },
  };
}

/** One run and all that has happened to it. */
class Run implements Generation {
  readonly id: number;
  readonly images: readonly string[];
  readonly #start: (
    onEvent: (event: ProcessEvent) => void,
  ) => Promise<RunProcess>;
  readonly #events: GenerationEvent[] = [];
  #wake = Promise.withResolvers<void>();
  #process: RunProcess | undefined;
  #working: Promise<void> | undefined;
  #cancelled = false;

  constructor(
    id: number,
    images: readonly string[],
    start: (onEvent: (event: ProcessEvent) => void) => Promise<RunProcess>,
  ) {
    this.id = id;
    this.images = images;
    this.#start = start;
  }

  get isOver(): boolean {
    return this.#events.at(-1)?.type === "end";
  }

  /** Runs the process to its end; nothing after it was cancelled. */
  work(): Promise<void> {
    return this.#working ??= this.#work();
  }

  async #work(): Promise<void> {
    if (this.isOver) return;
    this.tell({ type: "started" });
    let isDone = false;
    try {
      this.#process = await this.#start((event) => this.tell(event));
      if (this.#cancelled) this.#process.stop();
      isDone = await this.#process.done;
    } catch (error) {
      const text = error instanceof Error ? error.message : String(error);
      this.tell({ type: "message", text });
    }
    this.tell({
      type: "end",
      state: this.#cancelled ? "cancelled" : isDone ? "done" : "failed",
    });
  }

  /** Resolves when the process has ended; it is killed if that takes long. */
  async ended(): Promise<void> {
    const timer = setTimeout(() => this.#process?.kill(), STOP_TIME);
    await this.#working;
    clearTimeout(timer);
  }

  tell(event: GenerationEvent): void {
    this.#events.push(event);
    this.#wake.resolve();
    this.#wake = Promise.withResolvers();
  }

  async *events(): AsyncGenerator<GenerationEvent, void, void> {
    for (let i = 0;; i++) {
      while (i >= this.#events.length) await this.#wake.promise;
      const event = this.#events[i]!;
      yield event;
      if (event.type === "end") return;
    }
  }

  cancel(): void {
    if (this.#cancelled || this.isOver) return;
    this.#cancelled = true;
    if (this.#working) this.#process?.stop();
    else this.tell({ type: "end", state: "cancelled" });
  }
}

/** The entries of the job file for some images, outputs named by image. */
async function selectJobs(
  folder: ProjectFolder,
  images: readonly string[],
  engine: Engine,
): Promise<string> {
  const { printJobs } = await import("../../core/jobs/edit_jobs.ts");
  const { parseJobs } = await import("../../core/jobs/parse_jobs.ts");
  const { jobs } = parseJobs(await folder.readJobs(), {
    text: engine === "preview" ? "optional" : "required",
  });
  const byTrack = new Map(jobs.map((job) => [job.track, job]));
  const entries = images.map((id) => {
    const job = byTrack.get(`tracks/${id}.pth`);
    if (!job) {
      throw new TypeError(
        `Cannot generate image ${id}: its tracks are not stored yet`,
      );
    }
    const { lines: _, index: __, ...entry } = job;
    return {
      ...entry,
      // From the folder of this job file, one deeper than test.yaml.
      image: `../${entry.image}`,
      track: `../${entry.track}`,
      name: id,
    };
  });
  return printJobs(entries);
}

/** An argument as it is typed in a shell. */
function quoteArgument(text: string): string {
  return /^[\w./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}
