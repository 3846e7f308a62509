/**
 * The takes in a project folder: one folder for each video that was made, and
 * the one that counts as `output/outputs/NN.mp4`, where scripts look for it.
 *
 * ```
 * output/takes/NN/0003/NN.mp4         the video of take 3 of image NN
 *                      NN_viz.mp4     with its tracks
 *                      NN.json        the recipe, of a model's video
 *                      NN.pth         the tracks that it was made from, and
 *                      NN.objects.json  objects, where some are marked
 *                      image.png      the image, where it was replaced before
 *                                     a video of the model was finished
 *                      document.json  the drawing that it was made from
 *                      take.json      when and how it was made
 * ```
 *
 * @module
 */

import { basename, dirname, extname, join, relative } from "node:path";
import { withHint } from "../../core/base/errors.ts";
import { fileExists } from "../../core/files/files.ts";
import type { EditorDocument } from "../model/document.ts";
import { parseDocument } from "../model/parse_document.ts";
import {
  currentTake,
  type Take,
  takeFolder,
  type TakeList,
} from "../model/take.ts";
import type { ProjectFolder } from "./project_folder.ts";
import { UnknownImageError } from "./store_errors.ts";
import { digest } from "./tagged_document.ts";
import { TakeStorage } from "./take_storage.ts";
import { moveRecipe, recipeFacts, recipeImage } from "./take_recipe.ts";

/** The folder of the generator, in the project folder. */
export const OUTPUT = "output";
/** The folder of all takes. */
export const TAKES: string = join(OUTPUT, "takes");

/** The video of an image where scripts look for it. */
const videoPath = (id: string) => join(OUTPUT, "outputs", `${id}.mp4`);
/** All that is copied from the take that counts, besides the recipe. */
const PUBLISHED: readonly ((id: string) => string)[] = [
  videoPath,
  (id) => join(OUTPUT, "outputs_vis", `${id}_viz.mp4`),
  (id) => join(OUTPUT, "images_tracks", `${id}.jpg`),
];

const TRASH = ".trash";
const RECORD = "take.json";
const DOCUMENT = "document.json";

/** What is known of a new take. */
export type NewTake = Omit<Take, "version" | "number" | "starred">;

/** The takes in a project folder. */
export class Takes {
  readonly #folder: ProjectFolder;
  readonly #files: TakeStorage;

  /** The takes in a folder. */
  constructor(folder: ProjectFolder) {
    this.#folder = folder;
    this.#files = new TakeStorage(folder);
  }

