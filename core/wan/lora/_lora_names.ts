/**
 * The names under which trainers save LoRAs for Wan, and how they lead back to
 * the official names of layers.
 */

import type { TensorIndex } from "../../formats/tensor_index.ts";
import { officialName } from "../networks.ts";

/** The roles of LoHa and LoKr in a file. */
export const LYCORIS_ROLES = [
  "hada_w1_a",
  "hada_w1_b",
  "hada_w2_a",
  "hada_w2_b",
  "hada_t1",
  "hada_t2",
  "lokr_w1",
  "lokr_w1_a",
  "lokr_w1_b",
  "lokr_w2",
  "lokr_w2_a",
  "lokr_w2_b",
  "lokr_t2",
] as const;

/** A role of LoHa or LoKr. */
export type LycorisRole = (typeof LYCORIS_ROLES)[number];

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
  | "modulation"
  /** The lengths of a DoRA's rows. */
  | "magnitude"
  /** A factor of LoHa or LoKr. */
  | LycorisRole;

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
  // DoRA, of kohya's scripts and LyCORIS, and of PEFT.
  [/\.dora_scale$/, "magnitude"],
  [/\.lora_magnitude_vector(?:\.[^.]+)?(?:\.weight)?$/, "magnitude"],
  ...LYCORIS_ROLES.map((role) =>
    [
      new RegExp(String.raw`\.${role}(?:\.(?!weight$)[^.]+)?(?:\.weight)?$`),
      role,
    ] as const
  ),
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
