/**
 * A checkpoint folder, opened: the official one as ATI's README arranges it,
 * a folder of the community's single files, ComfyUI's `models` folder, or a
 * diffusers folder. Opening reads headers only; a 14B model takes
 * milliseconds.
 *
 * @module
 */

import { quote, withHint } from "../errors.ts";
import { assembleComponent } from "./assemble.ts";
import { CheckpointError } from "./checkpoint_error.ts";
import {
  type AtiCheckpoint,
  type Component,
  type NetworkKind,
  NETWORKS,
} from "./components.ts";
import { type FileView, folderOf, joinPath } from "./file_view.ts";
import type { NetworkConfig } from "./hyperparameters.ts";
import { readWeights } from "./read_weights.ts";
import { recognizeNetwork } from "./tensor_names.ts";

/** Which files to take instead of those that the folder offers. */
export interface CheckpointOptions {
  /** The transformer: a weights file, an index file, or a folder with either. */
  readonly transformer?: string;
  /** The video autoencoder, likewise. */
  readonly vae?: string;
  /** The text encoder, likewise. */
  readonly t5?: string;
  /** The image encoder, likewise. */
  readonly clip?: string;
  /** umt5's `tokenizer.json`, or a folder with it; false when none is needed. */
  readonly tokenizer?: string | false;
  /**
   * The transformer's `config.json`, its path or its content; else the one
   * beside its weights.
   */
  readonly config?: string | Readonly<Record<string, unknown>>;
}

/** A part of a checkpoint that was looked for in vain. */
export interface MissingPart {
  /** Which part. */
  readonly part: NetworkKind | "tokenizer";
  /** The official file, relative to the folder. */
  readonly file: string;
  /** What else would do. */
  readonly alternatives: string;
  /** Where it is published: a repository of the Hugging Face hub. */
  readonly repository: string;
}

const OFFICIAL = "Wan-AI/Wan2.1-I2V-14B-480P";

/** Where the parts lie in the folders people have, best first. */
const PARTS: Readonly<
  Record<NetworkKind, {
    readonly names: readonly string[];
    readonly folders: readonly string[];
    readonly missing: Omit<MissingPart, "part">;
  }>
> = {
  transformer: {
    names: [
      "diffusion_pytorch_model.safetensors.index.json",
      "diffusion_pytorch_model.safetensors",
      "transformer/diffusion_pytorch_model.safetensors.index.json",
      "transformer/diffusion_pytorch_model.safetensors",
    ],
    folders: ["", "diffusion_models", "unet", "split_files/diffusion_models"],
    missing: {
      file: "diffusion_pytorch_model.safetensors.index.json and its shards",
      alternatives:
        "one safetensors file, for example Wan2_1-I2V-ATI-14B_fp8_e4m3fn.safetensors of Kijai/WanVideo_comfy",
      repository: "bytedance-research/ATI",
    },
  },
  vae: {
    names: [
      "Wan2.1_VAE.pth",
      "vae/diffusion_pytorch_model.safetensors",
    ],
    folders: ["", "vae", "split_files/vae"],
    missing: {
      file: "Wan2.1_VAE.pth",
      alternatives: "wan_2.1_vae.safetensors, Wan2_1_VAE_bf16.safetensors",
      repository: OFFICIAL,
    },
  },
  t5: {
    names: [
      "models_t5_umt5-xxl-enc-bf16.pth",
      "text_encoder/model.safetensors.index.json",
      "text_encoder/model.safetensors",
    ],
    folders: ["", "text_encoders", "clip", "split_files/text_encoders"],
    missing: {
      file: "models_t5_umt5-xxl-enc-bf16.pth",
      alternatives: "umt5_xxl_fp16.safetensors, umt5-xxl-enc-bf16.safetensors",
      repository: OFFICIAL,
    },
  },
  clip: {
    names: [
      "models_clip_open-clip-xlm-roberta-large-vit-huge-14.pth",
      "image_encoder/model.safetensors",
    ],
    folders: ["", "clip_vision", "text_encoders", "split_files/clip_vision"],
    missing: {
      file: "models_clip_open-clip-xlm-roberta-large-vit-huge-14.pth",
      alternatives:
        "clip_vision_h.safetensors, open-clip-xlm-roberta-large-vit-huge-14_visual_fp16.safetensors",
      repository: OFFICIAL,
    },
  },
};