  /** The takes of an image, the newest first. */
  async list(id: string): Promise<TakeList> {
    const takes = await this.#takes(id);
    return {
      takes: takes.reverse(),
      current: currentTake(takes)?.number,
      folder: join(this.#folder.dir, TAKES, id),
    };
  }

  /**
   * Files a take. `from` is the folder that a run has filled, relative to the
   * project folder: `made/outputs/NN.mp4` and what belongs to it.
   */
  add(id: string, from: string, made: NewTake): Promise<Take> {
    return this.#folder.exclusive(async () => {
      await this.#adopt(id);
      const outputs = join(from, "made", "outputs");
      const take: Take = {
        version: 1,
        number: await this.#nextNumber(id),
        ...made,
        ...recipeFacts(await this.#files.text(join(outputs, `${id}.json`))),
        starred: false,
      };
      const views = join(from, "made", "outputs_vis");
      const to = join(TAKES, id, takeFolder(take.number));
      // The record is last: a take without one is none.
      await this.#files.move(join(from, `${id}.pth`), join(to, `${id}.pth`));
      const marked = `${id}.objects.json`;
      await this.#files.move(join(from, marked), join(to, marked));
      await this.#files.move(join(from, `${id}.json`), join(to, DOCUMENT));
      await this.#files.move(
        join(views, `${id}_viz.mp4`),
        join(to, `${id}_viz.mp4`),
      );
      await this.#files.move(
        join(from, "made", "images_tracks", `${id}.jpg`),
        join(to, `${id}.jpg`),
      );
      await this.#moveRecipe(join(outputs, `${id}.json`), to, id, {
        track: `${id}.pth`,
        ...await this.#keepImage(join(outputs, `${id}.json`), { from, to }),
      });
      await this.#files.move(
        join(outputs, `${id}.safetensors`),
        join(to, `${id}.safetensors`),
      );
      await this.#files.move(join(outputs, `${id}.mp4`), join(to, `${id}.mp4`));
      await this.#write(id, take);
      await this.#publish(id);
      return take;
    });
  }

  /** Marks a take, or not. */
  star(id: string, number: number, starred: boolean): Promise<void> {
    return this.#folder.exclusive(async () => {
      const take = await this.#read(id, number);
      await this.#adopt(id);
      await this.#write(id, { ...take, starred });
      await this.#publish(id);
    });
  }

  /** Moves a take to the trash. */
  delete(id: string, number: number): Promise<void> {
    return this.#folder.exclusive(async () => {
      await this.#read(id, number);
      // While the video that counts can be known by its take.
      await this.#adopt(id);
      const trash = join(TRASH, `${Date.now()}-${id}-take`);
      await this.#files.rename(
        join(TAKES, id, takeFolder(number)),
        join(trash, takeFolder(number)),
      );
      await this.#publish(id);
    });
  }

  /** Brings a take back that was deleted. */
  restore(id: string, number: number): Promise<void> {
    return this.#folder.exclusive(async () => {
      const name = takeFolder(number);
      const trashed = (await this.#folder.trashed()).reverse();
      for (const one of trashed) {
        if (!one.endsWith(`-${id}-take`)) continue;
        const from = join(TRASH, one, name);
        if (!await fileExists(join(await this.#files.inside(from), RECORD))) {
          continue;
        }
        await this.#adopt(id);
        await this.#files.rename(from, join(TAKES, id, name));
        await Deno.remove(await this.#files.inside(join(TRASH, one)));
        return await this.#publish(id);
      }
      throw unknown(id, number);
    });
  }

  /**
   * The video of a take, or with its tracks.
   *
   * @throws {UnknownImageError} When there is none.
   */
  async readVideo(
    id: string,
    number: number,
  ): Promise<Uint8Array<ArrayBuffer>> {
    const path = join(TAKES, id, takeFolder(number), `${id}.mp4`);
    const bytes = await this.#files.bytes(path);
    if (!bytes) throw unknown(id, number);
    return bytes;
  }

  /**
   * The drawing that a take was made from.
   *
   * @throws {UnknownImageError} When it is not known.
   */
  async readDocument(id: string, number: number): Promise<EditorDocument> {
    const path = join(TAKES, id, takeFolder(number), DOCUMENT);
    const bytes = await this.#files.bytes(path);
    if (!bytes) throw unknown(id, number);
    return parseDocument(JSON.parse(new TextDecoder().decode(bytes)));
  }

  /** The takes of an image, the oldest first; what is damaged is left out. */
  async #takes(id: string): Promise<Take[]> {
    const takes: Take[] = [];
    for (const number of await this.#files.numbers(join(TAKES, id))) {
      const take = await this.#read(id, number).catch(() => undefined);
      if (take) takes.push(take);
    }
    return takes;
  }

  async #read(id: string, number: number): Promise<Take> {
    const path = join(TAKES, id, takeFolder(number), RECORD);
    const bytes = await this.#files.bytes(path);
    if (!bytes) throw unknown(id, number);
    const take: unknown = JSON.parse(new TextDecoder().decode(bytes));
    if (!isTake(take) || take.number !== number) throw unknown(id, number);
    return take;
  }

  async #write(id: string, take: Take): Promise<void> {
    const path = join(TAKES, id, takeFolder(take.number), RECORD);
    await this.#files.save(path, JSON.stringify(take, undefined, 2) + "\n");
  }

  /** One more than any take has had, those in the trash included. */
  async #nextNumber(id: string): Promise<number> {
    const numbers = await this.#files.numbers(join(TAKES, id));
    for (const name of await this.#folder.trashed()) {
      if (!name.endsWith(`-${id}-take`)) continue;
      numbers.push(...await this.#files.numbers(join(TRASH, name)));
    }
    return Math.max(0, ...numbers) + 1;
  }

  /**
   * Before the published files are replaced: a video that is no take's, of
   * another program, becomes one, with what belongs to it. What is of no take
   * and has no such video goes to the trash.
   */
  async #adopt(id: string): Promise<void> {
    const takes = await this.#takes(id);
    const foreign = new Map<string, Uint8Array<ArrayBuffer>>();
    for (const published of PUBLISHED) {
      const path = published(id);
      const bytes = await this.#files.bytes(path);
      if (!bytes) continue;
      const name = basename(path);
      if (!await this.#isOfTake(id, takes, { name, bytes })) {
        foreign.set(path, bytes);
      }
    }
    if (!foreign.has(videoPath(id))) {
      if (foreign.size === 0) return;
      await this.#folder.toTrash(`${id}-output`, [...foreign.keys()], "copy");
      return;
    }
    const { mtime } = await Deno.stat(await this.#files.inside(videoPath(id)));
    const number = await this.#nextNumber(id);
    const to = join(TAKES, id, takeFolder(number));
    for (const [path, bytes] of foreign) {
      await this.#files.save(join(to, basename(path)), bytes);
    }
    const recipe = join(OUTPUT, "outputs", `${id}.json`);
    const isOwn = !await this.#isRecipeOfTake(id, takes, recipe);
    const facts = isOwn ? recipeFacts(await this.#files.text(recipe)) : {};
    if (isOwn) await this.#moveRecipe(recipe, to, id);
    await this.#write(id, {
      version: 1,
      number,
      engine: "other",
      settings: {},
      at: mtime?.getTime() ?? Date.now(),
      prompt: "",
      tracks: 0,
      ...facts,
      starred: false,
    });
  }

  /** Whether one of the takes has a file with this content. */
  async #isOfTake(
    id: string,
    takes: readonly Take[],
    { name, bytes }: {
      readonly name: string;
      readonly bytes: Uint8Array<ArrayBuffer>;
    },
  ): Promise<boolean> {
    const hash = await digest(bytes);
    for (const { number } of takes) {
      const path = join(TAKES, id, takeFolder(number), name);
      const info = await Deno.stat(await this.#files.inside(path)).catch(
        () => {},
      );
      if (info?.size !== bytes.length) continue;
      const known = await this.#files.bytes(path);
      if (known && await digest(known) === hash) return true;
    }
    return false;
  }

  /** Whether a recipe is the copy of a take's. */
  async #isRecipeOfTake(
    id: string,
    takes: readonly Take[],
    path: string,
  ): Promise<boolean> {
    const text = await this.#files.text(path);
    for (const { number } of takes) {
      const own = join(TAKES, id, takeFolder(number), `${id}.json`);
      const copy = await this.#movedRecipe(own, dirname(path));
      if (copy !== undefined && copy === text) return true;
    }
    return false;
  }

  /** Copies the take that counts to where scripts look for the video. */
  async #publish(id: string): Promise<void> {
    const take = currentTake(await this.#takes(id));
    const folder = take && join(TAKES, id, takeFolder(take.number));
    for (const published of PUBLISHED) {
      const to = published(id);
      const bytes = folder &&
        await this.#files.bytes(join(folder, basename(to)));
      if (!bytes) {
        await Deno.remove(await this.#files.inside(to)).catch(() => {});
        continue;
      }
      const there = await this.#files.bytes(to);
      if (there && await digest(there) === await digest(bytes)) continue;
      await this.#files.save(to, bytes);
    }
    const recipe = join(OUTPUT, "outputs", `${id}.json`);
    const copy = folder &&
      await this.#movedRecipe(join(folder, `${id}.json`), dirname(recipe));
    if (copy !== undefined) await this.#files.save(recipe, copy);
    else await Deno.remove(await this.#files.inside(recipe)).catch(() => {});
  }

  /**
   * Where a recipe finds its image once the folder of its run is removed: among
   * the images if it is still the same there, else it is kept with the take.
   */
  async #keepImage(
    recipe: string,
    { from, to }: { readonly from: string; readonly to: string },
  ): Promise<{ image?: string }> {
    const image = recipeImage(await this.#files.text(recipe));
    if (image === undefined) return {};
    const copy = join(dirname(recipe), image);
    if (dirname(copy) !== from) return {};
    const bytes = await this.#files.bytes(copy);
    if (!bytes) return {};
    const path = join("images", basename(copy));
    const now = await this.#files.bytes(path);
    if (now && await digest(now) === await digest(bytes)) {
      return { image: relative(to, path).replaceAll("\\", "/") };
    }
    const kept = `image${extname(copy)}`;
    await this.#files.move(copy, join(to, kept));
    return { image: kept };
  }

  /** Moves a recipe, where there is one, into a take's folder. */
  async #moveRecipe(
    from: string,
    to: string,
    id: string,
    paths: Readonly<Record<string, string>> = {},
  ): Promise<void> {
    const text = await this.#movedRecipe(from, to, paths);
    if (text === undefined) return;
    await this.#files.save(join(to, `${id}.json`), text);
    await Deno.remove(await this.#files.inside(from));
  }

  /** The text of a recipe for another folder; undefined when there is none. */
  async #movedRecipe(
    path: string,
    to: string,
    paths: Readonly<Record<string, string>> = {},
  ): Promise<string | undefined> {
    const text = await this.#files.text(path);
    const from = dirname(join(this.#folder.dir, path));
    return text === undefined
      ? undefined
      : moveRecipe(text, { from, to: join(this.#folder.dir, to), paths });
  }
}

function unknown(id: string, number: number): UnknownImageError {
  return new UnknownImageError(
    withHint(
      `Cannot use take ${number} of image ${id}: it does not exist`,
      `Its folder would be ${join(TAKES, id, basename(takeFolder(number)))}.`,
    ),
  );
}

function isTake(value: unknown): value is Take {
  const take = value as Take | null;
  return take !== null && typeof take === "object" && take.version === 1 &&
    typeof take.number === "number" && typeof take.engine === "string" &&
    typeof take.at === "number" && typeof take.prompt === "string" &&
    typeof take.settings === "object" && take.settings !== null &&
    typeof take.starred === "boolean";
}
