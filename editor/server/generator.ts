/**
 * Previews and generations, each in a process of its own: decoding pictures,
 * encoding video and running a model need native code, and the editor's
 * server has no permission for that. Without `--allow-run=deno` nothing can
 * be started here, and the page shows the command line instead.
 *
 * @module
 */

import { join } from "node:path";
import { readFileText, writeFileAtomic } from "../../core/files/files.ts";

/** How a video is made. */
export type Engine = "preview" | "model";

/** What the page may offer. */
export interface GeneratorAbilities {
  /** The engines that can be started from the page. */
  readonly engines: readonly Engine[];
  /** The command that does the same on a terminal, for the whole job list. */
  readonly command: string;
}

/** What a run says, in the order in which it says it. */
export type GenerationEvent =
  | { readonly type: "item"; readonly item: unknown }
  | { readonly type: "message"; readonly text: string }
  | {
    readonly type: "end";
    readonly state: "done" | "failed" | "cancelled";
  };

/** A run under way or over. */
export interface Generation {
  /** Its number. */
  readonly id: number;
  /** The pictures it makes videos of. */
  readonly pictures: readonly string[];
  /** All events, those that are still to come included. */
  events(): AsyncIterable<GenerationEvent>;
  /** Asks the process to stop; it cleans up and leaves no half file. */
  cancel(): void;
}

/** Starts runs and remembers them. */
export interface Generator {
  /** What can be started. */
  readonly abilities: GeneratorAbilities;
  /**
   * Starts a run over stored pictures.
   *
   * @throws {TypeError} When the engine cannot be started, or a picture has
   * no entry in the job list.
   */
  start(pictures: readonly string[], engine: Engine): Promise<Generation>;
  /** A run by its number. */
  find(id: number): Generation | undefined;
  /** Where a finished video lies. */
  outputPath(file: string): string;
  /** Stops everything. */
  cancelAll(): void;
}

/** The folder in the project folder that takes the videos. */
const OUTPUT = "output";

/** Runs that are remembered; older ones are forgotten when they are over. */
const KEPT = 20;

/** Finds out what may be started, without starting anything. */
export async function createGenerator(
  options: { readonly dir: string; readonly checkpoint?: string },
): Promise<Generator> {
  const { dir, checkpoint } = options;
  const { state } = await Deno.permissions.query({
    name: "run",
    command: "deno",
  });
  const engines: Engine[] = state !== "granted"
    ? []
    : checkpoint === undefined
    ? ["preview"]
    : ["preview", "model"];
  const script = new URL("../../tools/generate.ts", import.meta.url).href;
  const runs = new Map<number, Generation>();
  let last = 0;
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
    async start(pictures, engine) {
      if (!engines.includes(engine)) {
        throw new TypeError(
          `Cannot start ${JSON.stringify(engine)}: this editor may start ${
            engines.join(", ") || "nothing"
          }`,
        );
      }
      const id = ++last;
      // Its own name: another editor may work on the same folder.
      const unique = crypto.randomUUID().slice(0, 8);
      const jobs = join(dir, "editor", `generation-${unique}.yaml`);
      await writeFileAtomic(jobs, await selectJobs(dir, pictures), {
        overwrite: true,
      });
      const places = [dir, ...(checkpoint === undefined ? [] : [checkpoint])];
      const child = new Deno.Command("deno", {
        args: [
          "run",
          "--no-prompt",
          "--quiet",
          "--allow-ffi",
          `--allow-read=${[...places, "/usr/bin/ldd"].join(",")}`,
          `--allow-write=${dir}`,
          "--allow-env=npm_package_config_libvips,MALLOC_ARENA_MAX,AV_FROM_SOURCE,npm_config_os",
          script,
          "-p",
          jobs,
          "-o",
          join(dir, OUTPUT),
          "--json-progress",
          "--overwrite",
          "--engine",
          engine,
          ...(engine === "model" ? ["-c", checkpoint!] : []),
        ],
        stdin: "null",
        stdout: "piped",
        stderr: "piped",
      }).spawn();
      void child.status.then(() => Deno.remove(jobs)).catch(() => {});
      const run = followRun(id, pictures, child);
      runs.set(id, run);
      for (const old of [...runs.keys()].slice(0, -KEPT)) runs.delete(old);
      return run;
    },
    find: (id) => runs.get(id),
    outputPath: (file) => join(dir, OUTPUT, "outputs", file),
    cancelAll() {
      for (const run of runs.values()) run.cancel();
    },
  };
}

/** The entries of the job list for some pictures, outputs named by picture. */
async function selectJobs(
  dir: string,
  pictures: readonly string[],
): Promise<string> {
  const { upsertJob } = await import("../../core/jobs/edit_jobs.ts");
  const { parseJobs } = await import("../../core/jobs/parse_jobs.ts");
  const { jobs } = parseJobs(await readFileText(join(dir, "test.yaml")));
  let text = "";
  for (const id of pictures) {
    const job = jobs.find((job) => job.track === `tracks/${id}.pth`);
    if (!job) {
      throw new TypeError(
        `Cannot generate picture ${id}: its tracks are not stored yet`,
      );
    }
    const { lines: _, index: __, ...entry } = job;
    text = upsertJob(text, {
      ...entry,
      // From the folder of this job file, one deeper than test.yaml.
      image: `../${entry.image}`,
      track: `../${entry.track}`,
      name: id,
    });
  }
  return text;
}

function followRun(
  id: number,
  pictures: readonly string[],
  child: Deno.ChildProcess,
): Generation {
  const events: GenerationEvent[] = [];
  let wake = Promise.withResolvers<void>();
  let cancelled = false;
  const tell = (event: GenerationEvent) => {
    events.push(event);
    wake.resolve();
    wake = Promise.withResolvers();
  };
  const read = async (
    stream: ReadableStream<Uint8Array<ArrayBuffer>>,
    take: (line: string) => void,
  ) => {
    let rest = "";
    for await (const text of stream.pipeThrough(new TextDecoderStream())) {
      const lines = (rest + text).split(/[\r\n]+/);
      rest = lines.pop() ?? "";
      for (const line of lines) if (line.trim()) take(line);
    }
    if (rest.trim()) take(rest);
  };
  const over = Promise.all([
    read(child.stdout, (line) => {
      try {
        tell({ type: "item", item: JSON.parse(line) });
      } catch {
        tell({ type: "message", text: line });
      }
    }),
    read(child.stderr, (text) => tell({ type: "message", text })),
    child.status,
  ]);
  over.then(([, , status]) =>
    tell({
      type: "end",
      state: cancelled ? "cancelled" : status.success ? "done" : "failed",
    })
  );
  return {
    id,
    pictures,
    async *events() {
      for (let i = 0;; i++) {
        while (i >= events.length) await wake.promise;
        const event = events[i]!;
        yield event;
        if (event.type === "end") return;
      }
    },
    cancel() {
      if (cancelled || events.at(-1)?.type === "end") return;
      cancelled = true;
      child.kill("SIGINT");
    },
  };
}

/** An argument as it is typed in a shell. */
function quoteArgument(text: string): string {
  return /^[\w./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}
