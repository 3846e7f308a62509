/**
 * An opened checkpoint: four networks and the tokenizer.
 *
 * @module
 */

import type { Component } from "../wan/networks.ts";

/** Files to use instead of those found in the folder. */
export interface ComponentPaths {
  /** The transformer: a weights file, an index file, or a folder with either. */
  readonly transformer?: string;
  /** The VAE, likewise. */
  readonly vae?: string;
  /** The text encoder, likewise. */
  readonly t5?: string;
  /** The image encoder, likewise. */
  readonly clip?: string;
  /** umt5's `tokenizer.json`, or a folder with it. */
  readonly tokenizer?: string;
  /** The small decoder: taew2_1 or lighttaew2_1. */
  readonly tinyVae?: string;
}

/** An opened checkpoint: where the weights are, not the weights themselves. */
export interface AtiCheckpoint {
  /** The folder, as it was given. */
  readonly folder: string;
  /** The files that were given instead of searched for, as they were given. */
  readonly named: ComponentPaths;
  /** The text encoder. */
  readonly t5: Component<"t5">;
  /** The image encoder. */
  readonly clip: Component<"clip">;
  /** The VAE. */
  readonly vae: Component<"vae">;
  /** The transformer. */
  readonly transformer: Component<"transformer">;
  /** The small decoder, if there is one. */
  readonly tinyVae: Component<"tinyVae"> | undefined;
  /** The path of umt5's `tokenizer.json`; undefined only if `tokenizer: false`. */
  readonly tokenizer: string | undefined;
}

/** Which files to use instead of those found in the folder. */
export interface CheckpointOptions extends Omit<ComponentPaths, "tokenizer"> {
  /** umt5's `tokenizer.json`, or a folder with it; false when none is needed. */
  readonly tokenizer?: string | false;
  /**
   * The transformer's `config.json`, its path or its content; by default the
   * one next to its weights, or the folder's.
   */
  readonly config?: string | Readonly<Record<string, unknown>>;
}
