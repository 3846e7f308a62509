/**
 * Prints the doctor's report.
 *
 * @module
 */

import { basename } from "node:path";
import { styleText } from "node:util";
import type { ComponentReport } from "../../core/checkpoint/checkpoint_report.ts";
import type {
  Finding,
  FindingFacts,
  FindingState,
  Verdict,
} from "./finding.ts";
import { gigabytes } from "../../core/base/gigabytes.ts";

/** Prints the findings one by one, then the verdict. */
export interface DoctorReport {
  /** Prints one line, or more if there are details. */
  finding(finding: Finding): void;
  /** Prints "ready", or what to fix. */
  verdict(verdict: Verdict, findings: readonly Finding[]): void;
}

type CheckpointFacts = Extract<FindingFacts, { kind: "checkpoint" }>;

const SIGNS = {
  good: { sign: "✓", color: "green" },
  note: { sign: "!", color: "yellow" },
  bad: { sign: "✗", color: "red" },
} as const satisfies Record<FindingState, unknown>;

/** The columns of the memory table, the most bits first. */
const DTYPES = ["fp32", "bf16", "fp16", "fp8", "q8", "q4"] as const;

/** The rows for whole runs. */
const RUNS = [
  { title: "a run, CUDA", key: "cuda" },
  { title: "a run, WebGPU", key: "webgpu" },
  { title: "with --t5_cpu", key: "withoutText" },
  { title: "and --tile 256", key: "least" },
] as const;

/** The width of the column with the checks' names. */
const COLUMN = 18;

/** Creates a report that is printed line by line. */
export function createDoctorReport(options: {
  /** The checkpoint to check. */
  checkpoint: string | undefined;
  print: (line: string) => void;
  colors: boolean;
}): DoctorReport {
  const { checkpoint, print, colors } = options;
  const paint = (color: Parameters<typeof styleText>[0], text: string) =>
    colors ? styleText(color, text, { validateStream: false }) : text;
  return {
    finding({ check, state, message, facts }) {
      const { sign, color } = SIGNS[state];
      const [first = "", ...more] = message.split("\n");
      print(`${paint(color, sign)} ${check.padEnd(COLUMN)} ${first}`);
      for (const line of more) print(`${" ".repeat(COLUMN + 3)}${line.trim()}`);
      if (facts?.kind === "checkpoint") {
        for (const line of describeNetworks(facts)) {
          print(line && `    ${line}`);
        }
      }
    },
    verdict({ ready, todo, advice }, findings) {
      print("");
      if (ready) {
        print(
          paint(["green", "bold"], `ready: ${readyFor(checkpoint, findings)}`),
        );
      } else {
        print(paint(["red", "bold"], "not ready"));
        print("");
        print("To fix, in order:");
        todo.forEach((text, i) => printItem(`${i + 1}.`, text));
        printItem(`${todo.length + 1}.`, "Run the doctor again.");
      }
      if (advice.length === 0) return;
      print("");
      print(ready ? "Recommended:" : "Optional:");
      for (const text of advice) printItem("-", text);
    },
  };

  function printItem(mark: string, text: string): void {
    const [first, ...more] = text.split("\n");
    print(`  ${mark} ${first}`);
    for (const line of more) print(`  ${" ".repeat(mark.length)} ${line}`);
  }
}

/** What is possible now. */
function readyFor(
  checkpoint: string | undefined,
  findings: readonly Finding[],
): string {
  if (checkpoint === undefined) {
    return "motion previews (deno task demo), drawing tracks (deno task editor)";
  }
  const devices = findings.flatMap(({ facts }) =>
    facts?.kind === "smoke" ? [facts.placement] : []
  );
  return `videos with the model: deno task generate -c ${checkpoint} ...${
    devices.length > 0 ? ` on ${devices.toReversed().join(" or ")}` : ""
  }`;
}

/** The networks and their memory as two tables. */
function* describeNetworks(facts: CheckpointFacts): Generator<string> {
  const { networks, runs, video } = facts;
  if (networks.length === 0) return;
  yield "";
  yield* table([
    ["network", "parameters", "dtype", "size", "files"],
    ...networks.map((network) => [
      network.kind,
      countOf(network.parameters),
      network.dtypes,
      gigabytes(network.bytes),
      filesOf(network),
    ]),
  ]);
  for (const { kind, notes } of networks) {
    for (const note of notes) yield `  ${kind}: ${note}`;
  }
  const dtypes = DTYPES.filter((dtype) =>
    networks.some(({ memory }) =>
      memory.some((estimate) => estimate.dtype === dtype)
    )
  );
  yield "";
  yield `estimated memory for ${video.width}x${video.height}, ${video.frames} frames: weights and activations`;
  yield* table([
    ["on a GPU", "as stored", ...dtypes],
    ...networks.map(({ kind, memory }) => [
      kind,
      "",
      ...dtypes.map((dtype) => {
        const found = memory.find((one) => one.dtype === dtype);
        return found ? gigabytes(found.weights + found.activations) : "-";
      }),
    ]),
    ...(runs.length === 0 ? [] : RUNS).map(({ title, key }) => [
      title,
      ...(["stored", ...dtypes] as const).map((dtype) => {
        const run = runs.find((one) => one.precision === dtype);
        return run ? gigabytes(run[key]) : "-";
      }),
    ]),
  ]);
  const host = Math.max(...networks.map(({ hostMemory }) => hostMemory));
  yield `on the CPU: ${
    gigabytes(host)
  } plus memory-mapped weights (reclaimable)`;
  yield "";
}

/** `14.5 billion`, `632 million`. */
function countOf(parameters: number): string {
  if (parameters >= 1e9) return `${(parameters / 1e9).toFixed(1)} billion`;
  if (parameters >= 1e6) return `${Math.round(parameters / 1e6)} million`;
  return `${Math.round(parameters / 1e3)} thousand`;
}

/** The first file's name, and the number of the others. */
function filesOf({ files }: ComponentReport): string {
  const [first = "", ...others] = files.map((file) => basename(file));
  return others.length === 0 ? first : `${first} and ${others.length} more`;
}

/** Aligns rows in columns; the first column and a last one of text to the left. */
function* table(rows: readonly (readonly string[])[]): Generator<string> {
  const columns = rows[0]!.length;
  const widths = Array.from(
    { length: columns },
    (_, i) => Math.max(...rows.map((row) => row[i]!.length)),
  );
  const isText = (i: number) =>
    i === 0 || i === columns - 1 && /[a-z]{3}/.test(rows[0]![i]!);
  for (const row of rows) {
    yield row.map((cell, i) =>
      isText(i) ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!)
    ).join("  ").trimEnd();
  }
}
