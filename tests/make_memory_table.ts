/**
 * Writes the table of `core/pipeline/README.md`: what each budget of device
 * memory gives at full size.
 *
 *     deno run -A tests/make_memory_table.ts
 *
 * @module
 */

import { BudgetError, planMemory } from "../core/pipeline/memory_plan.ts";
import type { NetworkSizes } from "../core/pipeline/memory_plan.ts";
import { fullSizes, STORED } from "./fixtures/full_size_networks.ts";
import { repositoryPath } from "./fixtures/tool_process.ts";

const FILE = repositoryPath("core/pipeline/README.md");
const BUDGETS = [6, 8, 10, 12, 16, 24, 48];
const SIZES = [
  { width: 832, height: 480, frames: 81 },
  { width: 1280, height: 720, frames: 81 },
];
const NAMES: Readonly<Record<typeof STORED[number], string>> = {
  BF16: "bf16, fp16",
  F8_E4M3: "fp8",
  q8: "8 bit",
  q4: "4 bit",
};
const MARK = ["<!-- table -->", "<!-- end of the table -->"] as const;

/** The tables, one for each size. */
export function memoryTables(
  sizes: Readonly<Record<typeof STORED[number], NetworkSizes>>,
): string {
  const lines: string[] = [];
  for (const video of SIZES) {
    const { width, height, frames } = video;
    lines.push("", `### ${width}x${height}, ${frames} frames`, "");
    lines.push(row(["", ...BUDGETS.map((gb) => `${gb} GB`)]));
    lines.push(row(["---", ...BUDGETS.map(() => "---")]));
    const cells = (stored: typeof STORED[number], gb: number) => {
      try {
        return planMemory(sizes[stored], {
          budget: gb * 1e9,
          video,
          passes: 2,
        }).networks;
      } catch (error) {
        if (error instanceof BudgetError) return error;
        throw error;
      }
    };
    for (const stored of STORED) {
      lines.push(row([
        NAMES[stored],
        ...BUDGETS.map((gb) => {
          const plan = cells(stored, gb);
          if (plan instanceof BudgetError) {
            return `needs ${(plan.smallest / 1e9).toFixed(1)}`;
          }
          const { peak, moved, execution } = plan.transformer;
          const how = typeof execution === "string"
            ? "whole"
            : moved < 1e9
            ? "all blocks"
            : `${execution.resident}/40, ${execution.passes}x`;
          return `${(peak / 1e9).toFixed(1)}; ${
            (moved / 1e9).toFixed(1)
          }; ${how}`;
        }),
      ]));
    }
    for (const kind of ["t5", "clip", "vae"] as const) {
      lines.push(row([
        { t5: "text encoder", clip: "image encoder", vae: "VAE" }[kind],
        ...BUDGETS.map((gb) => {
          const plan = cells("q4", gb);
          if (plan instanceof BudgetError) return "-";
          const { peak, execution, text } = plan[kind];
          const how = kind === "vae"
            ? text.replace("whole frames", "whole")
            : typeof execution === "string"
            ? "whole"
            : "streamed";
          return `${(peak / 1e9).toFixed(1)}; ${how}`;
        }),
      ]));
    }
  }
  return lines.join("\n").trim();
}

function row(cells: readonly string[]): string {
  return `| ${cells.join(" | ")} |`;
}

if (import.meta.main) {
  const sizes = Object.fromEntries(
    STORED.map((stored) => [stored, fullSizes(stored)]),
  ) as Record<typeof STORED[number], NetworkSizes>;
  const text = Deno.readTextFileSync(FILE);
  const [before, rest = ""] = text.split(MARK[0]);
  const after = rest.split(MARK[1])[1] ?? "";
  Deno.writeTextFileSync(
    FILE,
    `${before}${MARK[0]}\n\n${memoryTables(sizes)}\n\n${MARK[1]}${after}`,
  );
}
