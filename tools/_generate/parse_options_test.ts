import assert from "node:assert/strict";
import { parseGenerateOptions } from "./parse_options.ts";
import { UsageError } from "../shared/tool.ts";

const ITEM = ["--image", "a.jpg", "--track", "a.pth"];
const parse = (...args: string[]) => parseGenerateOptions(args);

/** The message of the error that a command line gives; commander stays silent. */
function errorOf(...args: string[]): string {
  const write = Deno.stderr.writeSync;
  Deno.stderr.writeSync = (bytes) => bytes.length;
  try {
    parse(...args);
  } catch (error) {
    return (error as Error).message;
  } finally {
    Deno.stderr.writeSync = write;
  }
  throw new Error(`no error: ${args.join(" ")}`);
}

Deno.test("parseGenerateOptions() takes run_example.sh's flags", () => {
  const options = parse(
    "-p",
    "jobs.yaml",
    "-c",
    "ckpt",
    "-o",
    "out",
    "-g",
    "2",
  );
  assert.deepEqual(options.input, { kind: "jobs", path: "jobs.yaml" });
  assert.equal(options.engine, "model");
  assert.equal(options.out, "out");
  assert.equal(options.model.checkpoint, "ckpt");
  assert.equal(options.model.gpus, 2);
  assert.equal(parse("-p", "jobs.yml").out, "samples");
});

Deno.test("parseGenerateOptions() takes how track files are read", () => {
  const { trackReading } = parse(
    ...[...ITEM, "--fps", "clip.mov", "--array", "points", "--length", "auto"],
    ...["--order", "time-first", "--unit", "share", "--from-size", "64x48"],
  );
  assert.deepEqual(trackReading, {
    ...{ length: "auto", video: "clip.mov", unit: "share", array: "points" },
    ...{ order: "time-first", fromSize: { width: 64, height: 48 } },
  });
  assert.equal(parse(...ITEM, "--fps", "29.97").trackReading.fps, 29.97);
  assert.match(errorOf(...ITEM, "--fps", "fast"), /a number from 0.1 to 1000/);
});

Deno.test("parseGenerateOptions() takes generate.py's flags, with its defaults", () => {
  const plain = parse("-p", "jobs.yaml");
  assert.deepEqual(
    [plain.engine, plain.maxArea, plain.frameCount, plain.seed, plain.crf],
    ["preview", 399360, 81, undefined, 10],
  );
  const { solver, steps, flowShift: shift, guidanceScale: guidance } =
    plain.model.settings;
  assert.deepEqual([solver, steps, shift, guidance], [
    "unipc",
    40,
    undefined,
    5,
  ]);

  const full = parse(
    ...["--task", "ati-14B", "--size", "1280*720", "--frame_num", "41"],
    ...["--ckpt_dir", "c", "--offload_model", "False", "--ulysses_size", "1"],
    ...["--ring_size", "1", "--t5_fsdp", "--t5_cpu", "--dit_fsdp"],
    ...["--vram", "7.5GB", "--execution", "streamed"],
    ...["--save_file", "v/%03d.mp4", "--prompt", " A cat. ", ...ITEM],
    ...["--base_seed", "7", "--sample_solver", "dpm++", "--sample_steps", "20"],
    ...["--sample_shift", "3.0", "--sample_guide_scale", "1"],
  );
  assert.deepEqual(full.input, {
    kind: "item",
    image: "a.jpg",
    track: "a.pth",
    text: "A cat.",
  });
  assert.deepEqual(full.model, {
    checkpoint: "c",
    parts: {},
    gpus: undefined,
    cudaProvider: undefined,
    device: "auto",
    dtype: undefined,
    settings: {
      maxArea: 921600,
      frameCount: 41,
      solver: "dpm++",
      steps: 20,
      flowShift: 3,
      guidanceScale: 1,
      stepCache: 0,
      compat: "exact",
    },
    offloadModel: false,
    t5Cpu: true,
    vram: 7.5e9,
    execution: "streamed",
    threads: undefined,
    resumeEvery: 5,
    previewEvery: 0,
    cacheDir: undefined,
    loras: [],
    tile: undefined,
    inject: undefined,
    keepLatent: false,
    extend: undefined,
  });
  assert.deepEqual(
    [full.maxArea, full.frameCount, full.seed, full.out, full.saveFile],
    [921600, 41, 7, undefined, "v/%03d.mp4"],
  );
  assert.equal(full.notes.length, 3); // t5_fsdp, dit_fsdp, the size
});

