/**
 * The error of a checkpoint that cannot be used, with a code that names the
 * broken rule.
 *
 * @module
 */

import { FormatError } from "../base/errors.ts";

/**
 * Which rule a checkpoint breaks.
 *
 * Of a safetensors file, after the rules of the format's own reader:
 * - `header-too-small`: fewer than the 8 bytes of the header's length
 * - `header-too-large`: the header claims more than 100 MB
 * - `header-length`: the header reaches beyond the end of the file
 * - `header-utf8`: the header is not UTF-8
 * - `header-start`: the header does not begin with `{`
 * - `header-json`: the header is not the JSON that is expected
 * - `duplicate-key`: a name occurs twice
 * - `metadata`: `__metadata__` is not a map
 * - `dtype`: an element type that is not known
 * - `tensor-info`: shape, element type and number of bytes disagree
 * - `overflow`: a number or product beyond 2^53 - 1
 * - `offsets`: holes, overlaps, or an end before its beginning
 * - `incomplete-buffer`: the file is shorter or longer than its header says
 *
 * Of a sharded checkpoint:
 * - `shard-index`: the index file is not what it should be
 * - `tensor-not-found`: a tensor is missing
 *
 * Of a torch file:
 * - `legacy-format`: neither a zip nor laid out as torch did before 1.6
 * - `torch-archive`: the zip is not laid out as torch lays it out
 * - `byte-order`: written on a big-endian machine
 * - `pickle`: the pickle is broken or leaves the small language of weights
 * - `forbidden-global`: the pickle asks for code outside the allow-list
 * - `storage`: a tensor reaches outside its storage
 * - `not-contiguous`: a tensor's strides are not those of row-major order
 *
 * Of a GGUF file, besides those of safetensors that fit:
 * - `gguf-version`: another version, or written on a big-endian machine
 *
 * Of the whole:
 * - `missing-files`: parts of the checkpoint are not there
 * - `unknown-layout`: the tensors are not those of the expected network
 * - `wrong-shape`: a tensor has not the shape that the network needs
 * - `weight-encoding`: a weight is stored in a form that cannot be computed with
 * - `unknown-tensor`: a tensor that nothing reads and that may matter
 * - `unwritten`: whole matrices are zeros
 */
export type CheckpointErrorCode =
  | "header-too-small"
  | "header-too-large"
  | "header-length"
  | "header-utf8"
  | "header-start"
  | "header-json"
  | "duplicate-key"
  | "metadata"
  | "dtype"
  | "tensor-info"
  | "overflow"
  | "offsets"
  | "incomplete-buffer"
  | "shard-index"
  | "tensor-not-found"
  | "legacy-format"
  | "torch-archive"
  | "byte-order"
  | "pickle"
  | "forbidden-global"
  | "storage"
  | "not-contiguous"
  | "gguf-version"
  | "missing-files"
  | "unknown-layout"
  | "wrong-shape"
  | "weight-encoding"
  | "unknown-tensor"
  | "unwritten";

/** A checkpoint breaks a rule; `code` says which. */
export class CheckpointError extends FormatError {
  /** The class name, as it stands in a printed error. */
  override readonly name = "CheckpointError";
  /** The rule that is broken. */
  readonly code: CheckpointErrorCode;

  /** An error with its code, the message and, where known, the byte offset. */
  constructor(
    code: CheckpointErrorCode,
    message: string,
    options: ErrorOptions & { offset?: number } = {},
  ) {
    super(message, options);
    this.code = code;
  }
}
