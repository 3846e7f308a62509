#!/usr/bin/env -S deno run --allow-read --allow-write --allow-sys=loadavg
/**
 * Writes `tests/BENCHMARKS.md` from the JSON of the benches, of one run or of
 * several on one machine:
 *
 *     deno task bench --json FILES... > bench.json
 *     deno run --allow-read --allow-write --allow-sys=loadavg tests/make_benchmarks.ts bench.json...
 *     deno fmt tests/BENCHMARKS.md
 *
 * Only what was measured next to a peer, a plain variant or the least
 * that there is to do in the same run is listed: a group of benches with a baseline.
 *
 * @module
 */

import { relative } from "node:path";
import { fileURLToPath } from "node:url";

/** A part of `deno bench --json`; times are in ns. */
export interface BenchReport {
  readonly runtime: string;
  readonly cpu: string;
  readonly benches: readonly {
    readonly origin: string;
    readonly group: string | null;
    readonly name: string;
    readonly baseline: boolean;
    readonly results: readonly {
      readonly ok?: {
        readonly n: number;
        readonly min: number;
        readonly avg: number;
      };
    }[];
  }[];
}

/** The machine, as far as the report does not name it. */
export interface BenchMachine {
  readonly cores: number;
  /** The load of the last minute: other programs run as well. */
  readonly load: number;
  /** The repository's root, which paths are relative to. */
  readonly root: string;
}

/**
 * The benches of several runs as one report.
 *
 * @throws {TypeError} When they are of different machines.
 */
export function joinReports(reports: readonly BenchReport[]): BenchReport {
  const [first] = reports;
  if (!first) throw new TypeError("Cannot join no reports");
  const { cpu, runtime } = first;
  for (const other of reports) {
    if (other.cpu === cpu && other.runtime === runtime) continue;
    throw new TypeError(
      `Cannot join the benches of ${other.cpu}, ${other.runtime} and those of ${cpu}, ${runtime}`,
    );
  }
  return { cpu, runtime, benches: reports.flatMap(({ benches }) => benches) };
}

/** The page. */
export function renderBenchmarks(
  { runtime, cpu, benches }: BenchReport,
  { cores, load, root }: BenchMachine,
): string {
  const files = Map.groupBy(benches, ({ origin }) => origin);
  const sections = [...files].flatMap(([origin, all]) => {
    const groups = Map.groupBy(all, ({ group }) => group ?? "");
    const rows = [...groups].flatMap(([, members]) => {
      const base = members.find(({ baseline }) => baseline);
      const baseTimes = base && timesOf(base);
      if (!base || !baseTimes) return [];
      return members.flatMap((bench) => {
        const times = timesOf(bench);
        if (!times) return [];
        const [time, least] = [times.avg, times.min];
        return [[
          bench.name,
          duration(time),
          duration(least),
          bench === base ? "baseline" : (time / baseTimes.avg).toFixed(2),
          bench === base ? "" : (least / baseTimes.min).toFixed(2),
        ]];
      });
    });
    if (rows.length === 0) return [];
    const path = origin.startsWith("file:")
      ? relative(root, fileURLToPath(origin))
      : origin;
    return [
      "",
      `## ${path}`,
      "",
      line(["bench", "mean", "least", "mean / baseline", "least / baseline"]),
      line(["---", "--:", "--:", "--:", "--:"]),
      ...rows.map(line),
    ];
  });
  return [
    "# Benchmarks",
    "",
    "Written by `tests/make_benchmarks.ts`; do not edit. A ratio below 1 is faster",
    "than the baseline of its group, which was measured in the same run: a peer, a",
    "plain variant, or the least that there is to do.",
    "",
    `${cpu}, ${cores} cores, ${runtime}. Load of the machine: ${
      load.toFixed(1)
    }${
      load > cores ? ", so that times are long and ratios are what counts" : ""
    }.`,
    ...sections,
    "",
  ].join("\n");
}

function timesOf({ results }: BenchReport["benches"][number]) {
  return results.find(({ ok }) => ok)?.ok;
}

function line(cells: readonly string[]): string {
  return `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
}

/** Nanoseconds for people. */
function duration(nanoseconds: number): string {
  const units = [[1e9, "s"], [1e6, "ms"], [1e3, "µs"]] as const;
  const [size, unit] = units.find(([size]) => nanoseconds >= size) ?? [1, "ns"];
  return `${(nanoseconds / size).toPrecision(3)} ${unit}`;
}

if (import.meta.main) {
  if (Deno.args.length === 0) {
    console.error("expected the JSON files of `deno task bench --json`");
    Deno.exit(2);
  }
  const reports: BenchReport[] = [];
  for (const path of Deno.args) {
    const text = await Deno.readTextFile(path);
    reports.push(JSON.parse(text.slice(text.indexOf("{"))));
  }
  await Deno.writeTextFile(
    new URL("./BENCHMARKS.md", import.meta.url),
    renderBenchmarks(joinReports(reports), {
      cores: navigator.hardwareConcurrency,
      load: Deno.loadavg()[0]!,
      root: fileURLToPath(new URL("../", import.meta.url)),
    }),
  );
}
