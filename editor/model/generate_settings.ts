/**
 * The settings of `tools/generate.ts` that the page offers, as data: what the
 * dialog shows, and what the server checks before it starts a process.
 *
 * @module
 */

import {
  acceptsValue,
  describeValues,
  type Setting,
  type SettingBasics,
} from "../../core/base/setting.ts";
import {
  CONTROL_KEYS,
  CONTROL_SETTINGS,
  ownerOf,
} from "../../core/control/control_values.ts";

/** A flag that is given or not. */
export interface SwitchSetting extends SettingBasics {
  /** Its values are true and false. */
  readonly kind: "switch";
}

/** A text of a form of its own. */
export interface TextSetting extends SettingBasics {
  /** Its values are texts. */
  readonly kind: "text";
  /** What the whole text must match. */
  readonly pattern: RegExp;
  /** One that does. */
  readonly example: string;
}

/** A setting of the dialog. */
export type GenerateSetting = (Setting | SwitchSetting | TextSetting) & {
  /** Whether it is for the model alone; a preview does not have it. */
  readonly modelOnly: boolean;
  /** It acts only where this other setting has one of these values. */
  readonly when?: readonly [name: string, ...values: string[]];
  /** It acts only where this other setting is greater than 0. */
  readonly with?: string;
};

/** Chosen values, by the names of the settings; what is absent is a default. */
export type GenerateValues = Readonly<
  Record<string, string | number | boolean>
>;

const NUMBER = String.raw`\d+(?:\.\d+)?`;

const model = { modelOnly: true } as const;
const VIDEO = { group: "Video" } as const;
const SAMPLING = { group: "Sampling", ...model } as const;
const SPEED = { group: "Speed", ...model } as const;
const MODEL = { group: "Model", ...model } as const;
const DEVICE = { group: "Device and memory", ...model } as const;

/** Where the settings of a control method, of Time-to-Move, or of NAG act. */
function whereOf(
  owner: ReturnType<typeof ownerOf>,
): Pick<GenerateSetting, "when" | "with"> {
  if (owner === undefined) return {};
  if (owner === "nag") return { with: CONTROL_SETTINGS.nag_scale.name };
  if (owner !== "time_to_move") return { when: ["control", owner] };
  const { choices } = CONTROL_SETTINGS.time_to_move;
  return {
    when: ["time_to_move", ...choices.filter((choice) => choice !== "off")],
  };
}

