/**
 * Whether the library computes and reports errors as the table of its
 * functions says.
 *
 * @module
 */

import { GraphBuilder } from "../../graph/graph_builder.ts";
import { CPU } from "../device.ts";
import type { OrtEnvironment } from "./ort_library.ts";
import { OrtValue } from "./ort_value.ts";
import { OrtSessionOptions } from "./session_options.ts";
import { OrtError } from "./status.ts";

/** y = x x + 1 of [[1, 2], [3, 4]]. */
const X = [1, 2, 3, 4], Y = [8, 11, 16, 23];

/**
 * Runs a graph of 2 x 2 numbers on this thread and opens a model that is none.
 *
 * @throws {Error} When a number is wrong or the error is missing.
 */
export function checkLibrary(environment: OrtEnvironment): void {
  const g = new GraphBuilder("library self test");
  const x = g.input("x", "float32", [2, 2]);
  g.output("y", x.matmul(x).add(1));
  const y = runOnce(environment, g.build().model);
  if (y.join() !== Y.join()) {
    throw new Error(
      `Cannot use ONNX Runtime: its self test gives ${y.join(", ")}, expected ${
        Y.join(", ")
      }`,
    );
  }
  let caught: unknown;
  try {
    runOnce(environment, new Uint8Array([8, 10, 1, 2, 3]));
  } catch (error) {
    caught = error;
  }
  if (!(caught instanceof OrtError && /protobuf/i.test(caught.message))) {
    throw new Error(
      "Cannot use ONNX Runtime: it opens a model that is none without an error",
      { cause: caught },
    );
  }
}

function runOnce(
  { library, pointer: environment }: OrtEnvironment,
  model: Uint8Array,
): Float32Array {
  const { api, check, make } = library;
  using options = new OrtSessionOptions(library, {
    device: CPU,
    weightsFolder: "",
    threads: 1,
  });
  using scope = library.scope();
  const bytes = scope.bytes(model);
  const session = make((out) =>
    api.CreateSessionFromArray(
      environment,
      bytes.pointer,
      BigInt(bytes.byteLength),
      options.pointer,
      out,
    )
  );
  try {
    using x = OrtValue.copyOf(library, {
      type: "float32",
      dims: [2, 2],
      data: new Float32Array(X),
    });
    const outputs = scope.integers([0]);
    check(
      api.Run(
        session,
        null,
        scope.texts(["x"]).pointer,
        scope.pointers([x.pointer]).pointer,
        1n,
        scope.texts(["y"]).pointer,
        1n,
        outputs.pointer,
      ),
    );
    using y = OrtValue.adopt(library, outputs.readPointer()!);
    if (y.type !== "float32" || y.dims.join() !== "2,2") {
      throw new Error(
        `Cannot use ONNX Runtime: its self test makes ${y.type} [${y.dims}], expected float32 [2,2]`,
      );
    }
    return y.read(new Float32Array(4));
  } finally {
    api.ReleaseSession(session);
  }
}
