/**
 * The device and dtype of each network.
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
 * A dtype to compute in; `auto` is the reference's (bf16) if the device supports
 * it.
 */
export type ComputeDtype = "auto" | "bf16" | "fp16" | "fp32";

/** The dtypes of weights that are not computed in. */
export type QuantizedDtype = "fp8" | "q8" | "q4";

/**
 * The dtypes of each network. bf16, fp16 and fp32 are computed in: the text
 * encoder overflows in fp16, and bf16 has no convolution for the VAE. fp8, q8
 * and q4 (8 and 4 bits by `tools/quantize.ts`) require weights that are stored
 * so; the network then computes in the dtype of `auto`.
 */
export const NETWORK_DTYPES = {
  transformer: ["auto", "bf16", "fp16", "fp32", "fp8", "q8", "q4"],
  t5: ["auto", "bf16", "fp32", "fp8", "q8", "q4"],
  clip: ["auto", "bf16", "fp16", "fp32"],
  vae: ["auto", "fp16", "fp32"],
} as const satisfies Readonly<
  Record<string, readonly (ComputeDtype | QuantizedDtype)[]>
>;

/** The dtypes of single networks; `auto` for those that are omitted. */
export type NetworkDtypes = {
  readonly [Kind in NetworkKind]?: typeof NETWORK_DTYPES[Kind][number];
};

/** The networks' names in error messages. */
const TITLES: Readonly<Record<NetworkKind, string>> = {
  transformer: "the transformer",
  t5: "the text encoder",
  clip: "the image encoder",
  vae: "the VAE",
};

const COMPUTE: Readonly<Record<Exclude<ComputeDtype, "auto">, ComputeType>> = {
  bf16: "bfloat16",
  fp16: "float16",
  fp32: "float32",
};

/** The dtypes of `auto`, best first: the reference's own. */
const PREFERRED: Readonly<Record<NetworkKind, readonly ComputeType[]>> = {
  transformer: ["bfloat16", "float16", "float32"],
  t5: ["bfloat16", "float32"],
  clip: ["float32"],
  vae: ["float32"],
};

/**
 * The dtypes of all networks: a single name is the transformer's. `dit` is an
 * alias of `transformer`.
 *
 * @throws {TypeError} When there is no such network, or it does not support the
 * dtype; the message lists the supported ones.
 */
export function networkDtypes(
  requested: ComputeDtype | Readonly<Record<string, unknown>> | NetworkDtypes,
): NetworkDtypes {
  const { dit, ...named }: Readonly<Record<string, unknown>> =
    typeof requested === "string" ? { transformer: requested } : requested;
  if (dit !== undefined && named["transformer"] !== undefined) {
    throw new TypeError(
      "Cannot use a dtype for both dit and transformer: they are the same network",
    );
  }
  const dtypes = dit === undefined ? named : { transformer: dit, ...named };
  for (const [name, dtype] of Object.entries(dtypes)) {
    if (!isNetwork(name)) {
      throw new TypeError(
        `Cannot choose the dtype of ${quote(name)}: no such network, expected ${
          anyOf(Object.keys(NETWORK_DTYPES))
        }`,
      );
    }
    const legal: readonly string[] = NETWORK_DTYPES[name];
    if (legal.includes(String(dtype))) continue;
    const message = `Cannot run ${TITLES[name]} in ${quote(dtype)}, expected ${
      anyOf(legal)
    }`;
    throw new TypeError(
      name === "t5" && dtype === "fp16"
        ? withHint(
          message,
          "The text encoder overflows in fp16: the video would be noise.",
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
 * The device and dtype of a network. `auto` uses the reference's dtype if the
 * device computes correctly in it: the transformer bf16, else fp16, else fp32;
 * the text encoder bf16, else fp32; the others fp32.
 *
 * @throws {TypeError} When the device does not support a dtype that was
 * requested; it is never replaced by another one.
 */
export function placeNetwork(
  network: NetworkKind,
  found: ProbedDevice,
  dtype: ComputeDtype | QuantizedDtype = "auto",
): Placement {
  const { device, attention } = found;
  const preferred =
    PREFERRED[network].find((type) => found.compute.includes(type)) ??
      "float32";
  const compute = isComputeDtype(dtype) ? COMPUTE[dtype] : preferred;
  if (!found.compute.includes(compute)) {
    const legal: readonly string[] = NETWORK_DTYPES[network];
    throw new TypeError(withHint(
      `Cannot run ${TITLES[network]} in ${dtype}: ${
        deviceName(device)
      } computes in ${
        found.compute.map(nameOf).filter((name) => legal.includes(name))
          .join(" and ")
      }`,
      device.kind === "webgpu" && compute === "float16"
        ? "Omit --dtype. On WebGPU, ONNX Runtime keeps the sums of fp16 in fp16, which is too coarse for sums as long as this network's."
        : "Omit --dtype to use the best supported dtype.",
    ));
  }
  const float8 = device.kind === "cpu" ? "dequantize" : "cast";
  // See GraphTarget.attentionCompute for the reason.
  const halfAttention = network === "transformer" && device.kind === "cuda" &&
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

function isComputeDtype(name: string): name is keyof typeof COMPUTE {
  return Object.hasOwn(COMPUTE, name);
}

/**
 * Checks that the weights are stored in the requested dtype, if that depends on
 * the file.
 *
 * @throws {TypeError} When they are not, with a hint on how to get such a file.
 */
export function checkStored(
  network: NetworkKind,
  component: Pick<Component, "tensors" | "dtypes" | "files">,
  dtype: ComputeDtype | QuantizedDtype = "auto",
): void {
  if (dtype === "auto" || isComputeDtype(dtype)) return;
  const stored = quantizedAs(component);
  if (stored.includes(dtype)) return;
  const { dtypes, files } = component;
  const quantize = (bits: number) =>
    `Make one with deno run --allow-read --allow-write tools/quantize.ts CHECKPOINT OUT.safetensors --bits ${bits} and pass it as --transformer OUT.safetensors.`;
  throw new TypeError(withHint(
    `Cannot run ${TITLES[network]} in ${dtype}: the weights in ${
      files.map(quote).join(", ")
    } are ${
      stored.join(", ") || [...dtypes.keys()].join(", ")
    }, expected ${dtype} in the file`,
    network === "t5"
      ? "Pass a file in fp8 with --t5 FILE, or omit t5 from --dtype."
      : dtype === "fp8"
      ? "Download one with tools/download.ts --variant fp8, or make an 8-bit file with tools/quantize.ts."
      : quantize(dtype === "q8" ? 8 : 4),
  ));
}

/** The dtypes of stored weights that are not computed in. */
function quantizedAs(
  { tensors, dtypes }: Pick<Component, "tensors" | "dtypes">,
): QuantizedDtype[] {
  const names = [...tensors.keys()];
  const packed: QuantizedDtype[] = [];
  if (dtypes.has("F8_E4M3") || dtypes.has("F8_E5M2")) packed.push("fp8");
  if (names.some((name) => name.endsWith("_q8"))) packed.push("q8");
  if (names.some((name) => name.endsWith("_q4"))) packed.push("q4");
  return packed;
}

/** Describes a placement, for example `cuda:1, bf16`. */
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
