import assert from "node:assert/strict";
import { CONTROL_KEYS, type ControlValues } from "../control/control_values.ts";
import { resolveSteering } from "../control/resolve_control.ts";
import { sourceOf } from "./item_signal.ts";
import {
  checkKept,
  isSameTrack,
  type OwnValues,
  trackParts,
} from "./kept_video.ts";
import type { RunItem } from "./plan_run.ts";
import type { VideoRecipe } from "./video_tags.ts";

const item: RunItem = {
  ...{
    index: 0,
    name: "000",
    prompt: "A cat.",
    image: "a.jpg",
    track: "a.pth",
  },
  outputs: { video: "000.mp4" },
};
const recipe: VideoRecipe = {
  ...{ engine: "model", text: "A cat.", negative: "people", seed: 7 },
  ...{ image_sha256: "11", track_sha256: "22" },
};

/** The keys for which a video is refused, and whether its files were hashed. */
async function refused({
  now = {},
  made = recipe,
  own = {},
  copied,
  since = Infinity,
  files = { image: "11", track: "22" },
}: {
  now?: Partial<RunItem>;
  made?: VideoRecipe | undefined;
  own?: OwnValues;
  copied?: string[];
  since?: number;
  files?: { image: string; track: string };
} = {}): Promise<string> {
  let isHashed = false;
  const found = await checkKept({ ...item, ...now }, {
    recipe: made.image_sha256 === "none" ? undefined : made,
    ...{ written: 1000, engine: "model", isUnchanged: true },
    earlier: { changed: () => copied, since, own: () => own },
    hashes: () => {
      isHashed = true;
      return Promise.resolve(files);
    },
  }).then(
    () => "",
    ({ message }) =>
      /^Cannot keep "000.mp4": it was made with another (.*), expected that of the entry\nHINT: Remove/
        .exec(message)![1]!,
  );
  return isHashed ? `hashed: ${found}` : found;
}

function controlKeysIn(values: ControlValues) {
  return CONTROL_KEYS.filter((key) => values[key] !== undefined);
}

/** A copy with the same entry, older than the video. */
const trusted = { copied: [], since: 999 };

Deno.test("a finished video is kept only by what its own recipe says", async () => {
  assert.equal(await refused(trusted), "");
  const people = { negativePrompt: "people" };
  const others: [Parameters<typeof refused>[0], string][] = [
    [{ now: { prompt: "A dog." } }, "text"],
    [{ own: { seed: 8 } }, "seed"],
    [{ own: { seed: 2n ** 63n } }, "seed"],
    [{ own: { seed: 7, negativePrompt: "people" }, now: people }, ""],
    [{ own: { seed: -1, negativePrompt: "" } }, ""],
    [
      { own: { negativePrompt: "cars" }, now: { negativePrompt: "cars" } },
      "negative",
    ],
    // One that was removed counts, that of all videos does not.
    [{ copied: ["negative"] }, "negative"],
    [{ copied: ["negative"], now: people }, ""],
    [{ now: { negativePrompt: "cars" } }, ""],
    // The copy says what the recipe cannot, and of other keys nothing.
    [{ copied: ["topk", "text", "seed"] }, "topk"],
  ];
  for (const [what, keys] of others) {
    assert.equal(await refused({ ...trusted, ...what }), keys);
  }
  // A motion preview has no prompt.
  const made: VideoRecipe = { ...recipe, engine: "preview" };
  const now = { prompt: "A dog." };
  assert.equal(await refused({ ...trusted, made, now }), "");
});

