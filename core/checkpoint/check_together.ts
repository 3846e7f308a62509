/**
 * Whether the networks of a checkpoint belong together: what the text encoder,
 * the image encoder and the VAE make has the width that the transformer takes.
 *
 * @module
 */

import { quote, withHint } from "../base/errors.ts";
import { CheckpointError } from "../formats/checkpoint_error.ts";
import type { Component, NetworkKind } from "../wan/networks.ts";

/** The image tokens that the transformer's weights were trained on. */
const IMAGE_TOKENS = 257;

/** Why a file cannot be that network here; undefined where it can. */
export type Judge = (
  kind: NetworkKind,
  path: string,
) => Promise<CheckpointError | undefined>;

/** What is known of the networks that are there. */
export type FoundComponents = {
  readonly [Kind in NetworkKind]?: Component<Kind>;
};

/**
 * Why a network does not fit to the transformer; undefined where it does.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { mismatch } from "./check_together.ts";
 * import { WAN_14B_I2V } from "../wan/transformer/layout.ts";
 * import { UMT5_XXL } from "../wan/text_encoder/layout.ts";
 * const t5 = { kind: "t5", config: UMT5_XXL } as const;
 * assert.equal(mismatch(t5, WAN_14B_I2V), undefined);
 * const small = { kind: "t5", config: { ...UMT5_XXL, dim: 768 } } as const;
 * assert.match(mismatch(small, WAN_14B_I2V)!, /text features of 768/);
 * ```
 */
export function mismatch(
  component: Pick<Component, "kind" | "config">,
  transformer: Component<"transformer">["config"],
): string | undefined {
  const compare = (what: string, found: number, expected: number) =>
    found === expected
      ? undefined
      : `it makes ${what} of ${found}, the transformer takes ${expected}`;
  switch (component.kind) {
    case "t5": {
      const { dim } = component.config as Component<"t5">["config"];
      return compare("text features", dim, transformer.textDim);
    }
    case "clip": {
      const { dim, imageSize, patchSize } = component
        .config as Component<"clip">["config"];
      const tokens = (imageSize / patchSize) ** 2 + 1;
      return compare("image features", dim, transformer.imageDim) ??
        (tokens === IMAGE_TOKENS
          ? undefined
          : `it makes ${tokens} image tokens, the transformer takes ${IMAGE_TOKENS}`);
    }
    case "vae": {
      const { zDim } = component.config as Component<"vae">["config"];
      return compare("latent channels", zDim, transformer.outDim);
    }
    case "transformer":
      return undefined;
  }
}

/**
 * The errors of networks that do not belong to the transformer.
 */
export function checkTogether(found: FoundComponents): CheckpointError[] {
  const { transformer, ...others } = found;
  if (!transformer) return [];
  const errors: CheckpointError[] = [];
  for (const component of Object.values(others)) {
    const reason = mismatch(component, transformer.config);
    if (reason === undefined) continue;
    errors.push(
      new CheckpointError(
        "wrong-shape",
        withHint(
          `Cannot use ${
            component.files.map(quote).join(", ")
          } as the ${component.kind}: ${reason}`,
          `Name the right one (--${component.kind} FILE).`,
        ),
      ),
    );
  }
  return errors;
}
