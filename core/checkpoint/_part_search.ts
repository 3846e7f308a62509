/**
 * Where the parts of a checkpoint lie in the folders that people have, and
 * what to say of those that are not there.
 */

import { trainingOfName } from "./training.ts";
import { quote, withHint } from "../base/errors.ts";
import { CheckpointError } from "../formats/checkpoint_error.ts";
import type { Judge } from "./check_together.ts";
import { type ComponentKind, type NetworkKind } from "../wan/networks.ts";
import { type FileView, joinPath } from "../base/file_view.ts";
import { readWeights } from "../formats/read_weights.ts";
import { recognizeNetwork } from "../wan/networks.ts";

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
    folders: [
      "",
      "diffusion_models",
      "unet",
      "split_files/diffusion_models",
      "WanMove",
    ],
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

/**
 * The small decoders of Wan2.1's latent, best first. They are looked for by
 * name: those of other models have the same tensors.
 */
const TINY_VAE_NAMES = ["lighttaew2_1", "taew2_1"].flatMap((name) =>
  ["safetensors", "pth"].map((ending) => `${name}.${ending}`)
);
const TINY_VAE_FOLDERS = ["", "vae", "vae_approx", "split_files/vae"];

const WEIGHTS_FILE = /\.(?:safetensors|pth|pt|gguf)$/i;
const GGUF_FILE = /\.gguf$/i;
const SHARD_FILE = /-\d{5}-of-\d{5}\.safetensors$/i;

/** What to say of a tokenizer that is not there. */
export const MISSING_TOKENIZER: MissingPart = {
  part: "tokenizer",
  file: TOKENIZER_NAMES[0]!,
  alternatives: "tokenizer/tokenizer.json of a diffusers folder",
  repository: OFFICIAL,
};

/** What to say of a network that is not there. */
export function missingNetwork(kind: NetworkKind): MissingPart {
  return { part: kind, ...PARTS[kind].missing };
}

/** Looks for the parts in one folder. */
export class PartSearch {
  readonly #files: FileView;
  readonly #folder: string;
  /** What a weights file holds, by path; read once. */
  readonly #kinds = new Map<string, Promise<ComponentKind | undefined>>();
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
        `deno task download -c ${folder} fetches a checkpoint.`,
      ),
    );
  }

  /**
   * The path of a part that the folder has. Of several files the one that fits
   * is taken; a GGUF file that has to be converted first is not, and said.
   */
  async find(kind: NetworkKind, judge: Judge): Promise<string | undefined> {
    const { names, folders } = PARTS[kind];
    const named = names.map((name) => joinPath(this.#folder, name))
      .find((path) => this.#isFile(path));
    if (named !== undefined) return named;
    const found: string[] = [];
    for (const path of this.#weightsFiles(folders)) {
      if (await this.#kindOf(path) === kind) found.push(path);
    }
    // What is wrong with the only one is said when it is opened.
    if (found.length <= 1 && !GGUF_FILE.test(found[0] ?? "")) return found[0];
    const fitting: string[] = [], reasons: string[] = [];
    let other = false;
    for (const path of found) {
      const error = await judge(kind, path);
      if (!error) {
        fitting.push(path);
        continue;
      }
      reasons.push(`  ${quote(path)}: ${error.message.split("\n")[0]}`);
      if (GGUF_FILE.test(path)) this.broken.push(error);
      else other = true;
    }
    if (fitting.length === 1) return fitting[0];
    if (fitting.length === 0) {
      if (!other) return undefined;
      throw new CheckpointError(
        "unknown-layout",
        withHint(
          `Cannot choose the ${kind} in ${
            quote(this.#folder)
          }: none of ${found.length} files fits\n${reasons.join("\n")}`,
          `Name the one to take (--${kind} FILE).`,
        ),
      );
    }
    if (kind === "transformer") {
      // ComfyUI's folder holds many transformers; ATI's own says so, and where
      // there is none, Wan-Move's.
      for (const training of ["ati", "wan-move"]) {
        const own = fitting.filter((path) =>
          trainingOfName(path.slice(this.#folder.length)) === training
        );
        if (own.length === 1) return own[0];
        if (own.length > 1) break;
      }
    }
    throw new CheckpointError(
      "unknown-layout",
      withHint(
        `Cannot choose the ${kind} in ${quote(this.#folder)}: ${
          fitting.map(quote).join(", ")
        } would all do, expected one`,
        `Name the one to take (--${kind} FILE).`,
      ),
    );
  }

  /** The GGUF files of the folder, whatever they hold. */
  looseGguf(): string[] {
    const folders = Object.values(PARTS).flatMap(({ folders }) => folders);
    return [...this.#weightsFiles([...new Set(folders)])]
      .filter((path) => GGUF_FILE.test(path));
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

  /** The small decoder: the one given, or the folder's, if it has one. */
  tinyVae(given: string | undefined): string | undefined {
    if (given === undefined) {
      return TINY_VAE_FOLDERS.flatMap((folder) =>
        TINY_VAE_NAMES.map((name) =>
          joinPath(joinPath(this.#folder, folder), name)
        )
      ).find((path) => this.#isFile(path));
    }
    if (this.#isFile(given)) return given;
    throw new CheckpointError(
      "missing-files",
      withHint(
        `Cannot open ${
          quote(given)
        } as the small decoder: there is no such file`,
        "deno task download --variant tiny-vae fetches one.",
      ),
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
        if (name.startsWith(".")) continue; // macOS keeps attributes in ._NAME
        const file = joinPath(path, name);
        if (this.#isFile(file)) yield file;
      }
    }
  }

  #kindOf(path: string): Promise<ComponentKind | undefined> {
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

/** What to say of a folder that lacks parts. */
export function missingError(
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
  // The HINT below is the one that counts, but for files to be converted.
  const reasons = broken.map(({ code, message }) => {
    const [first, hint] = message.split("\nHINT: ");
    return code === "weight-encoding" && hint
      ? `  ${first} (${hint})`
      : `  ${first!.split("\n")[0]}`;
  });
  return new CheckpointError(
    "missing-files",
    withHint(
      `Cannot open ${quote(folder)} as a checkpoint: ${
        count === 0 ? "it is empty, expected" : `of ${count} entries none is`
      }\n${[...lines, ...reasons].join("\n")}`,
      `deno task download -c ${folder} fetches what is missing.`,
    ),
  );
}