Deno.test("prompts that were extended, and those of the next segments, are compared as given", async () => {
  const segments = { next_texts: ["It jumps."] };
  const text = async (nextPrompts: string[] | undefined, made: VideoRecipe) =>
    await refused({
      ...trusted,
      made,
      now: nextPrompts ? { nextPrompts } : {},
    });
  assert.equal(await text(["It jumps."], { ...recipe, segments }), "");
  assert.equal(await text(["It runs."], { ...recipe, segments }), "text");
  assert.equal(await text(undefined, { ...recipe, segments }), "text");
  const extended = { ...recipe, text: "A red cat.", text_before: "A cat." };
  assert.equal(await text(["It."], { ...extended, segments }), "");
  const before = { ...segments, next_texts_before: ["Jump."] };
  const both = { ...extended, segments: before };
  assert.equal(await text(["Jump."], both), "");
  assert.equal(await text(["It jumps."], both), "");
  assert.equal(await text(["It runs."], both), "text");
  assert.equal(await text(undefined, both), "text");
  const now = { prompt: "A red cat." };
  assert.equal(await refused({ ...trusted, now, made: extended }), "");
});

Deno.test("files are hashed only where the copy cannot say that they are the same", async () => {
  const files = { image: "11", track: "33" };
  assert.equal(await refused({ ...trusted, files }), "");
  // It was written after the video, has another path, or not the entry at all.
  assert.equal(
    await refused({ copied: [], since: 1000, files }),
    "hashed: track",
  );
  assert.equal(
    await refused({ copied: ["image"], since: 999 }),
    "hashed: ",
  );
  assert.equal(
    await refused({ files: { image: "44", track: "22" } }),
    "hashed: image",
  );
});

Deno.test("what belongs to a track file counts as far as it acted on the video", () => {
  const now = { image: "11", track: "22", visibility: "33", objects: "44" };
  const made = (files: typeof now | object, hasObjects: boolean) => ({
    track_sha256: "22",
    ...trackParts({ image: "11", track: "22", ...files }, { hasObjects }),
  });
  const others: [object, boolean, boolean][] = [
    [now, true, true],
    [now, false, true],
    [{ ...now, visibility: "0" }, false, false],
    [{ objects: "44" }, false, false], // without the visibility
    [{ ...now, objects: "0" }, true, false],
    [{ ...now, objects: "0" }, false, true],
    [{ visibility: "33" }, true, false], // nothing was marked
    [{ visibility: "33" }, false, true],
  ];
  for (const [files, hasObjects, isSame] of others) {
    const recipe = made(files, hasObjects);
    assert.equal(isSameTrack(now, recipe), isSame, JSON.stringify(recipe));
  }
  const bare = { image: "11", track: "22" };
  const none = {
    track_sha256: "22",
    ...trackParts(bare, { hasObjects: true }),
  };
  assert.ok(isSameTrack(bare, none));
  // An earlier version did not say it.
  assert.ok(isSameTrack(now, { track_sha256: "22" }));
  assert.ok(!isSameTrack(now, { track_sha256: "0" }));
});

Deno.test("of a video without a recipe the copy says what it was made from", async () => {
  const made: VideoRecipe = { ...recipe, image_sha256: "none" };
  assert.equal(await refused({ made }), "");
  assert.equal(
    await refused({ made, copied: ["image", "text"] }),
    "image, text",
  );
});

