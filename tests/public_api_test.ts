/**
 * What a person can do with the public API alone: everything here is imported
 * from mod.ts, on a tiny checkpoint of random weights.
 *
 * @module
 */

import assert from "node:assert/strict";
import {
  applyGuidance,
  AtiPipeline,
  buildClipPieces,
  buildClipVision,
  buildTransformer,
  buildTransformerBlocks,
  buildUmt5Encoder,
  buildVaeDecoder,
  buildVaeEncoder,
  type BuiltGraph,
  checkItems,
  cleanPrompt,
  conditioningVideo,
  CPU,
  createPredictor,
  createPreviewEngine,
  createSampler,
  createTokenizer,
  createVideo,
  decodeImage,
  decodeVideo,
  drawTrack,
  encodeClipImage,
  encodeImage,
  encodeTexts,
  encodeVideo,
  type GenerationSettings,
  GraphBuilder,
  HubClient,
  latentSize,
  loraAdapters,
  motionPreview,
  openAtiCheckpoint,
  openFileSource,
  openSession,
  openVideo,
  patchMotion,
  type PipelineEvent,
  planDownload,
  planRun,
  plotTracks,
  preprocessClipImage,
  processTracks,
  readJobs,
  readLora,
  readTracks,
  REFERENCE_TARGET,
  type RgbImage,
  runDownload,
  runItems,
  saveGraph,
  type Tensor,
  tensorFrames,
  tensorToFrames,
  tinyCheckpoint,
  torchNormal,
  TrackSet,
  validateTracks,
  VERSION,
  VIDEO_FPS,
  VIDEO_FRAMES,
  writeFileAtomic,
  writeTracks,
} from "../mod.ts";
import { startHub } from "./fixtures/hub_server.ts";
import { temporaryFolder } from "./fixtures/temporary.ts";

const IMAGE: RgbImage = {
  width: 48,
  height: 32,
  data: Uint8Array.from({ length: 48 * 32 * 3 }, (_, i) => (i * 7) % 256),
};

const TRACKS = TrackSet.fromPoints([
  drawTrack([{ x: 8, y: 16 }, { x: 40, y: 20 }], { easing: "ease-out" }),
  drawTrack([{ x: 30, y: 4 }]),
]);

/** Five frames of 48 x 32 px in two steps. */
const SETTINGS: GenerationSettings = {
  maxArea: 48 * 32,
  frameCount: 5,
  steps: 2,
  guidanceScale: 4,
};

const PROMPT = "a boat &amp; a moon";

const weights = await temporaryFolder();
const files = await tinyCheckpoint({ folder: weights.path, seed: 1 });
for (const [path, bytes] of Object.entries(files)) {
  await writeFileAtomic(path, bytes);
}
const checkpoint = await openAtiCheckpoint(weights.path);
const { transformer, t5, clip, vae } = checkpoint;
addEventListener("unload", () => {
  Deno.removeSync(weights.path, { recursive: true });
});

Deno.test("tracks are drawn, checked, written and read", async () => {
  assert.deepEqual(validateTracks(TRACKS, IMAGE).map(({ code }) => code), []);
  for (const format of ["pth", "npz", "json"] as const) {
    const file = await writeTracks(TRACKS, format);
    const { tracks } = await readTracks(file, { name: `mine.${format}` });
    assert.equal(tracks.count, 2, format);
    assert.equal(Math.round(tracks.x(0, 120)), 40, format);
  }
  const image = plotTracks(IMAGE, TRACKS);
  assert.notDeepEqual(image.data, IMAGE.data);
  const decoded = await decodeImage(await encodeImage(image, "png"));
  assert.deepEqual(decoded.data, image.data);
});

Deno.test("a motion preview becomes a video", async () => {
  await using folder = await temporaryFolder();
  const path = folder.file("preview.mp4");
  const { width, height } = IMAGE;
  {
    await using video = await createVideo(path, {
      width,
      height,
      fps: VIDEO_FPS,
    });
    for (const frame of motionPreview(IMAGE, TRACKS)) await video.write(frame);
    await video.finish();
  }
  const video = await openVideo(path);
  let frames = 0;
  for await (const frame of video.frames()) {
    assert.equal(frame.width, width);
    frames++;
  }
  assert.equal(frames, VIDEO_FRAMES);
});

