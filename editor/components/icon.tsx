/** @jsxRuntime automatic */
/** @jsxImportSource npm:preact@10.29.8 */
/**
 * Icons: the drawings of Lucide (ISC license) as `<svg>`. The only file that imports
 * that library; an icon that is not named here is not in the client.
 *
 * @module
 */

import { h } from "npm:preact@10.29.8";
import {
  Anchor,
  Brush,
  Camera,
  Check,
  Circle,
  CircleDot,
  CircleHelp,
  Clapperboard,
  Copy,
  Download,
  Eye,
  EyeOff,
  FileInput,
  FileOutput,
  Film,
  FlipHorizontal2,
  FlipVertical2,
  Grid3x3,
  GripVertical,
  Hand,
  History,
  type IconNode,
  ImagePlus,
  Keyboard,
  Layers,
  ListX,
  Lock,
  LockOpen,
  Maximize,
  Minus,
  Moon,
  MousePointer2,
  Move,
  Pause,
  Pencil,
  Play,
  Plus,
  Redo2,
  RefreshCw,
  Repeat,
  RotateCcw,
  RotateCw,
  Save,
  Scan,
  Search,
  SkipBack,
  Spline,
  Square,
  Star,
  StepBack,
  StepForward,
  Sun,
  SunMoon,
  Target,
  Trash2,
  TriangleAlert,
  Undo2,
  X,
  ZoomIn,
} from "npm:lucide@1.65.0";

const NODES = {
  anchor: Anchor,
  camera: Camera,
  check: Check,
  circle: Circle,
  close: X,
  copy: Copy,
  "delete-last": ListX,
  download: Download,
  draw: Pencil,
  export: FileOutput,
  eye: Eye,
  "eye-off": EyeOff,
  video: Film,
  fit: Maximize,
  "flip-x": FlipVertical2,
  "flip-y": FlipHorizontal2,
  generate: Clapperboard,
  grid: Grid3x3,
  grip: GripVertical,
  hand: Hand,
  history: History,
  help: CircleHelp,
  "image-plus": ImagePlus,
  import: FileInput,
  keyboard: Keyboard,
  layers: Layers,
  lock: Lock,
  loupe: Search,
  minus: Minus,
  object: Brush,
  moon: Moon,
  orbit: Scan,
  pan: Move,
  pause: Pause,
  play: Play,
  plus: Plus,
  redo: Redo2,
  repeat: Repeat,
  replace: RefreshCw,
  reverse: RotateCcw,
  rings: Target,
  rotate: RotateCw,
  save: Save,
  select: MousePointer2,
  spline: Spline,
  star: Star,
  start: SkipBack,
  static: CircleDot,
  "step-back": StepBack,
  "step-forward": StepForward,
  stop: Square,
  sun: Sun,
  system: SunMoon,
  trash: Trash2,
  undo: Undo2,
  unlock: LockOpen,
  warning: TriangleAlert,
  zoom: ZoomIn,
} satisfies Record<string, IconNode>;

/** The icons that there are. */
export type IconName = keyof typeof NODES;

/** One icon, 16 px, in the color of the text around it; silent for readers. */
export function Icon({ name }: { readonly name: IconName }) {
  return (
    <svg
      class="icon"
      viewBox="0 0 24 24"
      width="16"
      height="16"
      fill="none"
      stroke="currentColor"
      stroke-width="1.75"
      stroke-linecap="round"
      stroke-linejoin="round"
      aria-hidden="true"
      focusable="false"
    >
      {NODES[name].map(([tag, attributes], key) =>
        h(tag, { key, ...attributes })
      )}
    </svg>
  );
}
