#!/usr/bin/env -S deno run --allow-read --allow-write --allow-sys=statfs --allow-net=huggingface.co,*.huggingface.co,*.hf.co --allow-env=HF_ENDPOINT,HF_TOKEN,HUGGING_FACE_HUB_TOKEN,HF_TOKEN_PATH,HF_HOME,HF_HUB_CACHE,XDG_CACHE_HOME,HOME
/**
 * Fetches a checkpoint into a folder that the other tools can use at once:
 * only the files that ATI needs, checked, and resumed where it stopped.
 *
 * @module
 */

import { reportCheckpoint } from "../core/checkpoint/checkpoint_report.ts";
import { openAtiCheckpoint } from "../core/checkpoint/open_checkpoint.ts";
import {
  type DownloadEvent,
  type DownloadPlan,
  planDownload,
  type PlannedFile,
  runDownload,
} from "../core/hub/download_checkpoint.ts";
import {
  findToken,
  hubCacheFolder,
  type HubEnvironment,
} from "../core/hub/hub_cache.ts";
import { DEFAULT_ENDPOINT, HubClient } from "../core/hub/hub_client.ts";
import { type VariantName, VARIANTS } from "../core/hub/variants.ts";
import { withHint } from "../core/base/errors.ts";
import { gigabytes } from "../core/base/gigabytes.ts";
import { OVERWRITE, VERBOSE } from "./shared/common_flags.ts";
import { createProgress, type Progress } from "./shared/progress.ts";
import {
  createCommand,
  numberBetween,
  Option,
  printLine,
  runTool,
  type ToolContext,
  type ToolOptions,
} from "./shared/tool.ts";

/** This tool. */
export const TOOL: ToolOptions = {
  script: "tools/download.ts",
  permissions:
    "--allow-read --allow-write --allow-sys=statfs --allow-net=huggingface.co,*.huggingface.co,*.hf.co --allow-env=HF_ENDPOINT,HF_TOKEN,HUGGING_FACE_HUB_TOKEN,HF_TOKEN_PATH,HF_HOME,HF_HUB_CACHE,XDG_CACHE_HOME,HOME",
};

const NAMES = Object.keys(VARIANTS) as VariantName[];

function createProgram() {
  return createCommand("download.ts")
    .description(
      "Fetches a checkpoint of ATI or Wan-Move: the transformer, the text and image\n" +
        "encoders, the VAE and the tokenizer, and nothing that is not used.\n" +
        "Run it again to resume it.\n\n" +
        NAMES.map((name) => `  ${name.padEnd(17)}${VARIANTS[name].description}`)
          .join("\n") +
        "\n\nHF_TOKEN (or the token of a login) gives access to repositories that ask for\n" +
        "it, HF_ENDPOINT names a mirror (which needs its own --allow-net=HOST). Files\n" +
        "that the Hub's own client has cached (HF_HOME) are not fetched again.",
    )
    .requiredOption("-c, --ckpt_dir <folder>", "the checkpoint folder")
    .addOption(
      new Option("--variant <name>", "which checkpoint")
        .choices(NAMES).default("official" as VariantName),
    )
    .option("--dry-run", "list the files and their sizes, fetch nothing")
    .option("--verify", "check files again that an earlier run has checked")
    .option(...OVERWRITE)
    .option(
      "--connections <number>",
      "parallel connections",
      numberBetween(1, 16, "integer"),
      4,
    )
    .option(...VERBOSE)
    .addHelpText(
      "after",
      `
Exit codes: 0 complete, 2 something is wrong or could not be fetched, 130
interrupted. What was fetched stays; run it again to continue.

Example:
  deno run ${TOOL.permissions} \\
    ${TOOL.script} -c Wan2.1-ATI-14B-480P --variant fp8`,
    );
}

