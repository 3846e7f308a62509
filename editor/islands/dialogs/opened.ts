/**
 * The dialogs by name, the hints and the examples: one part of the client,
 * loaded when it is first needed.
 *
 * @module
 */

import type { DialogName } from "../panels.ts";
import { ConflictDialog } from "./ConflictDialog.tsx";
import { Examples } from "./Examples.tsx";
import { ExportDialog } from "./ExportDialog.tsx";
import { GenerateDialog } from "./GenerateDialog.tsx";
import { Hints } from "./Hints.tsx";
import { ImportDialog } from "./ImportDialog.tsx";
import { ShortcutsDialog } from "./ShortcutsDialog.tsx";

/** The dialogs, the hints, and the examples of an empty project. */
export const OPENED = {
  import: ImportDialog,
  export: ExportDialog,
  generate: GenerateDialog,
  shortcuts: ShortcutsDialog,
  conflict: ConflictDialog,
  hints: Hints,
  examples: Examples,
} satisfies Record<DialogName | "conflict" | "hints" | "examples", unknown>;