Deno.test("parseGenerateOptions() takes a control method with its own flags", () => {
  const of = (...args: string[]) => parse(...ITEM, ...args);
  assert.deepEqual(
    of("--temperature", "150", "--topk", "1", "--motion_end", "0.5").control,
    { temperature: 150, topk: 1, motion_end: 0.5 },
  );
  const wanMove = of("--control", "wan-move", "--uncond_motion", "off");
  assert.deepEqual(wanMove.control, {
    control: "wan-move",
    uncond_motion: "off",
  });
  // Its own default applies when the item is known.
  assert.equal(wanMove.model.settings.flowShift, undefined);
  assert.equal(of("--sample_shift", "5").model.settings.flowShift, 5);
  assert.deepEqual(of("--time-to-move").control, { time_to_move: "auto" });
  assert.deepEqual(
    of("--motion_signal", "cut", "--tweak", "-1", "--tstrong", "4").control,
    { motion_signal: "cut", tweak: -1, tstrong: 4 },
  );
  assert.throws(
    () => of("--control", "none", "--topk", "3"),
    /--topk has no effect with --control none: it belongs to --control ati/,
  );
  assert.throws(
    () => of("--tweak", "3"),
    /--tweak has no effect without --time_to_move/,
  );
  assert.throws(
    () => of("--motion_start", "0.6", "--motion_end", "0.5"),
    /--motion_start 0\.6 is after --motion_end 0\.5: the motion would act in no/,
  );
  assert.throws(
    () => of("--motion_start", "0.9", "--sample_steps", "4"),
    /motionStart 0\.9 and motionEnd 1: none of 4 steps is between them/,
  );
});

Deno.test("parseGenerateOptions() understands dashes too", () => {
  assert.equal(parse(...ITEM, "--sample-steps=9").model.settings.steps, 9);
  // A value is left as it is.
  const { input } = parse(...ITEM, "--prompt", "a-b --not-a flag");
  assert.equal(input.kind === "item" && input.text, "a-b --not-a flag");
});

Deno.test("parseGenerateOptions() says which flags a preview does not look at", () => {
  assert.deepEqual(parse("-p", "a.yaml").notes, []);
  assert.deepEqual(
    parse("-p", "a.yaml", "-c", "x", "--engine", "preview", "--base_seed", "1")
      .notes,
    ["Without effect on a motion preview: --ckpt_dir, --base_seed."],
  );
  const extension = [
    "--use_prompt_extend",
    "--prompt_extend_target_lang",
    "en",
  ];
  assert.deepEqual(parse("-p", "a.yaml", ...extension).notes, [
    "Without effect on a motion preview: --use_prompt_extend, --prompt_extend_target_lang.",
  ]);
});

