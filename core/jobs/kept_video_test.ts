import assert from "node:assert/strict";
import { checkKept } from "./kept_video.ts";
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
  own?: Pick<RunItem, "seed" | "negativePrompt">;
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

/** A copy with the same entry, older than the video. */
const trusted = { copied: [], since: 999 };

Deno.test("a finished video is kept only by what its own recipe says", async () => {
  assert.equal(await refused(trusted), "");
  const others: [Parameters<typeof refused>[0], string][] = [
    [{ now: { prompt: "A dog." } }, "text"],
    [{ own: { seed: 8 } }, "seed"],
    [{ own: { seed: 2n ** 63n } }, "seed"],
    [{ own: { seed: 7, negativePrompt: "people" } }, ""],
    [{ own: { seed: -1, negativePrompt: "" } }, ""],
    [{ own: { negativePrompt: "cars" } }, "negative"],
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

Deno.test("of a video without a recipe the copy says what it was made from", async () => {
  const made: VideoRecipe = { ...recipe, image_sha256: "none" };
  assert.equal(await refused({ made }), "");
  assert.equal(
    await refused({ made, copied: ["image", "text"] }),
    "image, text",
  );
});
