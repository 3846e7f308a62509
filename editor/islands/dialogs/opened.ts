/**
 * The dialogs by name, and the hints: one part of the client, loaded when it is first needed.
 *
 * @module
 */

import type { DialogName } from "../panels.ts";
import { ConflictDialog } from "./ConflictDialog.tsx";
import { ExportDialog } from "./ExportDialog.tsx";
import { GenerateDialog } from "./GenerateDialog.tsx";
import { Hints } from "./Hints.tsx";
import { ImportDialog } from "./ImportDialog.tsx";
import { ShortcutsDialog } from "./ShortcutsDialog.tsx";

/** The dialogs and the hints. */
export const OPENED = {
  import: ImportDialog,
  export: ExportDialog,
  generate: GenerateDialog,
  shortcuts: ShortcutsDialog,
  conflict: ConflictDialog,
  hints: Hints,
} satisfies Record<DialogName | "conflict" | "hints", unknown>;