/** All settings, in the order of the dialog. */
export const GENERATE_SETTINGS: readonly GenerateSetting[] = [
  {
    ...VIDEO,
    ...model,
    name: "base_seed",
    label: "Seed",
    help: "the same seed and settings make the same video; empty draws one",
    kind: "integer",
    min: 0,
    max: 2 ** 32 - 1,
    step: 1,
  },
  {
    ...VIDEO,
    modelOnly: false,
    name: "size",
    label: "Size",
    help: "the area in px; the aspect is always the image's",
    kind: "choice",
    choices: ["576*336", "832*480", "1280*720"],
    default: "832*480",
  },
  {
    ...VIDEO,
    modelOnly: false,
    name: "frame_num",
    label: "Frames",
    help: "4n + 1 frames at 16 per second; ATI was trained with 81",
    kind: "integer",
    min: 5,
    max: 81,
    step: 4,
    default: 81,
  },
  {
    ...VIDEO,
    modelOnly: false,
    name: "overlap",
    label: "Overlap",
    help: "longer videos: frames in which a segment fades into the next",
    kind: "integer",
    min: 0,
    max: 78,
    step: 2,
  },
  {
    ...VIDEO,
    modelOnly: false,
    name: "crf",
    label: "Compression",
    help: "H.264 quality, 0 (lossless) to 51, lower is better; reference: 10",
    kind: "integer",
    min: 0,
    max: 51,
    step: 1,
    default: 10,
  },
  {
    ...SAMPLING,
    name: "sample_steps",
    label: "Steps",
    help: "denoising steps; reference: 40",
    kind: "integer",
    min: 1,
    max: 100,
    step: 1,
    default: 40,
  },
  {
    ...SAMPLING,
    name: "sample_solver",
    label: "Solver",
    help: "the numerical method of sampling",
    kind: "choice",
    choices: ["unipc", "dpm++", "euler"],
    default: "unipc",
  },
  {
    ...SAMPLING,
    name: "sample_shift",
    label: "Flow shift",
    help: "higher: more steps on layout and motion",
    kind: "number",
    min: 0.01,
    max: 100,
    step: 0.5,
  },
  {
    ...SAMPLING,
    name: "sample_guide_scale",
    label: "Guidance scale",
    help: "how closely the prompt is followed; 1 is twice as fast",
    kind: "number",
    min: 0,
    max: 100,
    step: 0.5,
    default: 5,
  },
  {
    ...SAMPLING,
    name: "sample_sigmas",
    label: "Noise levels",
    help: "custom noise levels instead of steps and shift",
    kind: "text",
    pattern: new RegExp(`^${NUMBER}(?:,${NUMBER})*$`),
    example: "1,0.94,0.83,0.63",
  },
  ...CONTROL_KEYS.map((name): GenerateSetting => ({
    ...CONTROL_SETTINGS[name],
    ...model,
    ...whereOf(ownerOf(name)),
  })),
  {
    ...SPEED,
    name: "skip_negative",
    label: "Without negative prompt",
    help: "steps, from and to, that skip the negative prompt",
    kind: "text",
    pattern: /^\d{1,3}-\d{1,3}$/,
    example: "28-40",
  },
  {
    ...SPEED,
    name: "step_cache",
    label: "TeaCache",
    help: "threshold: 0.13 high fidelity, 0.26 fast, 0 off",
    kind: "number",
    min: 0,
    max: 10,
    step: 0.01,
    default: 0,
  },
  {
    ...SPEED,
    name: "use_ret_steps",
    label: "First steps computed",
    help:
      "TeaCache: compute the first 5 steps, compare the time projection; threshold about 0.26",
    kind: "switch",
  },
  {
    ...SPEED,
    name: "mag_cache",
    label: "MagCache",
    help: "threshold, instead of TeaCache: 0.12 high fidelity, 0.24 fast",
    kind: "number",
    min: 0.001,
    max: 10,
    step: 0.01,
  },
  {
    ...SPEED,
    name: "mag_cache_k",
    label: "Reused in a row",
    help: "MagCache: how many passes in a row may be reused",
    kind: "integer",
    min: 1,
    max: 100,
    step: 1,
  },
  {
    ...SPEED,
    name: "mag_cache_retention",
    label: "Always computed",
    help: "MagCache: the fraction of the steps that is always computed first",
    kind: "number",
    min: 0,
    max: 1,
    step: 0.05,
  },
  {
    ...MODEL,
    name: "lora",
    label: "LoRA",
    help:
      "a file of the project folder or the checkpoint folder, with its strength",
    kind: "text",
    pattern: /^[^\s=][^=\n]*\.safetensors(?:=-?\d+(?:\.\d+)?)?$/,
    example: "motion.safetensors=0.8",
  },
  {
    ...MODEL,
    name: "keep_latent",
    label: "Keep the latent",
    help: "write the latent next to the video, as .safetensors",
    kind: "switch",
  },
  {
    ...DEVICE,
    name: "device",
    label: "Device",
    help: "auto: the first that passes a self-test",
    kind: "choice",
    choices: ["auto", "cuda", "webgpu", "cpu"],
    default: "auto",
  },
  {
    ...DEVICE,
    name: "gpus",
    label: "GPUs",
    help: "how many; all by default",
    kind: "integer",
    min: 1,
    max: 64,
    step: 1,
  },
  {
    ...DEVICE,
    name: "dtype",
    label: "Dtype",
    help:
      "the transformer's: auto, bf16, fp16 or fp32; or a list for single networks",
    kind: "text",
    pattern: /^[\w.]+(?:=\w+)?(?:,\w+=\w+)*$/,
    example: "dit=fp8,t5=bf16",
  },
  {
    ...DEVICE,
    name: "tile",
    label: "VAE tiles",
    help: "encode and decode in tiles of this size in px, to save memory",
    kind: "integer",
    min: 256,
    max: 2048,
    step: 8,
  },
  {
    ...DEVICE,
    name: "t5_cpu",
    label: "Text encoder on the CPU",
    help: "saves 11 GB of GPU memory",
    kind: "switch",
  },
  {
    ...DEVICE,
    name: "offload_model",
    label: "Offload",
    help: "unload each network after use",
    kind: "choice",
    choices: ["yes", "no"],
    default: "yes",
  },
];

