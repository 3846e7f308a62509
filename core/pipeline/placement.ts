/**
 * Which network runs where, and in which arithmetic.
 *
 * @module
 */

import type { Placement } from "../wan/network_run.ts";
import type { Component, NetworkKind } from "../wan/networks.ts";
import { quote, withHint } from "../base/errors.ts";
import type { ComputeType } from "../onnx/graph/graph_target.ts";
import { deviceName } from "../onnx/runtime/device.ts";
import type { ProbedDevice } from "../onnx/runtime/devices.ts";

/**
 * A precision by the name people know; `auto` is the reference's (bf16) where
 * the device has it.
 */
export type ComputeDtype = "auto" | "bf16" | "fp16" | "fp32";

/** How weights can be stored where that is not a type to compute in. */
export type QuantizedDtype = "fp8" | "q8" | "q4";

/**
 * The dtypes that each network can be given. bf16, fp16 and fp32 are what it
 * is computed in: the text encoder overflows in fp16, and there is no bf16
 * convolution for the VAE. fp8, q8 and q4 (8 and 4 bits by
 * `tools/quantize.ts`) say how the weights must be stored; the network is then
 * computed in the dtype of `auto`.
 */
export const NETWORK_DTYPES = {
  transformer: ["auto", "bf16", "fp16", "fp32", "fp8", "q8", "q4"],
  t5: ["auto", "bf16", "fp32", "fp8", "q8", "q4"],
  clip: ["auto", "bf16", "fp16", "fp32"],
  vae: ["auto", "fp16", "fp32"],
} as const satisfies Readonly<
  Record<string, readonly (ComputeDtype | QuantizedDtype)[]>
>;

/** The precisions of single networks; those that are not named have `auto`. */
export type NetworkDtypes = {
  readonly [Kind in NetworkKind]?: typeof NETWORK_DTYPES[Kind][number];
};

/** What the networks are called in errors. */
const TITLES: Readonly<Record<NetworkKind, string>> = {
  transformer: "the transformer",
  t5: "the text encoder",
  clip: "the image encoder",
  vae: "the autoencoder",
};

const COMPUTE: Readonly<Record<Exclude<ComputeDtype, "auto">, ComputeType>> = {
  bf16: "bfloat16",
  fp16: "float16",
  fp32: "float32",
};

/** The arithmetic that `auto` takes, best first: the reference's own. */
const PREFERRED: Readonly<Record<NetworkKind, readonly ComputeType[]>> = {
  transformer: ["bfloat16", "float16", "float32"],
  t5: ["bfloat16", "float32"],
  clip: ["float32"],
  vae: ["float32"],
};

/**
 * The dtypes of all networks: a single name is the transformer's. `dit` is
 * accepted as another name of `transformer`.
 *
 * @throws {TypeError} When there is no such network, or a network cannot have
 * the precision; with those that it can have.
 */
export function networkDtypes(
  asked: ComputeDtype | Readonly<Record<string, unknown>> | NetworkDtypes,
): NetworkDtypes {
  const { dit, ...named }: Readonly<Record<string, unknown>> =
    typeof asked === "string" ? { transformer: asked } : asked;
  if (dit !== undefined && named["transformer"] !== undefined) {
    throw new TypeError(
      "Cannot use a dtype for dit and one for transformer: they are the same network",
    );
  }
  const dtypes = dit === undefined ? named : { transformer: dit, ...named };
  for (const [name, precision] of Object.entries(dtypes)) {
    if (!isNetwork(name)) {
      throw new TypeError(
        `Cannot choose the precision of ${
          quote(name)
        }: there is no such network, expected ${
          anyOf(Object.keys(NETWORK_DTYPES))
        }`,
      );
    }
    const legal: readonly string[] = NETWORK_DTYPES[name];
    if (legal.includes(String(precision))) continue;
    const message = `Cannot run ${TITLES[name]} in ${
      quote(precision)
    }, expected ${anyOf(legal)}`;
    throw new TypeError(
      name === "t5" && precision === "fp16"
        ? withHint(
          message,
          "It overflows in fp16: its images would be noise.",
        )
        : message,
    );
  }
  return dtypes;
}

