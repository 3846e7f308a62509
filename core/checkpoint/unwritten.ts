/**
 * Weights that were never written: a program that reserves the space of a file
 * first and then loads it leaves zeros where it was interrupted. The header is
 * complete then, and the size is right.
 *
 * @module
 */

import { quote, withHint } from "../base/errors.ts";
import type { FileView } from "../base/file_view.ts";
import { CheckpointError } from "../formats/checkpoint_error.ts";
import type { TensorEntry } from "../formats/tensor_index.ts";
import type { Component, ComponentKind } from "../wan/networks.ts";

/** How many tensors of a file are looked at; each read may take 10 ms. */
const SAMPLES = 32;

/** How many bytes are looked at, in the middle and at both ends of a tensor. */
const BYTES = 64;

/** Smaller tensors say nothing. */
const LEAST_BYTES = 1024;

/**
 * What is wrong with a network of which whole matrices are zeros, as far as a
 * look at some tensors of each file shows; undefined where nothing is. No
 * trained matrix is zeros at both ends and in the middle.
 */
export function unwrittenError(
  files: FileView,
  { tensors }: Pick<Component<ComponentKind>, "tensors">,
): CheckpointError | undefined {
  const byFile = Map.groupBy(
    [...tensors.values()].filter(({ name, shape, length }) =>
      name.endsWith(".weight") && shape.length > 1 && length >= LEAST_BYTES
    ),
    ({ file }) => file,
  );
  for (const [file, matrices] of byFile) {
    matrices.sort((a, b) => a.offset - b.offset);
    const step = Math.max(1, matrices.length / SAMPLES);
    using source = files.open(file);
    const isZero = ({ offset, length }: TensorEntry) =>
      [0, Math.floor((length - BYTES) / 2), length - BYTES].every((at) =>
        source.read(offset + at, BYTES).every((byte) => byte === 0)
      );
    for (let i = matrices.length - 1; i >= 0; i -= step) {
      const matrix = matrices[Math.round(i)]!;
      if (!isZero(matrix)) continue;
      return new CheckpointError(
        "unwritten",
        withHint(
          `Cannot use ${quote(file)}: tensor ${
            quote(matrix.name)
          } is zeros at both ends and in the middle, expected weights`,
          "Its download may have been interrupted: load the file again, or compare its SHA-256 with the one on its page.",
        ),
        { offset: matrix.offset },
      );
    }
  }
  return undefined;
}