/** Whether a setting acts on a run of this engine with these values. */
export function actsOn(
  setting: GenerateSetting,
  engine: "preview" | "model",
  values: GenerateValues,
): boolean {
  if (setting.modelOnly && engine === "preview") return false;
  const other = setting.with;
  if (other !== undefined) {
    return Number(values[other] ?? defaultOf(other) ?? 0) > 0;
  }
  if (!setting.when) return true;
  const [name, ...wanted] = setting.when;
  return wanted.includes(String(values[name] ?? defaultOf(name)));
}

/** What applies where nothing is chosen, if that is known. */
export function defaultOf(name: string): string | number | undefined {
  const setting = GENERATE_SETTINGS.find((one) => one.name === name);
  return setting && "default" in setting ? setting.default : undefined;
}

/** Whether a value is one of a setting's. */
export function accepts(setting: GenerateSetting, value: unknown): boolean {
  switch (setting.kind) {
    case "switch":
      return typeof value === "boolean";
    case "text":
      return typeof value === "string" && setting.pattern.test(value);
    case "integer":
      return acceptsValue(setting, value) &&
        (Number(value) - setting.min) % setting.step === 0;
    default:
      return acceptsValue(setting, value);
  }
}

/**
 * Checks values from outside.
 *
 * @throws {TypeError} When one has another name or value than there is.
 */
export function parseGenerateValues(values: unknown): GenerateValues {
  if (typeof values !== "object" || values === null) {
    throw new TypeError(
      `Cannot use the settings: ${
        JSON.stringify(values)
      }, expected an object of values by name`,
    );
  }
  for (const [name, value] of Object.entries(values)) {
    const setting = GENERATE_SETTINGS.find((one) => one.name === name);
    if (!setting) {
      throw new TypeError(
        `Cannot use the setting ${JSON.stringify(name)}: unknown, expected ${
          GENERATE_SETTINGS.map((one) => one.name).join(", ")
        }`,
      );
    }
    if (!accepts(setting, value)) {
      throw new TypeError(
        `Cannot use ${JSON.stringify(value)} as ${name}: expected ${
          describe(setting)
        }`,
      );
    }
  }
  return values as GenerateValues;
}

/** What values a setting has, as text. */
export function describe(setting: GenerateSetting): string {
  switch (setting.kind) {
    case "switch":
      return "true or false";
    case "text":
      return `for example ${setting.example}`;
    case "integer":
      return describeValues(setting) +
        (setting.step > 1 ? ` in steps of ${setting.step}` : "");
    default:
      return describeValues(setting);
  }
}

/**
 * The flags for these values; those without effect are left out.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { settingFlags } from "./generate_settings.ts";
 * const values = { base_seed: 7, frame_num: 41, t5_cpu: false };
 * assert.deepEqual(settingFlags(values, "model"), [
 *   "--base_seed=7",
 *   "--frame_num=41",
 * ]);
 * assert.deepEqual(settingFlags(values, "preview"), ["--frame_num=41"]);
 * ```
 */
export function settingFlags(
  values: GenerateValues,
  engine: "preview" | "model",
): string[] {
  return GENERATE_SETTINGS.flatMap((setting) => {
    const value = values[setting.name];
    if (value === undefined || value === false) return [];
    if (!actsOn(setting, engine, values)) return [];
    return [
      value === true ? `--${setting.name}` : `--${setting.name}=${value}`,
    ];
  });
}
