/**
 * The takes in a project folder: one folder for each video that was made, and
 * the one that counts as `output/outputs/NN.mp4`, where scripts look for it.
 *
 * ```
 * output/takes/NN/0003/NN.mp4         the video of take 3 of image NN
 *                      NN_viz.mp4     with its tracks
 *                      NN.json        the recipe, of a model's video
 *                      NN.pth         the tracks that it was made from
 *                      document.json  the drawing that it was made from
 *                      take.json      when and how it was made
 * ```
 *
 * @module
 */

import { basename, dirname, join, relative, resolve } from "node:path";
import { withHint } from "../../core/base/errors.ts";
import {
  fileExists,
  readFileBytes,
  readFileText,
  writeFileAtomic,
} from "../../core/files/files.ts";
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

/** The folder of the generator, in the project folder. */
export const OUTPUT = "output";
/** The folder of all takes. */
export const TAKES: string = join(OUTPUT, "takes");

const TRASH = ".trash";
const RECORD = "take.json";
const DOCUMENT = "document.json";

/** What is known of a new take. */
export type NewTake = Omit<Take, "version" | "number" | "starred">;

/** The takes in a project folder. */
export class Takes {
  readonly #folder: ProjectFolder;

  /** The takes in a folder. */
  constructor(folder: ProjectFolder) {
    this.#folder = folder;
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
      const take: Take = {
        version: 1,
        number: await this.#nextNumber(id),
        ...made,
        ...await this.#recipeFacts(join(from, "made", "outputs", `${id}.json`)),
        starred: false,
      };
      const outputs = join(from, "made", "outputs");
      const views = join(from, "made", "outputs_vis");
      const to = join(TAKES, id, takeFolder(take.number));
      // The record is last: a take without one is none.
      await this.#move(join(from, `${id}.pth`), join(to, `${id}.pth`));
      await this.#move(join(from, `${id}.json`), join(to, DOCUMENT));
      await this.#move(
        join(views, `${id}_viz.mp4`),
        join(to, `${id}_viz.mp4`),
      );
      await this.#move(
        join(from, "made", "images_tracks", `${id}.jpg`),
        join(to, `${id}.jpg`),
      );
      await this.#moveRecipe(join(outputs, `${id}.json`), to, id);
      await this.#move(
        join(outputs, `${id}.safetensors`),
        join(to, `${id}.safetensors`),
      );
      await this.#move(join(outputs, `${id}.mp4`), join(to, `${id}.mp4`));
      await this.#write(id, take);
      await this.#publish(id);
      return take;
    });
  }

  /** Marks a take, or not. */
  star(id: string, number: number, starred: boolean): Promise<void> {
    return this.#folder.exclusive(async () => {
      await this.#write(id, { ...await this.#read(id, number), starred });
      await this.#publish(id);
    });
  }

  /** Moves a take to the trash. */
  delete(id: string, number: number): Promise<void> {
    return this.#folder.exclusive(async () => {
      await this.#read(id, number);
      const trash = join(TRASH, `${Date.now()}-${id}-take`);
      await this.#rename(
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
        if (!await fileExists(join(await this.#inside(from), RECORD))) continue;
        await this.#rename(from, join(TAKES, id, name));
        await Deno.remove(await this.#inside(join(TRASH, one)));
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
    const bytes = await this.#bytes(path);
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
    const bytes = await this.#bytes(path);
    if (!bytes) throw unknown(id, number);
    return parseDocument(JSON.parse(new TextDecoder().decode(bytes)));
  }

  /** The takes of an image, the oldest first; what is damaged is left out. */
  async #takes(id: string): Promise<Take[]> {
    const takes: Take[] = [];
    for (const number of await this.#numbers(join(TAKES, id))) {
      const take = await this.#read(id, number).catch(() => undefined);
      if (take) takes.push(take);
    }
    return takes;
  }

  async #read(id: string, number: number): Promise<Take> {
    const path = join(TAKES, id, takeFolder(number), RECORD);
    const bytes = await this.#bytes(path);
    if (!bytes) throw unknown(id, number);
    const take: unknown = JSON.parse(new TextDecoder().decode(bytes));
    if (!isTake(take) || take.number !== number) throw unknown(id, number);
    return take;
  }

  async #write(id: string, take: Take): Promise<void> {
    const path = join(TAKES, id, takeFolder(take.number), RECORD);
    await this.#save(path, JSON.stringify(take, undefined, 2) + "\n");
  }

  /** One more than any take has had, those in the trash included. */
  async #nextNumber(id: string): Promise<number> {
    const numbers = await this.#numbers(join(TAKES, id));
    for (const name of await this.#folder.trashed()) {
      if (!name.endsWith(`-${id}-take`)) continue;
      numbers.push(...await this.#numbers(join(TRASH, name)));
    }
    return Math.max(0, ...numbers) + 1;
  }

  /** Folders that are named by a number, in its order. */
  async #numbers(path: string): Promise<number[]> {
    const numbers: number[] = [];
    try {
      for await (const { name } of Deno.readDir(await this.#inside(path))) {
        if (/^\d{4,}$/.test(name)) numbers.push(Number(name));
      }
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
    return numbers.sort((a, b) => a - b);
  }

  /** A video that is no take, of another program, becomes one. */
  async #adopt(id: string): Promise<void> {
    const path = join(OUTPUT, "outputs", `${id}.mp4`);
    const video = await this.#bytes(path);
    if (!video) return;
    const hash = await digest(video);
    for (const { number } of await this.#takes(id)) {
      const known = await this.#bytes(
        join(TAKES, id, takeFolder(number), `${id}.mp4`),
      );
      if (known?.length === video.length && await digest(known) === hash) {
        return;
      }
    }
    const { mtime } = await Deno.stat(await this.#inside(path));
    const number = await this.#nextNumber(id);
    const to = join(TAKES, id, takeFolder(number));
    await this.#save(join(to, `${id}.mp4`), video);
    const recipe = join(OUTPUT, "outputs", `${id}.json`);
    const facts = await this.#recipeFacts(recipe);
    await this.#moveRecipe(recipe, to, id, { keepTracks: true });
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

  /** Copies the take that counts to where scripts look for the video. */
  async #publish(id: string): Promise<void> {
    const take = currentTake(await this.#takes(id));
    const folder = take && join(TAKES, id, takeFolder(take.number));
    const files = [
      [`${id}.mp4`, "outputs"],
      [`${id}_viz.mp4`, "outputs_vis"],
      [`${id}.jpg`, "images_tracks"],
    ] as const;
    for (const [name, part] of files) {
      const to = join(OUTPUT, part, name);
      const bytes = folder && await this.#bytes(join(folder, name));
      if (!bytes) {
        await Deno.remove(await this.#inside(to)).catch(() => {});
        continue;
      }
      const there = await this.#bytes(to);
      if (there && await digest(there) === await digest(bytes)) continue;
      await this.#save(to, bytes);
    }
    const recipe = join(OUTPUT, "outputs", `${id}.json`);
    const own = folder && join(folder, `${id}.json`);
    if (own && await this.#bytes(own)) {
      await this.#save(recipe, await this.#rewritten(own, dirname(recipe)));
    } else await Deno.remove(await this.#inside(recipe)).catch(() => {});
  }

  /** What a recipe says of the run; nothing where there is none. */
  async #recipeFacts(
    path: string,
  ): Promise<{ seed?: number; prompt?: string }> {
    const bytes = await this.#bytes(path);
    if (!bytes) return {};
    try {
      const { seed, text } = JSON.parse(new TextDecoder().decode(bytes));
      return {
        ...typeof seed === "number" && { seed },
        ...typeof text === "string" && { prompt: text },
      };
    } catch {
      return {};
    }
  }

  /** Moves a recipe into a take's folder, which has its tracks. */
  async #moveRecipe(
    from: string,
    to: string,
    id: string,
    options: { readonly keepTracks?: boolean } = {},
  ): Promise<void> {
    if (!await this.#bytes(from)) return;
    const tracks = options.keepTracks ? {} : { track: `${id}.pth` };
    const text = await this.#rewritten(from, to, tracks);
    await this.#save(join(to, `${id}.json`), text);
    await Deno.remove(await this.#inside(from));
  }

  /** The text of a recipe, its paths relative to another folder. */
  async #rewritten(
    path: string,
    to: string,
    paths: Readonly<Record<string, string>> = {},
  ): Promise<string> {
    const from = await this.#inside(path);
    const recipe = JSON.parse(await readFileText(from));
    const { motion_signal: signal } = recipe;
    const near = (file: unknown) =>
      relative(
        resolve(this.#folder.dir, to),
        resolve(dirname(from), String(file)),
      ).replaceAll("\\", "/");
    const moved = {
      ...recipe,
      image: near(recipe.image),
      track: near(recipe.track),
      // The files of Time-to-Move's signal.
      ...signal && {
        motion_signal: {
          ...signal,
          ...signal.signal !== undefined && { signal: near(signal.signal) },
          ...signal.mask !== undefined && { mask: near(signal.mask) },
        },
      },
      ...paths,
    };
    return JSON.stringify(moved, undefined, 2) + "\n";
  }

  /** The bytes of a file; undefined when there is none. */
  async #bytes(path: string): Promise<Uint8Array<ArrayBuffer> | undefined> {
    const inside = await this.#inside(path);
    return await fileExists(inside) ? await readFileBytes(inside) : undefined;
  }

  async #save(path: string, content: Uint8Array | string): Promise<void> {
    await writeFileAtomic(await this.#inside(path), content, {
      overwrite: true,
    });
  }

  /** Moves a file, where there is one. */
  async #move(from: string, to: string): Promise<void> {
    if (await fileExists(await this.#inside(from))) {
      await this.#rename(from, to);
    }
  }

  async #rename(from: string, to: string): Promise<void> {
    const target = await this.#inside(to);
    await Deno.mkdir(dirname(target), { recursive: true });
    await Deno.rename(await this.#inside(from), target);
  }

  #inside(path: string): Promise<string> {
    return this.#folder.checkInside(path);
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
