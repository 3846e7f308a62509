/**
 * A whole checkpoint, opened: four networks and the tokenizer.
 *
 * @module
 */

import type { Component } from "../wan/networks.ts";

/** Files that stand in for those that a folder offers. */
export interface ComponentPaths {
  /** The transformer: a weights file, an index file, or a folder with either. */
  readonly transformer?: string;
  /** The video autoencoder, likewise. */
  readonly vae?: string;
  /** The text encoder, likewise. */
  readonly t5?: string;
  /** The image encoder, likewise. */
  readonly clip?: string;
  /** umt5's `tokenizer.json`, or a folder with it. */
  readonly tokenizer?: string;
}

/** A whole checkpoint, opened: the weights' places, not the weights. */
export interface AtiCheckpoint {
  /** The folder that was opened, as it was given. */
  readonly folder: string;
  /** The files that were named instead of looked for, as they were given. */
  readonly named: ComponentPaths;
  /** The text encoder. */
  readonly t5: Component<"t5">;
  /** The image encoder. */
  readonly clip: Component<"clip">;
  /** The video autoencoder. */
  readonly vae: Component<"vae">;
  /** The video transformer. */
  readonly transformer: Component<"transformer">;
  /** The path of umt5's `tokenizer.json`; undefined only where it was not asked for. */
  readonly tokenizer: string | undefined;
}

/** Which files to take instead of those that the folder offers. */
export interface CheckpointOptions extends Omit<ComponentPaths, "tokenizer"> {
  /** umt5's `tokenizer.json`, or a folder with it; false when none is needed. */
  readonly tokenizer?: string | false;
  /**
   * The transformer's `config.json`, its path or its content; else the one
   * beside its weights, or the folder's.
   */
  readonly config?: string | Readonly<Record<string, unknown>>;
}