Deno.test("the networks, run one by one, make the pipeline's video", async () => {
  // The text encoder.
  const tokenizer = createTokenizer(
    await Deno.readTextFile(checkpoint.tokenizer!),
  );
  const idsOf = (text: string) => {
    const { ids, length } = tokenizer.encode(cleanPrompt(text));
    return ids.subarray(0, length);
  };
  const [promptEmbeds, negativeEmbeds] = await encodeTexts(
    t5,
    [idsOf(PROMPT), idsOf("blurry")],
    { device: CPU },
  );
  // The image encoder.
  const imageEmbeds = await encodeClipImage(clip, preprocessClipImage(IMAGE), {
    device: CPU,
  });
  // The VAE's encoder, and the condition.
  const size = latentSize(IMAGE, { maxArea: SETTINGS.maxArea! });
  const frames = tensorFrames(conditioningVideo(IMAGE, size)).read(0, 5);
  const imageLatent = await encodeVideo(vae, tensorFrames(frames), {
    device: CPU,
  });
  const { dims: [, count], data } = processTracks(TRACKS, IMAGE);
  const condition = patchMotion({
    dims: [5, count!, 4],
    data: data.subarray(0, 5 * count! * 4),
  }, imageLatent);
  assert.deepEqual(condition.dims, [
    20,
    2,
    size.latentHeight,
    size.latentWidth,
  ]);
  // The transformer's predictions, and the solver.
  const dims = [16, 2, size.latentHeight, size.latentWidth] as const;
  let latent: Tensor = {
    dims,
    data: torchNormal(7, dims.reduce((a, b) => a * b)),
  };
  const sampler = createSampler("unipc", { steps: 2, flowShift: 5 });
  await using predictor = createPredictor({
    component: transformer,
    latent: [2, size.latentHeight, size.latentWidth],
    placements: [{ device: CPU, target: REFERENCE_TARGET }],
    execution: "monolithic",
  });
  for (const [step, timestep] of sampler.schedule.timesteps.entries()) {
    const { conditional, unconditional } = await predictor.predict({
      step,
      timestep,
      latent,
      conditions: {
        condition,
        promptEmbeds: promptEmbeds!,
        negativeEmbeds,
        imageEmbeds,
      },
      branches: ["conditional", "unconditional"],
    });
    const prediction = applyGuidance(conditional!, unconditional!, {
      scale: 4,
    });
    latent = sampler.advance(prediction, latent);
  }
  // The VAE's decoder.
  const made = [];
  for await (const part of decodeVideo(vae, latent, { device: CPU })) {
    made.push(...tensorToFrames(part));
  }
  assert.equal(made.length, 5);

  await using pipeline = await AtiPipeline.open({
    checkpoint,
    devices: ["cpu"],
    execution: "monolithic",
  });
  const events: PipelineEvent[] = [];
  const generated = [];
  const video = pipeline.generate(
    {
      image: IMAGE,
      tracks: TRACKS,
      prompt: PROMPT,
      negativePrompt: "blurry",
      seed: 7,
    },
    { settings: SETTINGS, onEvent: (event) => events.push(event) },
  );
  for await (const part of video) generated.push(...tensorToFrames(part));
  const last = events.findLast((event) => event.type === "step");
  assert.deepEqual(latent.data, last?.latent.data);
  assert.deepEqual(made, generated);
});

Deno.test("every network's graph is saved as an ONNX file", async () => {
  const graphs: Record<string, BuiltGraph> = {
    transformer: buildTransformer(transformer, { latent: [2, 4, 6] }),
    "transformer.block": buildTransformerBlocks(transformer, {
      latent: [2, 4, 6],
    }).block(1),
    text_encoder: buildUmt5Encoder(t5, { length: 16 }),
    image_encoder: buildClipVision(clip),
    "image_encoder.first": buildClipPieces(clip).first(),
    vae_encoder: buildVaeEncoder(vae, {
      size: [4, 6],
      chunk: { kind: "first" },
    }),
    vae_decoder: buildVaeDecoder(vae, {
      size: [4, 6],
      chunk: { kind: "first" },
    }),
  };
  for (const [name, graph] of Object.entries(graphs)) {
    const path = `${weights.path}/${name}.onnx`;
    await saveGraph(graph, path);
    // The weights stay in the checkpoint: the model is small beside them.
    const { size } = await Deno.stat(path);
    const stored = [...graph.weightFiles.values()].reduce((a, b) => a + b);
    assert.ok(size < stored, `${name}: ${size} of ${stored} bytes`);
    await Deno.remove(path);
  }
  const g = new GraphBuilder("mine", { weights: vae.tensors });
  const x = g.input("x", "float32", [1, 16, 1, 2, 2]);
  g.output("y", x.add(g.weight("conv2.bias").reshape([1, 16, 1, 1, 1])));
  await using folder = await temporaryFolder();
  await saveGraph(g.build(), folder.file("mine.onnx"), { weights: "copy" });
  await using session = await openSession(g.build(), CPU);
  const zero = { dims: [1, 16, 1, 2, 2], data: new Float32Array(64) };
  const { y } = await session.run({ x: zero });
  const copied = await Deno.readFile(folder.file("mine.onnx.data"));
  assert.equal(y!.data[0], new Float32Array(copied.buffer)[0]);
});

