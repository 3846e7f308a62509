/**
 * Which files of which repositories make up a checkpoint, ATI's or Wan-Move's,
 * and which can be added to one.
 * Whole repositories would be three times as much: Wan's own transformer and
 * the text half of the image encoder are never used.
 *
 * @module
 */

import { quote, withHint } from "../base/errors.ts";
import type { HubFile } from "./hub_client.ts";
import { HubError } from "./hub_error.ts";

/** Files that are wanted of one repository. */
export interface WantedFiles {
  /** `owner/name` */
  readonly repository: string;
  /**
   * Paths in the repository; `*` stands for any characters but `/`. Each
   * must match at least one file.
   */
  readonly paths: readonly string[];
}

/** A checkpoint that can be downloaded. */
export interface Variant {
  /** What a person chooses it for, in one line. */
  readonly description: string;
  /** Its files. */
  readonly wanted: readonly WantedFiles[];
  /** Whether it only adds to a checkpoint. */
  readonly isAddition?: true;
}

const WAN = "Wan-AI/Wan2.1-I2V-14B-480P";
const WAN_MOVE = "Ruihang/Wan-Move-14B-480P";
const ALL_TRACKER = "aharley/alltracker";
const KIJAI = "Kijai/WanVideo_comfy";

const TOKENIZER = "google/umt5-xxl/tokenizer.json";

/** What the official transformers are completed with. */
const OFFICIAL_COMPANIONS: WantedFiles = {
  repository: WAN,
  paths: [
    "Wan2.1_VAE.pth",
    "models_t5_umt5-xxl-enc-bf16.pth",
    "models_clip_open-clip-xlm-roberta-large-vit-huge-14.pth",
    TOKENIZER,
  ],
};

/** What the single-file transformers are completed with. */
const COMPANIONS: readonly WantedFiles[] = [
  { repository: WAN, paths: ["Wan2.1_VAE.pth", TOKENIZER] },
  {
    repository: KIJAI,
    paths: [
      "umt5-xxl-enc-bf16.safetensors",
      "open-clip-xlm-roberta-large-vit-huge-14_visual_fp16.safetensors",
    ],
  },
];

/** The checkpoints that can be downloaded, by name. */
export const VARIANTS: Readonly<Record<VariantName, Variant>> = {
  official: {
    description: "ATI's own weights, as they were published",
    wanted: [
      {
        repository: "bytedance-research/ATI",
        paths: ["config.json", "diffusion_pytorch_model*"],
      },
      OFFICIAL_COMPANIONS,
    ],
  },
  fp16: {
    description: "the transformer as one file of 16-bit floats",
    wanted: [
      {
        repository: KIJAI,
        paths: ["Wan2_1-I2V-ATI-14B_fp16.safetensors"],
      },
      ...COMPANIONS,
    ],
  },
  fp8: {
    description: "the transformer as one file of 8-bit floats, half as large",
    wanted: [
      {
        repository: KIJAI,
        paths: ["Wan2_1-I2V-ATI-14B_fp8_e4m3fn.safetensors"],
      },
      ...COMPANIONS,
    ],
  },
  "wan-move": {
    description: "Wan-Move's own weights, for --control wan-move",
    wanted: [
      {
        repository: WAN_MOVE,
        paths: ["config.json", "diffusion_pytorch_model*"],
      },
      OFFICIAL_COMPANIONS,
    ],
  },
  "wan-move-fp16": {
    description: "the same, the transformer as one file of 16-bit floats",
    wanted: [
      { repository: KIJAI, paths: ["WanMove/*fp16*.safetensors"] },
      ...COMPANIONS,
    ],
  },
  "wan-move-fp8": {
    description: "the same, as one file of 8-bit floats, half as large",
    wanted: [
      {
        repository: "Kijai/WanVideo_comfy_fp8_scaled",
        paths: ["WanMove/Wan21-WanMove_fp8_scaled_e4m3fn_KJ.safetensors"],
      },
      ...COMPANIONS,
    ],
  },
  alltracker: {
    description:
      "an addition: AllTracker for deno task track, on a GPU (66 MB, MIT)",
    wanted: [{ repository: ALL_TRACKER, paths: ["alltracker.pth"] }],
    isAddition: true,
  },
  "alltracker-tiny": {
    description: "the same, smaller: for the CPU (25 MB, MIT)",
    wanted: [{ repository: ALL_TRACKER, paths: ["alltracker_tiny.pth"] }],
    isAddition: true,
  },
  "tiny-vae": {
    description: "an addition: the small decoder, for previews and drafts",
    wanted: [
      {
        repository: "lightx2v/Autoencoders",
        paths: ["lighttaew2_1.safetensors"],
      },
    ],
    isAddition: true,
  },
};

/** The name of a checkpoint that can be downloaded. */
export type VariantName =
  | "official"
  | "fp16"
  | "fp8"
  | "wan-move"
  | "wan-move-fp16"
  | "wan-move-fp8"
  | "alltracker"
  | "alltracker-tiny"
  | "tiny-vae";

/**
 * The files of a repository that match the wanted paths.
 *
 * @throws {HubError} `not-found` when a path matches none; the message names
 * files that look alike.
 */
export function selectFiles(
  files: readonly HubFile[],
  wanted: WantedFiles,
): readonly HubFile[] {
  const selected = new Set<HubFile>();
  for (const path of wanted.paths) {
    const pattern = new RegExp(
      `^${path.split("*").map(RegExp.escape).join("[^/]*")}$`,
    );
    const matches = files.filter((file) => pattern.test(file.path));
    if (matches.length === 0) {
      const extension = path.slice(path.lastIndexOf("."));
      const alike = files.filter((file) =>
        file.path.endsWith(extension) &&
        /ati|move|vae|umt5|clip|tracker/i.test(file.path)
      );
      throw new HubError(
        "not-found",
        withHint(
          `Cannot find ${
            quote(path)
          } in ${wanted.repository}: none of its ${files.length} files has that name`,
          alike.length > 0
            ? `It has ${alike.slice(0, 4).map((f) => f.path).join(", ")}.`
            : "It may have been renamed; the repository's page tells.",
        ),
      );
    }
    for (const file of matches) selected.add(file);
  }
  return [...selected];
}