/** What it does; returns its exit code. */
export async function main({ args, signal }: ToolContext): Promise<number> {
  const program = createProgram().parse([...args], { from: "user" });
  const { ckpt_dir: folder, variant, connections, ...flags } = program.opts();
  const endpoint = Deno.env.get("HF_ENDPOINT") || DEFAULT_ENDPOINT;
  await requireAccess(endpoint);
  const token = await findToken(environment);
  const cache = hubCacheFolder(environment);
  const client = new HubClient({ endpoint, ...(token ? { token } : {}) });
  const plan = await planDownload(client, {
    folder,
    wanted: VARIANTS[variant].wanted,
    ...(cache !== undefined && { cache }),
    verify: flags.verify ?? false,
    signal,
  });
  if (flags.dryRun) {
    for (const line of describePlan(plan)) printLine(line);
    return 0;
  }
  printLine(
    plan.missing === 0
      ? `${plan.files.length} files, ${gigabytes(plan.size)}: up to date`
      : `${plan.files.length} files, ${gigabytes(plan.size)}, of which ${
        gigabytes(plan.missing)
      } are missing`,
  );
  const progress = createProgress({
    terminal: Deno.stderr.isTerminal(),
    print: printLine,
  });
  try {
    await runDownload(client, plan, {
      connections,
      overwrite: flags.overwrite ?? false,
      signal,
      onEvent: (event) => show(event, progress),
    });
  } finally {
    progress.stop();
  }
  if (VARIANTS[variant].isAddition) printLine(`added to ${folder}`);
  else await check(folder);
  return 0;
}

/** A variable; one that may not be read counts as not set. */
const environment: HubEnvironment = (variable) => {
  const { state } = Deno.permissions.querySync({ name: "env", variable });
  return state === "granted" ? Deno.env.get(variable) : undefined;
};

/** A mirror needs a permission of its own; ask for it by name. */
async function requireAccess(endpoint: string): Promise<void> {
  const host = URL.parse(endpoint)?.host;
  if (host === undefined) return; // the client says what is wrong with it
  const { state } = await Deno.permissions.query({ name: "net", host });
  if (state === "granted") return;
  throw new Error(
    withHint(
      `Cannot reach ${host}: there is no permission for it`,
      `deno run --allow-read --allow-write --allow-sys=statfs --allow-net=${host} --allow-env=HF_ENDPOINT,HF_TOKEN,HUGGING_FACE_HUB_TOKEN,HF_TOKEN_PATH,HF_HOME,HF_HUB_CACHE,XDG_CACHE_HOME,HOME tools/download.ts. If it redirects to other hosts, name these too.`,
    ),
  );
}

const STATES: Readonly<Record<PlannedFile["state"], string>> = {
  cached: "in the Hub's cache",
  verified: "up to date",
  unverified: "present, to be checked",
  different: "a different file exists",
  partial: "incomplete",
  missing: "to be fetched",
};

function* describePlan(plan: DownloadPlan): Generator<string> {
  for (const { file, state, missing } of plan.files) {
    const rest = state === "partial" ? `, ${gigabytes(missing)} missing` : "";
    yield `${
      gigabytes(file.size).padStart(9)
    }  ${file.path}  (${file.repository}; ${STATES[state]}${rest})`;
  }
  yield `${gigabytes(plan.size).padStart(9)}  in all, ${
    gigabytes(plan.missing)
  } to fetch into ${plan.folder}`;
}

function show(event: DownloadEvent, progress: Progress): void {
  const { file } = event.planned;
  switch (event.type) {
    case "file":
      return;
    case "progress":
      return progress.step(file.path, {
        stage: event.stage === "verify" ? "MB checked" : "MB",
        done: Math.floor(event.bytes / 1e6),
        total: Math.ceil(file.size / 1e6),
      });
    case "retry":
      return progress.line(`${file.path}: ${event.reason}; trying again`);
    case "done":
      progress.end(file.path);
      return progress.line(
        `${file.path}: ${gigabytes(file.size)} ${
          event.fetched
            ? "fetched and checked"
            : event.planned.state === "cached"
            ? "taken from the Hub's cache and checked"
            : "already there"
        }`,
      );
  }
}

/** Opens what was fetched, so that "done" means usable. */
async function check(folder: string): Promise<void> {
  const checkpoint = await openAtiCheckpoint(folder);
  for (const { kind, dtypes, parameters } of reportCheckpoint(checkpoint)) {
    printLine(
      `${kind.padEnd(13)}${countOf(parameters)} parameters, ${dtypes}`,
    );
  }
  printLine(`ready: -c ${folder}`);
}

function countOf(parameters: number): string {
  if (parameters >= 1e9) return `${(parameters / 1e9).toFixed(1)} billion`;
  if (parameters >= 1e6) return `${Math.round(parameters / 1e6)} million`;
  return `${Math.round(parameters / 1e3)} thousand`;
}

if (import.meta.main) await runTool(TOOL, main);
