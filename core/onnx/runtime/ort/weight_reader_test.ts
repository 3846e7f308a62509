import assert from "node:assert/strict";
import { temporaryFolder } from "../../../../tests/fixtures/temporary.ts";
import type { StreamedWeight } from "../../graph/graph_builder.ts";
import { runtimeBackend } from "../backend.ts";
import { onnxRuntimeLibrary } from "../onnx_runtime.ts";
import { ortEnvironment } from "./environment.ts";
import { NativeBlock, readBytes } from "./native_memory.ts";
import { createWeightReader } from "./weight_reader.ts";
import { slotLayout } from "./slot_layout.ts";

const ignore = runtimeBackend().kind !== "c-api";

for (const direct of [true, false]) {
  const how = direct ? "the C library" : "Deno";
  Deno.test({
    name: `weights are read by ${how} from where they are to where they go`,
    ignore,
    fn: async () => {
      await using folder = await temporaryFolder();
      const bytes = Uint8Array.from({ length: 5000 }, (_, i) => i * 7 % 251);
      const files = ["a", "ü b"].map((name) => `${folder.path}/${name}`);
      for (const file of files) await Deno.writeFile(file, bytes);
      const weight = (file: string, offset: number, length: number) => ({
        name: "w",
        type: "uint8",
        shape: [length],
        file,
        offset,
        length,
      } satisfies StreamedWeight);
      const weights = [
        weight(files[0]!, 17, 1000),
        weight(files[1]!, 0, 1),
        weight(files[0]!, 3999, 1001),
      ];
      const layout = slotLayout(weights);
      const { library } = ortEnvironment(onnxRuntimeLibrary()!);
      using block = new NativeBlock(library.memory, layout.byteLength);
      using reader = createWeightReader(library, { direct });
      // Two at a time, as slots are filled.
      const target = { into: block.pointer, layout };
      await Promise.all([
        reader.read(weights, target),
        reader.read(weights, target),
      ]);
      const slot = new Uint8Array(layout.byteLength);
      readBytes(block.pointer, slot);
      for (const [i, { offset, length }] of weights.entries()) {
        const at = layout.offsets[i]!;
        assert.deepEqual(
          slot.slice(at, at + length),
          bytes.slice(offset, offset + length),
        );
      }
      await assert.rejects(
        reader.read([weight(files[0]!, 4990, 11)], target),
        {
          name: "FormatError",
          message: `Cannot read "${
            files[0]
          }": it ends before byte 5001 of a weight that starts at 4990`,
        },
      );
      await assert.rejects(
        reader.read([weight(`${folder.path}/none`, 0, 1)], target),
        { name: "NotFound" },
      );
    },
  });
}
