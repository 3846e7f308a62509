/**
 * The results as a page in Markdown.
 *
 * @module
 */

import type { SectionResult } from "./check.ts";

/** The whole result. */
export interface Report {
  /** ISO 8601. */
  readonly date: string;
  /** Versions of this program, Deno and ONNX Runtime. */
  readonly versions: Readonly<Record<string, string>>;
  /** The machine. */
  readonly machine: Readonly<Record<string, string | number>>;
  /** How long it took. */
  readonly seconds: number;
  /** The sections in the order in which they ran. */
  readonly sections: readonly SectionResult[];
}

const SIGNS = { good: "ok", bad: "**WRONG**", note: "" } as const;
const STATES = { ok: "ok", failed: "**FAILED**", skipped: "skipped" } as const;

/** The page. */
export function renderPage(report: Report): string {
  const { sections, machine, versions } = report;
  const failed = sections.filter(({ state }) => state === "failed");
  const skipped = sections.filter(({ state }) => state === "skipped");
  const head = [
    "# GPU check",
    "",
    `${report.date}, ${report.seconds.toFixed()} s. ${
      failed.length === 0
        ? "No section failed."
        : `**${failed.length} of ${sections.length} sections failed.**`
    }${
      skipped.length > 0
        ? ` ${skipped.length} could not run here and say why.`
        : ""
    }`,
    "",
    ...table(
      ["", ""],
      [
        ...Object.entries(machine),
        ...Object.entries(versions),
      ].map(([name, value]) => [name, String(value)]),
    ),
    "",
    ...table(
      ["section", "device", "result", "s"],
      sections.map(({ title, device, state, seconds }) => [
        title,
        device,
        STATES[state],
        seconds.toFixed(1),
      ]),
    ),
  ];
  const body = sections.flatMap(({ title, device, reason, rows, state }) => [
    "",
    `## ${title}, ${device}`,
    ...(reason === undefined
      ? []
      : ["", `${STATES[state]}: ${escape(reason)}`]),
    ...(rows.length === 0 ? [] : [
      "",
      ...table(
        ["", "", ""],
        rows.map(({ name, text, state }) => [name, text, SIGNS[state]]),
      ),
    ]),
  ]);
  return [...head, ...body, ""].join("\n");
}

function table(
  head: readonly string[],
  rows: readonly (readonly string[])[],
): string[] {
  const line = (cells: readonly string[]) =>
    `| ${cells.map(escape).join(" | ")} |`;
  return [line(head), line(head.map(() => "---")), ...rows.map(line)];
}

function escape(text: string): string {
  return text.replaceAll("|", "\\|").replaceAll("\n", "<br>");
}