Deno.test("parseGenerateOptions() refuses values that mean nothing", () => {
  for (
    const [flag, value, expected] of [
      ["--frame_num", "80", /4n \+ 1, for example 77/],
      ["--frame_num", "85", /whole number from 5 to 81/],
      ["--size", "480", /expected width\*height up to 1280\*720/],
      ["--size", "1920*1080", /up to 1280\*720/],
      ["--tile", "200", /from 256 to 2048/],
      ["--tile", "257", /a multiple of 8/],
      ["--shard", "0/2", /part\/of, counted from 1/],
      ["--shard", "3/2", /part\/of, counted from 1/],
      ["--sample_sigmas", "1,0.5,0.7", /number 3 is 0.7/],
      ["--skip_negative", "9-3", /two steps/],
      ["--step_cache", "-1", /from 0 to 10/],
      ["--sample_steps", "0", /from 1 to 100/],
      ["--sample_steps", "ten", /from 1 to 100/],
      ["--sample_shift", "NaN", /a number from 0.01 to 100/],
      ["--sample_guide_scale", "-1", /a number from 0 to 100/],
      ["--base_seed", "1.5", /a whole number/],
      ["--sample_solver", "heun", /Allowed choices are unipc, dpm\+\+, euler/],
      ["--engine", "none", /Allowed choices are auto, preview, model/],
      ["--dtype", "fp8", /expected auto, bf16, fp16, fp32, or a list/],
      ["--dtype", "t5=fp16", /expected auto, bf16, fp32, fp8, q8 or q4\nHINT/],
      ["--dtype", "vae=bf16", /VAE in "bf16", expected auto, fp16/],
      ["--dtype", "unet=fp16", /expected transformer, t5, clip or vae/],
      ["--dtype", "dit=fp16,dit=fp32", /dit is given twice/],
      ["--dtype", "dit=fp16,", /network=precision.*found ""/],
      ["--task", "t2v-14B", /Allowed choices are ati-14B/],
      ["--offload_model", "maybe", /expected yes or no/],
      ["--crf", "52", /from 0 to 51/],
      ["--sample_step", "3", /unknown option '--sample_step'/],
    ] as const
  ) assert.match(errorOf(...ITEM, flag, value), expected, `${flag} ${value}`);
});

Deno.test("parseGenerateOptions() refuses flags of other models, with the way out", () => {
  for (const flag of ["src_video", "src_mask", "first_frame", "last_frame"]) {
    assert.match(
      errorOf(...ITEM, `--${flag}`, "x"),
      new RegExp(`^Cannot use --${flag}\nHINT: `),
    );
  }
  assert.match(errorOf(...ITEM, "--ulysses_size", "2"), /HINT: Use -g N/);
});

Deno.test("-p is short for --jobs, and --prompt may still name a job file", () => {
  const jobs = { kind: "jobs", path: "a.yaml" };
  for (const flag of ["-p", "--jobs", "--prompt"]) {
    assert.deepEqual(parse(flag, "a.yaml").input, jobs);
  }
  for (const flag of ["-p", "--jobs", "--prompt"]) {
    const { input } = parse(...ITEM, flag, "A cat.");
    assert.equal(input.kind === "item" && input.text, "A cat.");
  }
  assert.match(
    errorOf("-p", "a.yaml", "--prompt", "A cat."),
    /Cannot use -p \("a\.yaml"\) together with --prompt \("A cat\."\)/,
  );
});

Deno.test("parseGenerateOptions() refuses flags that do not go together", () => {
  for (
    const [args, expected] of [
      [[], /^Nothing to do[^]*-p examples\/test.yaml[^]*\nHINT: /],
      [["-p", "A cat."], /prompt "A cat." alone, expected --image and --track/],
      [["--image", "a.jpg"], /--image alone, expected --track/],
      [["--track", "a.pth"], /--track alone, expected --image/],
      [
        ["--image", "", "--track", "a.pth"],
        /--image "": it is empty, expected/,
      ],
      [["-p", "a.yaml", ...ITEM], /together with --image or --track/],
      [["-p", "a.yaml", "--engine", "model"], /without a checkpoint\nHINT/],
      [["-p", "a.yaml", "--json", "--quiet"], /both --json and --quiet/],
      [["--from", "a.json", "--sample_steps", "3"], /--sample_steps together/],
      [["--from", "a.json", "-p", "a.yaml"], /--jobs together with --from/],
      [["--from", "a.json", "--fps", "30"], /--fps together with --from/],
    ] as const
  ) {
    assert.match(errorOf(...args), expected, args.join(" "));
    assert.throws(() => parse(...args), UsageError);
  }
  assert.match(
    errorOf("stray", ...ITEM),
    /"stray": unexpected argument\nHINT: Quote prompts/,
  );
});

