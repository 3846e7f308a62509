/**
 * The flags of the model: which weights, on which device, how a long run is
 * kept.
 *
 * @module
 */

import type { LoraChoice } from "../../core/pipeline/pipeline_options.ts";
import {
  PART_OPTIONS,
  PARTS_TITLE,
  TINY_VAE_OPTION,
} from "../shared/checkpoint_options.ts";
import { CUDA_PROVIDER } from "../shared/common_flags.ts";
import { parseBytes } from "../shared/parse_bytes.ts";
import { type Command, numberBetween, Option } from "../shared/tool.ts";
import { parseLora } from "../shared/parse_lora.ts";
import { parseBoolean, parseDtype, parseTile } from "./values.ts";

/** Adds the flags that say which weights. */
export function addWeightFlags(program: Command) {
  return program
    .optionsGroup("Model:")
    .option(
      "-c, --ckpt_dir <folder>",
      "the checkpoint folder; without one motion previews are made. tools/download.ts fetches one, tools/doctor.ts checks it",
    )
    .addOption(
      new Option(
        "--engine <name>",
        "preview moves the image itself; model generates, and needs -c; auto: model if there is a checkpoint",
      ).choices(["auto", "preview", "model"] as const).default(
        "auto" as const,
      ),
    )
    .addOption(
      new Option(
        "--lora <file[=strength]>",
        "add a LoRA, for example motion.safetensors=0.8; may be given several times",
      ).argParser(parseLora).default([] as LoraChoice[], "none"),
    )
    .addOption(
      new Option("--task <name>", "the model's name, as generate.py has it")
        .choices(["ati-14B"] as const).default("ati-14B" as const),
    );
}

/** Adds the flags that say where the model runs, and in how much memory. */
export function addDeviceFlags(program: Command) {
  return program
    .optionsGroup("Devices:")
    .addOption(
      new Option(
        "--device <name>",
        "cuda: NVIDIA; webgpu: a GPU with Vulkan, Metal or Direct3D 12; cpu: anywhere, in days; auto: the first of these that passes a self-test. A named device is used or is an error",
      ).choices(["auto", "cuda", "webgpu", "cpu"] as const)
        .default("auto" as const),
    )
    .option(
      "-g, --gpus <number>",
      "number of GPUs: an item on each, a single item on two (default: all)",
      numberBetween(1, 64, "integer"),
    )
    .option(
      "--dtype <name>",
      "the transformer's dtype: auto, bf16, fp16 or fp32; or a list for single networks, for example dit=fp8,t5=bf16,clip=fp16,vae=fp32 (default: auto)",
      parseDtype,
    )
    .option(
      "--vram <size>",
      "the most memory to use on each GPU, for example 8GB: what does not fit is streamed or run in tiles (default: what is free)",
      parseBytes,
    )
    .addOption(
      new Option(
        "--execution <name>",
        "how the transformer is run: monolithic, as one graph; blockwise, block after block; streamed, with none of its blocks kept in memory (default: what fits)",
      ).choices(["monolithic", "blockwise", "streamed"] as const),
    )
    .option(
      "--t5_cpu",
      "run the text encoder on the CPU: saves 11 GB of GPU memory",
    )
    .option(
      "--tile <px>",
      "encode and decode in tiles of this size, to save memory: 256 to 2048 (default: no tiles)",
      parseTile,
    )
    .option(
      "--offload_model <yes|no>",
      "unload each network after use (default: yes)",
      parseBoolean,
    )
    .option(
      "--threads <number>",
      "threads on the CPU (default: one for each core)",
      numberBetween(1, 1024, "integer"),
    )
    .option(...CUDA_PROVIDER);
}

/** Adds the flags for runs that take long, and for prompts that get longer. */
export function addRunFlags(program: Command) {
  return program
    .optionsGroup("Run:")
    .option(
      "--preview_every <steps>",
      "write a preview image every so many steps; 0: never",
      numberBetween(0, 100, "integer"),
      0,
    )
    .option(
      "--resume_every <steps>",
      "save the resume state every so many steps",
      numberBetween(1, 100, "integer"),
      5,
    )
    .option(
      "--cache <folder>",
      "cache embeddings; other seeds skip encoding",
    )
    .optionsGroup("Outputs:")
    .option(
      "--keep_latent",
      "keep the latent next to the video, as .safetensors",
    )
    .optionsGroup("Inputs:")
    .option(
      "--use_prompt_extend",
      "extend the prompts by a language model at $PROMPT_EXTEND_URL",
    )
    .option(
      "--prompt_extend_model <name>",
      "its model (default: $PROMPT_EXTEND_MODEL)",
    )
    .addOption(
      new Option(
        "--prompt_extend_target_lang <name>",
        "language of extended prompts",
      )
        .choices(["zh", "en"] as const).default("zh" as const),
    )
    .addOption(
      new Option("--prompt_extend_method <name>").choices(
        ["dashscope", "local_qwen"] as const,
      ).hideHelp(),
    );
}

/** Adds the flags that name parts of the checkpoint. */
export function addPartFlags(program: Command) {
  return program
    .optionsGroup(PARTS_TITLE)
    .addOption(PART_OPTIONS.transformer)
    .addOption(PART_OPTIONS.vae)
    .addOption(PART_OPTIONS.t5)
    .addOption(PART_OPTIONS.clip)
    .addOption(PART_OPTIONS.tokenizer)
    .addOption(TINY_VAE_OPTION);
}