const TOKENIZER_NAMES = [
  "google/umt5-xxl/tokenizer.json",
  "tokenizer/tokenizer.json",
  "umt5-xxl/tokenizer.json",
  "tokenizer.json",
];

const WEIGHTS_FILE = /\.(?:safetensors|pth|pt)$/i;
const SHARD_FILE = /-\d{5}-of-\d{5}\.safetensors$/i;
const MAX_CONFIG = 1024 * 1024;

/**
 * Opens the four networks and finds the tokenizer.
 *
 * Each part is looked for under its official name, then among all weights
 * files of the folder (and of ComfyUI's subfolders) by its tensors, whatever
 * its name.
 *
 * @param files where the folder lies
 * @param options.folder its path
 * @throws {CheckpointError} `missing-files` with every missing part and where
 * to get it; or what is wrong with a part that is there.
 *
 * @example
 * ```ts
 * import { readAtiCheckpoint } from "./ati_checkpoint.ts";
 * import { memoryFiles } from "./file_view.ts";
 * import { tinyCheckpoint } from "./tiny_checkpoint.ts";
 *
 * const checkpoint = await readAtiCheckpoint(
 *   memoryFiles(await tinyCheckpoint({ folder: "tiny", seed: 1 })),
 *   { folder: "tiny" },
 * );
 * console.assert(checkpoint.transformer.hyperparameters.inDim === 36);
 * ```
 */
export async function readAtiCheckpoint(
  files: FileView,
  options: CheckpointOptions & { folder: string },
): Promise<AtiCheckpoint> {
  const { folder } = options;
  const search = new Search(files, folder);
  const missing: MissingPart[] = [];
  const paths = new Map<NetworkKind, string>();
  for (const kind of NETWORKS) {
    const given = options[kind];
    const path = given === undefined
      ? await search.find(kind)
      : search.override(kind, given);
    if (path !== undefined) paths.set(kind, path);
    else missing.push({ part: kind, ...PARTS[kind].missing });
  }
  const tokenizer = search.tokenizer(options.tokenizer);
  if (tokenizer === undefined && options.tokenizer !== false) {
    missing.push({
      part: "tokenizer",
      file: TOKENIZER_NAMES[0]!,
      alternatives: "tokenizer/tokenizer.json of a diffusers folder",
      repository: OFFICIAL,
    });
  }
  if (missing.length > 0) {
    throw missingError(files, { folder, missing, broken: search.broken });
  }

  const open = <Kind extends NetworkKind>(kind: Kind) =>
    readComponent(files, {
      kind,
      path: paths.get(kind)!,
      ...(options.config === undefined ? {} : { config: options.config }),
    });
  return {
    folder,
    t5: await open("t5"),
    clip: await open("clip"),
    vae: await open("vae"),
    transformer: await open("transformer"),
    tokenizer,
  };
}

/**
 * Opens one network from its weights file or index file.
 *
 * @param options.config config.json; for the transformer and the image
 * encoder the one beside the weights is taken where none is given
 * @throws {CheckpointError} What is wrong with it.
 *
 * @example
 * ```ts
 * import { readComponent } from "./ati_checkpoint.ts";
 * import { memoryFiles } from "./file_view.ts";
 * import { tinyCheckpoint } from "./tiny_checkpoint.ts";
 *
 * const files = memoryFiles(await tinyCheckpoint({ folder: "tiny", seed: 1 }));
 * const vae = await readComponent(files, { kind: "vae", path: "tiny/Wan2.1_VAE.pth" });
 * console.assert(vae.hyperparameters.zDim === 16);
 * ```
 */