function isNetwork(name: string): name is NetworkKind {
  return Object.hasOwn(NETWORK_DTYPES, name);
}

/**
 * Where a network runs and in which arithmetic. `auto` takes what the reference
 * takes, as far as the device computes rightly in it: the transformer bf16,
 * else fp16, else fp32; the text encoder bf16, else fp32; the others fp32.
 *
 * @throws {TypeError} When the device does not compute in the precision that
 * was asked for; it is never replaced by another one.
 */
export function placeNetwork(
  part: NetworkKind,
  found: ProbedDevice,
  precision: ComputeDtype | QuantizedDtype = "auto",
): Placement {
  const { device, attention } = found;
  const preferred =
    PREFERRED[part].find((type) => found.compute.includes(type)) ?? "float32";
  const compute = isArithmetic(precision) ? COMPUTE[precision] : preferred;
  if (!found.compute.includes(compute)) {
    const legal: readonly string[] = NETWORK_DTYPES[part];
    throw new TypeError(withHint(
      `Cannot run ${TITLES[part]} in ${precision}: ${
        deviceName(device)
      } computes in ${
        found.compute.map(nameOf).filter((name) => legal.includes(name))
          .join(" and ")
      }`,
      "Leave --dtype away to take the best that works.",
    ));
  }
  const float8 = device.kind === "cpu" ? "dequantize" : "cast";
  // Why, says GraphTarget.
  const halfAttention = part === "transformer" && device.kind === "cuda" &&
    compute === "bfloat16" && found.compute.includes("float16");
  return {
    device,
    target: {
      compute,
      attention,
      float8,
      ...(halfAttention && { attentionCompute: "float16" }),
    },
  };
}

function isArithmetic(name: string): name is keyof typeof COMPUTE {
  return Object.hasOwn(COMPUTE, name);
}

/**
 * Makes sure that weights are stored as they are asked for, where that is a
 * matter of the file.
 *
 * @throws {TypeError} When they are not, with the way to such a file.
 */
export function checkStored(
  part: NetworkKind,
  component: Pick<Component, "tensors" | "dtypes" | "files">,
  precision: ComputeDtype | QuantizedDtype = "auto",
): void {
  if (precision === "auto" || isArithmetic(precision)) return;
  const stored = packedAs(component);
  if (stored.includes(precision)) return;
  const { dtypes, files } = component;
  const quantize = (bits: number) =>
    `deno run --allow-read --allow-write tools/quantize.ts CHECKPOINT OUT.safetensors --bits ${bits} makes one, --transformer OUT.safetensors takes it.`;
  throw new TypeError(withHint(
    `Cannot run ${TITLES[part]} in ${precision}: the weights in ${
      files.map(quote).join(", ")
    } are ${
      stored.join(", ") || [...dtypes.keys()].join(", ")
    }, expected ${precision} in the file`,
    part === "t5"
      ? "Name a file that has them with --t5 FILE, or leave t5 away."
      : precision === "fp8"
      ? "tools/download.ts --variant fp8 fetches one; tools/quantize.ts makes 8 bits of any."
      : quantize(precision === "q8" ? 8 : 4),
  ));
}

/** How weights are stored that cannot be computed with as they are. */
function packedAs(
  { tensors, dtypes }: Pick<Component, "tensors" | "dtypes">,
): QuantizedDtype[] {
  const names = [...tensors.keys()];
  const packed: QuantizedDtype[] = [];
  if (dtypes.has("F8_E4M3") || dtypes.has("F8_E5M2")) packed.push("fp8");
  if (names.some((name) => name.endsWith("_q8"))) packed.push("q8");
  if (names.some((name) => name.endsWith("_q4"))) packed.push("q4");
  return packed;
}

/** A placement in words, for example `cuda:1, bf16`. */
export function describePlacement({ device, target }: Placement): string {
  return `${deviceName(device)}, ${nameOf(target.compute)}`;
}

function nameOf(compute: ComputeType): string {
  return Object.entries(COMPUTE).find(([, type]) => type === compute)![0];
}

/** `a, b or c` */
function anyOf(names: readonly string[]): string {
  return `${names.slice(0, -1).join(", ")} or ${names.at(-1)}`;
}
