/**
 * The names under which trainers save LoRAs for Wan, and how they lead back to
 * the official names of layers.
 */

import type { TensorIndex } from "../../formats/tensor_index.ts";
import { officialName } from "../networks.ts";

/** What a tensor of a LoRA file is to its layer. */
export type LoraRole =
  /** The first factor, `[rank, in]`. */
  | "down"
  /** The second factor, `[out, rank]`. */
  | "up"
  /** The bias of the second factor. */
  | "upBias"
  /** What the product is multiplied with, over the rank. */
  | "alpha"
  /** Added to `weight`. */
  | "weight"
  /** Added to `bias`. */
  | "bias"
  /** Added to `modulation`. */
  | "modulation";

/** A tensor's name in a LoRA file, understood. */
export interface LoraName {
  /** The official layer, for example `blocks.0.self_attn.q`. */
  readonly layer: string;
  /** What the tensor is to it. */
  readonly role: LoraRole;
}

const ROLES: readonly (readonly [ending: RegExp, role: LoraRole])[] = [
  // PEFT and diffusers; between factor and "weight" an adapter's name may stand.
  [/\.lora_A(?:\.[^.]+)?(?:\.weight)?$/, "down"],
  [/\.lora_B(?:\.[^.]+)?\.bias$/, "upBias"],
  [/\.lora_B(?:\.[^.]+)?(?:\.weight)?$/, "up"],
  // kohya's scripts and what descends from them.
  [/\.lora_down(?:\.weight)?$/, "down"],
  [/\.lora_up(?:\.weight)?$/, "up"],
  // Older diffusers.
  [/[._]lora\.down\.weight$/, "down"],
  [/[._]lora\.up\.weight$/, "up"],
  [/\.alpha$/, "alpha"],
  // Differences of whole tensors, in extracted and distilled LoRAs.
  [/\.modulation\.diff$|\.diff_m$/, "modulation"],
  [/\.diff_b$/, "bias"],
  [/\.diff$/, "weight"],
];

const PREFIX =
  /^(?:base_model\.model\.|model\.|diffusion_model\.|transformer\.|unet\.|pipe\.dit\.|dit\.|lora_unet_|lora_transformer_|lycoris_|_)+/;

/** Understands the names of LoRAs for a transformer of these tensors. */
export class LoraNames {
  /** Official layers; and by their name with `_` for `.`, as kohya writes it. */
  readonly #layers = new Map<string, string>();

  constructor(tensors: TensorIndex) {
    for (const name of tensors.keys()) {
      const layer = name.replace(/\.[^.]*$/, "");
      this.#layers.set(layer, layer);
      this.#layers.set(layer.replaceAll(".", "_"), layer);
    }
  }

  /** What `name` means, or undefined when it is nothing of this transformer. */
  understand(name: string): LoraName | undefined {
    for (const [ending, role] of ROLES) {
      if (!ending.test(name)) continue;
      const module = name.replace(ending, "").replace(PREFIX, "");
      const layer = this.#layers.get(module) ?? this.#layers.get(
        officialName("transformer", `${module}.weight`).name
          .replace(/\.weight$/, ""),
      );
      return layer === undefined ? undefined : { layer, role };
    }
    return undefined;
  }
}