export async function readComponent<Kind extends NetworkKind>(
  files: FileView,
  options: {
    kind: Kind;
    path: string;
    config?: string | Readonly<Record<string, unknown>>;
  },
): Promise<Component<Kind>> {
  const { kind, path } = options;
  const read = await readWeights(files, path);
  const config = configOf(files, options);
  return assembleComponent(kind, read, config ? { config } : {});
}

/** The configuration that was given, or the one beside the weights. */
function configOf(
  files: FileView,
  options: {
    kind: NetworkKind;
    path: string;
    config?: string | Readonly<Record<string, unknown>>;
  },
): NetworkConfig | undefined {
  const { kind, path, config } = options;
  if (kind === "transformer" && config !== undefined) {
    return typeof config === "string"
      ? readConfig(files, config)
      : { file: "config", values: config };
  }
  if (kind !== "transformer" && kind !== "clip") return undefined;
  const beside = besideIt(files, path);
  if (beside === undefined) return undefined;
  // In a folder of loose files a config.json may be anybody's.
  const found = readConfig(files, beside);
  const belongs = kind === "transformer" ? isWanConfig : isVisionConfig;
  return belongs(found.values) ? found : undefined;
}

function isWanConfig(values: Readonly<Record<string, unknown>>): boolean {
  return "_class_name" in values
    ? /^Wan/.test(String(values._class_name))
    : "num_heads" in values && "ffn_dim" in values;
}

function isVisionConfig(values: Readonly<Record<string, unknown>>): boolean {
  return !("_class_name" in values) && "patch_size" in values &&
    "num_attention_heads" in values;
}

/** The config.json in the weights' folder, where there is one. */
function besideIt(files: FileView, path: string): string | undefined {
  const config = joinPath(folderOf(path) || ".", "config.json");
  return files.stat(config)?.kind === "file" ? config : undefined;
}

function readConfig(files: FileView, path: string): NetworkConfig {
  const fail = (state: string, cause?: unknown) =>
    new CheckpointError(
      "unknown-layout",
      `Cannot read ${quote(path)} as a model's configuration: ${state}`,
      { cause },
    );
  const facts = files.stat(path);
  if (facts?.kind !== "file") throw fail("there is no such file");
  if (facts.size > MAX_CONFIG) throw fail(`it has ${facts.size} bytes`);
  using file = files.open(facts.realPath);
  let json: unknown;
  try {
    json = JSON.parse(new TextDecoder().decode(file.read(0, file.size)));
  } catch (cause) {
    throw fail("it is no JSON", cause);
  }
  if (typeof json !== "object" || json === null || Array.isArray(json)) {
    throw fail("it is no JSON object");
  }
  return { file: path, values: json as Readonly<Record<string, unknown>> };
}

class Search {
  readonly #files: FileView;
  readonly #folder: string;
  /** What a weights file holds, by path; read once. */
  readonly #kinds = new Map<string, Promise<NetworkKind | undefined>>();
  /** Files that could not be read, with the reason. */
  readonly broken: CheckpointError[] = [];

  constructor(files: FileView, folder: string) {
    this.#files = files;
    this.#folder = folder;
    if (files.stat(folder)?.kind === "folder") return;
    throw new CheckpointError(
      "missing-files",
      withHint(
        `Cannot open ${quote(folder)}: ${
          files.stat(folder) ? "it is a file" : "there is nothing"
        }, expected a folder`,
        `deno run -A tools/download.ts -c ${folder} fetches a checkpoint.`,
      ),
    );
  }

