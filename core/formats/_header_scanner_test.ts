import assert from "node:assert/strict";
import { scanHeader } from "./_header_scanner.ts";

/** Scans a header in which a number is nested in `levels` objects and lists. */
function scanNested(levels: number, inner: "list" | "object"): string[] {
  const [open, close] = inner === "list" ? ["[", "]"] : ['{"y":', "}"];
  const depth = levels - 2; // the header and the tensor are two of them
  const value = `${open.repeat(depth)}1${close.repeat(depth)}`;
  const names: string[] = [];
  scanHeader(
    `{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1],"x":${value}}}`,
    {
      file: "a.safetensors",
      visitor: {
        tensor: ({ name }) => void names.push(name),
        metadata: () => assert.fail("there is no metadata"),
      },
    },
  );
  return names;
}

Deno.test("scanHeader() reads 127 levels of nesting and refuses 128", () => {
  for (const inner of ["list", "object"] as const) {
    assert.deepEqual(scanNested(127, inner), ["a"]);
    assert.throws(() => scanNested(128, inner), {
      name: "CheckpointError",
      code: "header-json",
      message: /expected less nesting/,
    });
  }
});
