/**
 * The dialogs by name, the hints, the examples, and the panels that are seldom
 * looked at: one part of the client, loaded when it is first needed.
 *
 * @module
 */

import { CameraPanel } from "../inspector/CameraPanel.tsx";
import { ChecksPanel } from "../inspector/ChecksPanel.tsx";
import { ObjectOptions } from "../inspector/ObjectFields.tsx";
import { PromptPanel } from "../inspector/PromptPanel.tsx";
import { TrackPanel } from "../inspector/TrackPanel.tsx";
import { ConflictDialog } from "./ConflictDialog.tsx";
import { Examples } from "./Examples.tsx";
import { ExportDialog } from "./ExportDialog.tsx";
import { GalleryTools } from "./GalleryTools.tsx";
import { GenerateDialog } from "./GenerateDialog.tsx";
import { TakesPanel } from "../inspector/TakesPanel.tsx";
import { LengthField } from "../timeline/LengthField.tsx";
import { TimeZoom } from "../timeline/TimeZoom.tsx";
import { TakeViewer } from "../TakeViewer.tsx";
import { Edges } from "./Edges.tsx";
import { Hints } from "./Hints.tsx";
import { ImportDialog } from "./ImportDialog.tsx";
import { MotionDialog } from "./MotionDialog.tsx";
import { ProjectDialog } from "./ProjectDialog.tsx";
import { ReplacedBar, ReplacedDialog } from "./ReplacedDialog.tsx";
import { ReplaceImageDialog } from "./ReplaceImageDialog.tsx";
import { ShortcutsDialog } from "./ShortcutsDialog.tsx";
import { StageMenu } from "./StageMenu.tsx";
import { ClipDialog } from "../motion/ClipDialog.tsx";
import { VersionsDialog } from "./VersionsDialog.tsx";

export { storeNow } from "./store_now.ts";

/** The dialogs, the hints, the examples, and the panels seldom looked at. */
export const OPENED = {
  import: ImportDialog,
  export: ExportDialog,
  generate: GenerateDialog,
  project: ProjectDialog,
  shortcuts: ShortcutsDialog,
  replaced: ReplacedDialog,
  replaceImage: ReplaceImageDialog,
  versions: VersionsDialog,
  motion: MotionDialog,
  clip: ClipDialog,
  replacedBar: ReplacedBar,
  conflict: ConflictDialog,
  hints: Hints,
  examples: Examples,
  track: TrackPanel,
  objectOptions: ObjectOptions,
  camera: CameraPanel,
  checks: ChecksPanel,
  stageMenu: StageMenu,
  timeZoom: TimeZoom,
  lengthField: LengthField,
  edges: Edges,
  prompt: PromptPanel,
  takes: TakesPanel,
  galleryTools: GalleryTools,
  takeViewer: TakeViewer,
};