Deno.test("a finished video is kept only if it was steered as its entry says", async () => {
  const steered = (values: ControlValues, settings: object) => ({
    made: { ...recipe, settings },
    now: { steering: resolveSteering(values) },
    own: { control: controlKeysIn(values) },
  });
  const ati = { control: { method: "ati", topk: 3 }, steps: 40 };
  const move = { control: { method: "wan-move" }, steps: 40 };
  const clocks = { timeToMove: { tweak: 2, tstrong: 6 }, steps: 40 };
  const guided = { nag: { scale: 11, tau: 2.5, alpha: 0.25 } };
  const others: [ControlValues, object, string][] = [
    [{ topk: 3 }, ati, ""],
    [{ topk: 2 }, ati, "topk"],
    [{ temperature: 220 }, ati, ""],
    [{ temperature: 100, motion_end: 0.5 }, ati, "temperature, motion_end"],
    [{ control: "ati" }, {}, ""],
    [{ control: "ati" }, move, "control"],
    [{ control: "wan-move" }, ati, "control"],
    [{ control: "wan-move", motion_strength: 1 }, move, ""],
    [
      { control: "wan-move", motion_strength: 0.5, uncond_motion: "off" },
      move,
      "motion_strength, uncond_motion",
    ],
    [{ nag_scale: 11, nag_tau: 2.5 }, guided, ""],
    [{ nag_scale: 11, nag_alpha: 0.5 }, guided, "nag_alpha"],
    [{ nag_scale: 0 }, guided, "nag_scale"],
    [{ nag_scale: 5 }, ati, "nag_scale"],
    [{ time_to_move: "object" }, ati, "time_to_move"],
    [{ time_to_move: "off" }, clocks, "time_to_move"],
    [{ time_to_move: "off" }, ati, ""],
    // The steps may be from flags.
    [{ time_to_move: "camera" }, clocks, ""],
    [{ time_to_move: "auto", tweak: 2 }, clocks, ""],
    [{ time_to_move: "auto", tweak: 3 }, clocks, "tweak"],
    [{ time_to_move: "object", tweak: 2, tstrong: 5 }, clocks, "tstrong"],
  ];
  for (const [values, settings, keys] of others) {
    const found = await refused({ ...trusted, ...steered(values, settings) });
    assert.equal(found, keys, JSON.stringify([values, settings]));
  }
  // What the copy has otherwise is compared, too, with what holds now.
  const edited = (copied: string[], values: ControlValues, settings: object) =>
    refused({ ...trusted, copied, ...steered(values, settings), own: {} });
  assert.equal(await edited(["topk"], {}, ati), "topk");
  assert.equal(await edited(["topk"], { topk: 3 }, ati), "");
  const mode = ["time_to_move"];
  assert.equal(await edited(mode, { time_to_move: "object" }, clocks), "");
  assert.equal(await edited(mode, { time_to_move: "auto" }, clocks), "");
  assert.equal(
    await edited(mode, { time_to_move: "camera" }, clocks),
    "time_to_move",
  );
  // A flag for all videos does not count.
  assert.equal(await edited([], { topk: 9 }, ati), "");
});

Deno.test("a finished video is kept only with the motion signal that it followed", async () => {
  const folder = await Deno.makeTempDir();
  try {
    for (const name of ["motion_signal", "mask", "other"]) {
      await Deno.writeTextFile(`${folder}/${name}.mp4`, name);
    }
    const signal = `${folder}/motion_signal.mp4`;
    const followed = await sourceOf({ signal, mask: `${folder}/mask.mp4` });
    const of = (
      values: ControlValues,
      made: VideoRecipe["motion_signal"],
      copy: object = {},
    ) =>
      refused({
        ...copy,
        made: {
          ...recipe,
          settings: clocks,
          ...(made && { motion_signal: made }),
        },
        now: {
          steering: resolveSteering({ time_to_move: "object", ...values }),
        },
        own: { control: controlKeysIn(values) },
        files: { image: "11", track: "22" },
      });
    const clocks = { timeToMove: { tweak: 2, tstrong: 6 }, steps: 40 };
    assert.equal(await of({ motion_signal: signal }, followed), "hashed: ");
    assert.equal(await of({ motion_signal: folder }, followed), "hashed: ");
    const other = `${folder}/other.mp4`;
    assert.match(
      await of({ motion_signal: other }, followed),
      / motion_signal$/,
    );
    assert.match(await of({ motion_mask: other }, followed), / motion_mask$/);
    const masked = { motion_signal: signal, motion_mask: other };
    assert.match(await of(masked, followed), / motion_signal, motion_mask$/);
    // What the copy has as before is not read.
    assert.equal(await of({ motion_signal: other }, followed, trusted), "");
    assert.match(await of({ motion_signal: signal }, {}), / motion_signal$/);
    assert.match(
      await of({ motion_signal: signal }, undefined),
      / motion_signal$/,
    );
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
