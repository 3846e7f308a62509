/**
 * Files: whole reads with a limit, and writes that are complete or not there.
 *
 * @module
 */

export type { ByteSource } from "../base/byte_source.ts";
export {
  type AtomicFile,
  type FileSource,
  openAtomicFile,
  openFileSource,
  readFileBytes,
  readFileText,
  writeFileAtomic,
} from "./files.ts";
