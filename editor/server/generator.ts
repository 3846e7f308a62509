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
import {
  type GenerateValues,
  settingFlags,
} from "../model/generate_settings.ts";
import {
  type Generation,
  type GenerationEvent,
  Run,
  type RunWork,
} from "./generation_run.ts";
import type { ProjectFolder } from "./project_folder.ts";
import { prepareRun, removeOldRuns, type RunFolder } from "./run_folder.ts";
import {
  type Engine,
  permissionFlags,
  type ProcessEvent,
  type RunOptions,
  type RunProcess,
  startProcess,
} from "./run_process.ts";
import { TooManyRunsError } from "./store_errors.ts";
import { OUTPUT, Takes } from "./takes.ts";
import {
  keepUnfinished,
  listUnfinished,
  takeUp,
  type UnfinishedRun,
} from "./unfinished_runs.ts";

export type { Engine, Generation, GenerationEvent, UnfinishedRun };

/** What the page may offer. */
export interface GeneratorAbilities {
  /** The engines that can be started from the page. */
  readonly engines: readonly Engine[];
  /** The command that does the same in a terminal, for the whole job file. */
  readonly command: string;
}

/** Starts runs and remembers them. */
export interface Generator {
  /** What can be started. */
  readonly abilities: GeneratorAbilities;
  /**
   * Starts a run over stored images, or puts it into the queue. What is stored
   * now is what it makes videos of, each of them a new take.
   *
   * @throws {TypeError} When the engine cannot be started, or an image has
   * no entry in the job file.
   * @throws {TooManyRunsError} When the queue is full.
   */
  start(
    images: readonly string[],
    engine: Engine,
    settings?: GenerateValues,
  ): Promise<Generation>;
  /** The runs of the model that ended before they were done, the latest first. */
  unfinished(): Promise<UnfinishedRun[]>;
  /**
   * Goes on with one of them, from the last state that it saved.
   *
   * @throws {TypeError} When there is none of this name, or its engine cannot
   * be started.
   * @throws {TooManyRunsError} When the queue is full.
   */
  resume(name: string): Promise<Generation>;
  /** Removes one of them. @throws {TypeError} When there is none. */
  discard(name: string): Promise<void>;
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

/** Runs that may wait for the one that is running. */
export const MAX_WAITING = 10;

/** Finished runs of which all is remembered; of older ones, what came of them. */
const KEPT = 20;
/** Finished runs that are known by their number. */
const KEPT_ENDS = 10_000;

/**
 * Finds out what may be started, without starting anything.
 *
 * @throws {Error} When it is enabled, and the permission to run is missing.
 */
export async function createGenerator(
  options: GeneratorOptions,
): Promise<Generator> {
  const { folder, checkpoint, enabled = false } = options;
  const { start: launch = startProcess } = options;
  const { dir } = folder;
  if (enabled) await requireRunning(checkpoint);
  const engines: Engine[] = !enabled
    ? []
    : checkpoint === undefined
    ? ["preview"]
    : ["preview", "model"];
  const takes = new Takes(folder);
  await removeOldRuns(folder).catch(() => {});
  const runs = new Map<number, Run>();
  const waiting: Run[] = [];
  let current: Run | undefined;
  let last = 0;
  let closed = false;
  let preparing = 0;

  const means = { folder, takes, start: launch, checkpoint };
  const check = (engine: Engine) => {
    if (!engines.includes(engine)) {
      throw new TypeError(
        `Cannot start ${JSON.stringify(engine)}: this editor may start ${
          engines.join(", ") || "nothing"
        }`,
      );
    }
    const ahead = waiting.length + preparing;
    if (closed || ahead >= MAX_WAITING) {
      throw new TooManyRunsError(
        `Cannot start another run: ${ahead} are waiting, expected at most ${MAX_WAITING}`,
      );
    }
  };
  const enqueue = (images: readonly string[], work: RunWork) => {
    const run = new Run(++last, images, work);
    runs.set(run.id, run);
    const over = [...runs.values()].filter((old) => old.isOver);
    for (const old of over.slice(0, -KEPT)) old.shorten();
    for (const old of over.slice(0, -KEPT_ENDS)) runs.delete(old.id);
    const before = waiting.push(run) - (current ? 0 : 1);
    if (before > 0) run.tell({ type: "queued", ahead: before });
    next();
    return run;
  };
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
    async start(images, engine, settings = {}) {
      check(engine);
      preparing++;
      const work = await prepareWork(images, { engine, settings, ...means })
        .finally(() => preparing--);
      return enqueue(images, work);
    },
    unfinished: () => listUnfinished(folder),
    async resume(name) {
      const known = (await listUnfinished(folder)).find((r) => r.name === name);
      check(known?.engine ?? engines.at(-1) ?? "model");
      const { run, prepared } = await takeUp(folder, name);
      return enqueue(run.images, workOf(run, { prepared, ...means }));
    },
    async discard(name) {
      await (await takeUp(folder, name)).prepared.remove();
    },
    find: (id) => runs.get(id),
    async close() {
      closed = true;
      for (const run of runs.values()) run.cancel();
      await current?.ended();
    },
  };
}

