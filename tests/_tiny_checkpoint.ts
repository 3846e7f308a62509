/**
 * The tiny checkpoint of the golden set: random weights under the official
 * file names.
 *
 * @module
 */

import { fileURLToPath } from "node:url";
import type { Component } from "../core/checkpoint/components.ts";
import { openComponent } from "../core/checkpoint_files.ts";
import { goldenUrl } from "./_golden.ts";

const FILES = {
  t5: "models_t5_umt5-xxl-enc-bf16.pth",
  clip: "models_clip_open-clip-xlm-roberta-large-vit-huge-14.pth",
  vae: "Wan2.1_VAE.pth",
} as const;

/** One network of the tiny checkpoint, opened. */
export function openTinyComponent<Kind extends keyof typeof FILES>(
  kind: Kind,
): Promise<Component<Kind>> {
  return openComponent(kind, fileURLToPath(goldenUrl(`ckpt/${FILES[kind]}`)));
}