Deno.test("parseGenerateOptions() takes what only the model looks at", () => {
  const { model, shard, engine } = parse(
    ...["--from", "a.json", "--shard", "2/8", "--preview_every", "4"],
    ...["--resume_every", "2", "--cache", "c", "--threads", "3"],
  );
  assert.deepEqual([engine, shard], ["model", [2, 8]]);
  assert.deepEqual(
    [model.previewEvery, model.resumeEvery, model.cacheDir, model.threads],
    [4, 2, "c", 3],
  );
  const { settings, extend, loras } = parse(
    ...["-p", "a.yaml", "-c", "x", "--sample_sigmas", "1,0.9,0.5"],
    ...["--skip_negative", "1-3", "--step_cache", "0.2", "--use_ret_steps"],
    ...["--use_prompt_extend", "--prompt_extend_model", "m"],
    ...["--lora", "a=b.safetensors", "--lora", "c.safetensors=-0.5"],
    ...["--lora", "d.safetensors=.5", "--lora", "e=1e-1"],
  ).model;
  assert.deepEqual(loras, [
    { file: "a=b.safetensors" },
    { file: "c.safetensors", strength: -0.5 },
    { file: "d.safetensors", strength: 0.5 },
    { file: "e", strength: 0.1 },
  ]);
  assert.deepEqual(settings.sigmas, [1, 0.9, 0.5]);
  assert.equal(settings.steps, 3);
  assert.deepEqual(settings.skipNegative, [1, 3]);
  assert.equal(settings.stepCache, 0.2);
  assert.equal(settings.useRetSteps, true);
  assert.deepEqual(extend, { model: "m", language: "zh" });
});

Deno.test("parseGenerateOptions() takes precisions for one network or for each", () => {
  const of = (dtype: string) =>
    parse("-p", "a.yaml", "-c", "x", "--dtype", dtype).model.dtype;
  assert.equal(of("fp16"), "fp16");
  assert.deepEqual(of("dit=fp8, t5=bf16,clip=fp16,vae=fp32"), {
    transformer: "fp8",
    t5: "bf16",
    clip: "fp16",
    vae: "fp32",
  });
});

Deno.test("parseGenerateOptions() takes --vae tiny as a draft", () => {
  const { model } = parseGenerateOptions(
    [...["-p", "a.yaml", "-c", "ckpt"], "--vae", "tiny", "--tiny-vae", "t.pth"],
  );
  assert.equal(model.settings.decoder, "tiny");
  assert.deepEqual(model.parts, { tinyVae: "t.pth" });
  assert.throws(
    () => parseGenerateOptions(["--from", "a.json", "--vae", "tiny"]),
    /--vae tiny together with --from: the recipe sets it/,
  );
});

Deno.test("parseGenerateOptions() takes parts of a checkpoint, or all of them", () => {
  const some = parse(...ITEM, "-c", "x", "--transformer", "q4", "--vae", "v");
  assert.deepEqual(some.model.parts, { transformer: "q4", vae: "v" });
  const all = parse(
    ...[...ITEM, "--transformer", "a", "--vae", "b", "--t5", "c"],
    ...["--clip", "d", "--tokenizer", "e"],
  );
  assert.deepEqual([all.engine, all.model.checkpoint], ["model", undefined]);
  assert.match(
    errorOf(...ITEM, "--t5", "c", "--vae", "b"),
    /^Cannot use --vae without a checkpoint for the other components\nHINT: .*--clip/,
  );
  const preview = parse(...ITEM, "-c", "x", "--engine", "preview", "--t5", "c");
  assert.deepEqual(preview.notes, [
    "Without effect on a motion preview: --ckpt_dir, --t5.",
  ]);
});