Deno.test("a LoRA changes a transformer's graph", async () => {
  await using folder = await temporaryFolder();
  const layer = "blocks.0.self_attn.q", { dim } = transformer.config;
  const header = new TextEncoder().encode(JSON.stringify({
    [`diffusion_model.${layer}.lora_A.weight`]: {
      dtype: "F32",
      shape: [1, dim],
      data_offsets: [0, 4 * dim],
    },
    [`diffusion_model.${layer}.lora_B.weight`]: {
      dtype: "F32",
      shape: [dim, 1],
      data_offsets: [4 * dim, 8 * dim],
    },
  }));
  const file = new Uint8Array(8 + header.length + 8 * dim);
  new DataView(file.buffer).setBigUint64(0, BigInt(header.length), true);
  file.set(header, 8);
  file.set(
    new Uint8Array(new Float32Array(2 * dim).fill(0.5).buffer),
    8 + header.length,
  );
  const path = folder.file("lora.safetensors");
  await writeFileAtomic(path, file);
  using source = openFileSource(path);
  const lora = readLora(source, transformer.tensors);
  assert.deepEqual([...lora.layers.keys()], [layer]);
  const predict = async (strength: number) => {
    const graph = buildTransformer(transformer, {
      latent: [1, 4, 4],
      adapters: loraAdapters([{ lora, strength }]),
    });
    await using session = await openSession(graph, CPU);
    const feeds = Object.fromEntries(
      graph.inputs.map(({ name, shape }, i) => {
        const size = shape.reduce((a, b) => a * b);
        return [name, { dims: shape, data: torchNormal(i, size) }];
      }),
    );
    return (await session.run(feeds))["prediction"]!.data;
  };
  assert.notDeepEqual(await predict(1), await predict(0));
});

Deno.test("a job file is planned, checked and run", async () => {
  await using folder = await temporaryFolder();
  await writeFileAtomic(folder.file("a.png"), await encodeImage(IMAGE, "png"));
  await writeFileAtomic(folder.file("a.pth"), await writeTracks(TRACKS, "pth"));
  await writeFileAtomic(
    folder.file("jobs.yaml"),
    "- {image: a.png, text: A boat., track: a.pth, name: boat}\n",
  );
  const items = planRun(await readJobs(folder.file("jobs.yaml")), {
    out: folder.file("out"),
  });
  await using engine = createPreviewEngine({ maxArea: 1024, frameCount: 3 });
  assert.deepEqual(await checkItems(items, { engine }), []);
  const summary = await runItems(items, { engines: [engine] });
  assert.equal(summary.done, 1);
  assert.ok((await Deno.stat(folder.file("out/outputs/boat.mp4"))).size > 0);
});

Deno.test("files are downloaded from a hub", async () => {
  await using folder = await temporaryFolder();
  const bytes = new TextEncoder().encode("weights");
  await using hub = startHub({ "a/b": { "model.bin": { bytes, lfs: true } } });
  const client = new HubClient({ endpoint: hub.endpoint });
  const plan = await planDownload(client, {
    folder: folder.path,
    wanted: [{ repository: "a/b", paths: ["*.bin"] }],
  });
  assert.equal(plan.missing, bytes.length);
  await runDownload(client, plan);
  assert.deepEqual(await Deno.readFile(folder.file("model.bin")), bytes);
});

const config: {
  version: string;
  name: string;
  exports: Record<string, string>;
  tasks: Record<string, { command: string }>;
} = JSON.parse(
  await Deno.readTextFile(new URL("../deno.json", import.meta.url)),
);

Deno.test("the version is that of deno.json", () => {
  assert.equal(VERSION, config.version);
});

Deno.test("every entry's names are listed and documented", async () => {
  const root = await import("../mod.ts");
  const entries = Object.values(config.exports);
  const listed = config.tasks["doc-lint"]!.command.split(" ");
  const below = new Map<string, unknown>();
  for (const entry of entries) {
    assert.ok(
      listed.includes(entry.slice(2)),
      `doc-lint goes through ${entry}`,
    );
    const text = await Deno.readTextFile(
      new URL(`../${entry}`, import.meta.url),
    );
    assert.doesNotMatch(text, /^export \*/m, entry);
    if (entry === "./mod.ts") continue;
    const values = await import(new URL(`../${entry}`, import.meta.url).href);
    for (const [name, value] of Object.entries(values)) below.set(name, value);
  }
  // The root's names are the same ones.
  for (const [name, value] of Object.entries(root)) {
    assert.equal(below.get(name), value, name);
  }
});