  /** The path of a part that the folder has. */
  async find(kind: NetworkKind): Promise<string | undefined> {
    const { names, folders } = PARTS[kind];
    const named = names.map((name) => joinPath(this.#folder, name))
      .find((path) => this.#isFile(path));
    if (named !== undefined) return named;
    const found: string[] = [];
    for (const path of this.#weightsFiles(folders)) {
      if (await this.#kindOf(path) === kind) found.push(path);
    }
    if (found.length <= 1) return found[0];
    // ComfyUI's folder holds many transformers; ATI's own says so.
    const own = found.filter((path) =>
      /(?:^|[^a-z])ati(?:[^a-z]|$)/i.test(path.slice(this.#folder.length))
    );
    if (kind === "transformer" && own.length === 1) return own[0];
    throw new CheckpointError(
      "unknown-layout",
      withHint(
        `Cannot choose the ${kind} in ${quote(this.#folder)}: ${
          found.map(quote).join(", ")
        } would all do, expected one`,
        `Name the one to take (--${kind} FILE).`,
      ),
    );
  }

  /** The path of a part that was asked for: a file, or a folder that holds it. */
  override(kind: NetworkKind, path: string): string {
    const facts = this.#files.stat(path);
    if (facts?.kind === "file") return path;
    if (facts?.kind === "folder") {
      const names = [
        "diffusion_pytorch_model.safetensors.index.json",
        "diffusion_pytorch_model.safetensors",
        "model.safetensors.index.json",
        "model.safetensors",
      ].map((name) => joinPath(path, name));
      const named = names.find((name) => this.#isFile(name));
      if (named !== undefined) return named;
    }
    throw new CheckpointError(
      "missing-files",
      `Cannot open ${quote(path)} as the ${kind}: ${
        facts ? "the folder holds no weights" : "there is nothing"
      }, expected a weights file, an index file or a folder with either`,
    );
  }

  tokenizer(given: string | false | undefined): string | undefined {
    if (given === false) return undefined;
    if (given === undefined) {
      return TOKENIZER_NAMES.map((name) => joinPath(this.#folder, name))
        .find((path) => this.#isFile(path));
    }
    const inside = joinPath(given, "tokenizer.json");
    const path = this.#isFile(given) ? given : inside;
    if (this.#isFile(path)) return path;
    throw new CheckpointError(
      "missing-files",
      `Cannot open ${
        quote(given)
      } as the tokenizer: there is no tokenizer.json`,
    );
  }

  #isFile(path: string): boolean {
    return this.#files.stat(path)?.kind === "file";
  }

  *#weightsFiles(folders: readonly string[]): Generator<string> {
    for (const folder of folders) {
      const path = joinPath(this.#folder, folder);
      for (const name of [...this.#files.list(path)].sort()) {
        if (!WEIGHTS_FILE.test(name) || SHARD_FILE.test(name)) continue;
        const file = joinPath(path, name);
        if (this.#isFile(file)) yield file;
      }
    }
  }

  #kindOf(path: string): Promise<NetworkKind | undefined> {
    let kind = this.#kinds.get(path);
    if (!kind) {
      // A broken file matters only if a part is missing in the end.
      kind = readWeights(this.#files, path).then(
        ({ tensors }) => recognizeNetwork(tensors.keys()),
        (error: unknown) => {
          if (!(error instanceof CheckpointError)) throw error;
          this.broken.push(error);
          return undefined;
        },
      );
      this.#kinds.set(path, kind);
    }
    return kind;
  }
}

function missingError(
  files: FileView,
  options: {
    folder: string;
    missing: readonly MissingPart[];
    broken: readonly CheckpointError[];
  },
): CheckpointError {
  const { folder, missing, broken } = options;
  const lines = missing.map(({ part, file, alternatives, repository }) =>
    `  ${part}: ${file}, from ${repository} (or ${alternatives})`
  );
  const count = files.list(folder).length;
  // Only the first line: the HINT below is the one that counts.
  const reasons = broken.map(({ message }) => `  ${message.split("\n")[0]}`);
  return new CheckpointError(
    "missing-files",
    withHint(
      `Cannot open ${quote(folder)} as a checkpoint: of ${
        count === 0 ? "an empty folder" : `${count} entries`
      } none is\n${[...lines, ...reasons].join("\n")}`,
      `deno run -A tools/download.ts -c ${folder} fetches what is missing.`,
    ),
  );
}
