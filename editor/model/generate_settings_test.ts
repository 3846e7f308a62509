import assert from "node:assert/strict";
import { parseGenerateOptions } from "../../tools/_generate/parse_options.ts";
import { resolveSteering } from "../../core/control/resolve_control.ts";
import {
  accepts,
  GENERATE_SETTINGS,
  type GenerateSetting,
  type GenerateValues,
  parseGenerateValues,
  settingFlags,
} from "./generate_settings.ts";

const INPUT = ["--image", "a.jpg", "--track", "a.pth", "-c", "folder"];

/** Values of a setting: all names, the ends of a range. */
function examplesOf(
  setting: GenerateSetting,
): readonly (string | number | boolean)[] {
  switch (setting.kind) {
    case "switch":
      return [true];
    case "text":
      return [setting.example];
    case "path":
      return ["a.safetensors"];
    case "choice":
      return setting.choices;
    default:
      return [setting.min, setting.min + setting.step, setting.max];
  }
}

Deno.test("every setting of the dialog is a flag that generate accepts", () => {
  const all = GENERATE_SETTINGS.flatMap((setting) =>
    examplesOf(setting).map((value) =>
      // At the run's end the motion would act in no step.
      setting.name === "motion_start" && value === 1
        ? [setting, 0.95] as const
        : [setting, value] as const
    )
  );
  for (const [setting, value] of all) {
    assert.ok(accepts(setting, value), setting.name);
    const values: GenerateValues = {
      [setting.name]: value,
      ...(setting.when && { [setting.when[0]]: setting.when[1] }),
      ...(setting.with !== undefined && { [setting.with]: 11 }),
      ...(/^mag_cache_/.test(setting.name) && { mag_cache: 0.12 }),
      ...(setting.name === "use_ret_steps" && { step_cache: 0.2 }),
    };
    const flags = settingFlags(parseGenerateValues(values), "model");
    assert.ok(flags.length >= 1, setting.name);
    parseGenerateOptions([...INPUT, ...flags]);
  }
});

Deno.test("the defaults of the dialog are those of generate", () => {
  const without = parseGenerateOptions(INPUT);
  const values = Object.fromEntries(
    GENERATE_SETTINGS.flatMap((setting) =>
      "default" in setting && setting.default !== undefined && !setting.when
        ? [[setting.name, setting.default]]
        : []
    ),
  );
  const { model, ...options } = parseGenerateOptions([
    ...INPUT,
    ...settingFlags(values, "model"),
  ]);
  // Offloading is decided later where nothing is given: then it is on.
  const { offloadModel = true, ...others } = without.model;
  assert.deepEqual({ ...options, model }, {
    ...without,
    control: options.control,
    model: { ...others, offloadModel },
  });
  assert.deepEqual(resolveSteering(options.control), resolveSteering({}));
});

Deno.test("values that mean nothing are refused by name", () => {
  for (
    const [values, expected] of [
      [{ steps: 3 }, /setting "steps": unknown, expected base_seed, size/],
      [{ sample_steps: 0 }, /Cannot use 0 as sample_steps: .*from 1 to 100/],
      [{ frame_num: 80 }, /80 as frame_num: .* in steps of 4/],
      [{ size: "9*9" }, /"9\*9" as size: expected one of 576/],
      [{ t5_cpu: "yes" }, /expected true or false/],
      [{ lora: "--overwrite" }, /expected for example motion/],
      [{ dtype: "bf16 --engine" }, /expected for example dit=fp8/],
      [7, /7, expected an object/],
    ] as const
  ) assert.throws(() => parseGenerateValues(values), expected);
});

Deno.test("what acts on nothing is not passed on", () => {
  const values = { base_seed: 3, topk: 4, motion_strength: 0.5, crf: 20 };
  assert.deepEqual(settingFlags(values, "preview"), ["--crf=20"]);
  assert.deepEqual(settingFlags(values, "model"), [
    "--base_seed=3",
    "--crf=20",
    "--topk=4",
  ]);
  assert.deepEqual(settingFlags({ ...values, control: "wan-move" }, "model"), [
    "--base_seed=3",
    "--crf=20",
    "--control=wan-move",
    "--motion_strength=0.5",
  ]);
});