/** @throws {Error} When no process may be started. */
async function requireRunning(checkpoint: string | undefined): Promise<void> {
  permissionFlags(checkpoint);
  const command = "deno";
  const { state } = await Deno.permissions.query({ name: "run", command });
  if (state === "granted") return;
  throw new Error(
    withHint(
      "Cannot enable Generate: no permission to run deno",
      "deno task editor:generate, or add --allow-run=deno",
    ),
  );
}

/** What every run needs. */
interface Means {
  readonly folder: ProjectFolder;
  readonly takes: Takes;
  readonly start: NonNullable<GeneratorOptions["start"]>;
  readonly checkpoint: string | undefined;
}

/** Writes what a run reads, and says what it does. */
async function prepareWork(
  images: readonly string[],
  { engine, settings, ...means }: Means & {
    readonly engine: Engine;
    readonly settings: GenerateValues;
  },
): Promise<RunWork> {
  const { folder } = means;
  await folder.checkInside(join(OUTPUT, "outputs"));
  const prepared = await prepareRun(folder, images, { engine });
  // Drawn here, so that it is known of every take, and of what goes on.
  const seed = settings["base_seed"] ?? Math.floor(Math.random() * 2 ** 32);
  const all = { ...settings, base_seed: seed };
  return workOf({ images, engine, settings: all }, { prepared, ...means });
}

/** A process over a prepared folder; its videos become takes as they come. */
function workOf(
  run: Pick<UnfinishedRun, "images" | "engine" | "settings">,
  { prepared, folder, takes, start, checkpoint }: Means & {
    readonly prepared: RunFolder;
  },
): RunWork {
  const { images, engine, settings } = run;
  const flags = settingFlags(settings, engine);
  const { base_seed: seed, ...chosen } = settings;
  let filed: Promise<unknown> = Promise.resolve();
  return {
    start(onEvent) {
      const began = Date.now();
      const file = async (id: string) => {
        const take = await takes.add(id, prepared.path, {
          engine,
          settings: chosen,
          ...(engine === "model" && { seed: Number(seed) }),
          at: Date.now(),
          seconds: (Date.now() - began) / 1000,
          ...prepared.inputs.get(id)!,
        });
        onEvent({ type: "take", image: id, number: take.number });
      };
      const child = start({
        dir: folder.dir,
        jobs: join(prepared.path, "jobs.yaml"),
        output: join(prepared.path, "made"),
        engine,
        flags,
        ...(checkpoint === undefined ? {} : { checkpoint }),
      }, (event) => {
        const id = finished(event);
        if (id === undefined || !images.includes(id)) return onEvent(event);
        // The page is told when the video has its final place.
        filed = filed.then(() => file(id)).then(
          () => onEvent(event),
          (error) => onEvent({ type: "message", text: String(error) }),
        );
      });
      return { ...child, done: child.done.finally(() => filed) };
    },
    end: (isDone) =>
      isDone ? prepared.remove() : keepUnfinished(folder, prepared, run),
  };
}

/** The image whose video is finished with this event, if one is. */
function finished(event: ProcessEvent): string | undefined {
  if (event.type !== "item") return undefined;
  const item = event.item as Readonly<Record<string, unknown>> | null;
  const { status, name } = item ?? {};
  return status === "done" && typeof name === "string" ? name : undefined;
}

/** An argument as it is typed in a shell. */
function quoteArgument(text: string): string {
  return /^[\w./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}
