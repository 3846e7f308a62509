/**
 * What a plan says about each network.
 *
 * @module
 */

import type { VideoShape } from "../wan/activation_memory.ts";
import type { Execution } from "../wan/network_run.ts";
import type { NetworkKind } from "../wan/networks.ts";
import type { VaeRunOptions } from "../wan/vae/run_vae.ts";

/** How one network is run. */
export interface NetworkPlan {
  /** Which network. */
  readonly kind: NetworkKind;
  /** `device`, or `cpu` where the device is too small for it. */
  readonly where: "device" | "cpu";
  /** As one graph, block after block, or with streamed blocks. */
  readonly execution: Execution;
  /** How the VAE's frames are split; undefined for the other networks. */
  readonly vae?: Pick<VaeRunOptions, "tiles" | "latentFramesPerRun">;
  /** The most that is on the device at once, in bytes, as it was counted. */
  readonly peak: number;
  /** What of that ONNX Runtime allocates for activations. */
  readonly activations: number;
  /**
   * The weights that are moved to the device, in bytes: for each step of the
   * transformer, for each run of another network.
   */
  readonly moved: number;
  /** The plan in words. */
  readonly text: string;
}

/** How all networks are run; one after the other, so that the largest counts. */
export interface MemoryPlan {
  /** The most that may be on the device, in bytes. */
  readonly budget: number;
  /** The largest of the networks' peaks, in bytes. */
  readonly peak: number;
  /** How each network is run. */
  readonly networks: Readonly<Record<NetworkKind, NetworkPlan>>;
}

/** What is planned. */
export interface PlanOptions {
  /** The most that may be on the device, in bytes. */
  readonly budget: number;
  /** The size of the video. */
  readonly video: VideoShape;
  /** Passes per step: 2 with a negative prompt on one device. */
  readonly passes: 1 | 2;
  /** The VAE's options, where they are given. */
  readonly vae?: Pick<VaeRunOptions, "tiles" | "latentFramesPerRun">;
  /** Whether the negative prompt guides the attention (NAG). */
  readonly isGuided?: boolean | undefined;
  /** `tiny`: the small decoder decodes, where there is one; the VAE encodes. */
  readonly decoder?: "vae" | "tiny" | undefined;
  /** Whether the transformer stays on the device while the others are run. */
  readonly keepTransformer?: boolean;
  /** The transformer's execution, where it is given. */
  readonly execution?: Execution | undefined;
}
