/**
 * What the routes are answered from where no server is: the store over the
 * browser's files, the examples among the page's own files, no takes, and
 * nothing that can be generated.
 *
 * @module
 */

import type { Example, Examples } from "../server/examples.ts";
import type { Generator } from "../server/generator.ts";
import type { EditorState } from "../server/route.ts";
import { ProjectStore, type TakeFiles } from "../server/store.ts";
import type { ProjectFormats } from "../server/project_formats.ts";
import { BrowserFiles } from "./browser_files.ts";

/** Opens the project of the page at an address, which ends in `/`. */
export async function openBrowserState(
  page: URL,
  formats: ProjectFormats,
): Promise<EditorState> {
  const name = `ati-project ${page.pathname}`;
  const files = await BrowserFiles.open(name, formats);
  return {
    store: new ProjectStore(files, NO_TAKES),
    generator: NO_GENERATOR,
    examples: examplesAt(new URL("examples/", page)),
    assets: new Map(),
    place: "browser",
  };
}

const none = (): Promise<never> =>
  Promise.reject(
    new TypeError("Cannot do this: it needs the editor's server"),
  );

const NO_TAKES: TakeFiles = {
  list: () => Promise.resolve({ takes: [], current: undefined, folder: "" }),
  star: none,
  delete: none,
  restore: none,
  readVideo: none,
  readDocument: none,
};

const NO_GENERATOR: Generator = {
  abilities: { engines: [], command: "" },
  start: none,
  unfinished: () => Promise.resolve([]),
  resume: none,
  discard: none,
  find: () => undefined,
  close: () => Promise.resolve(),
};

/** The examples that are next to the page; none where there are none. */
function examplesAt(folder: URL): Examples {
  let found: Promise<readonly Example[]> | undefined;
  const look = async (): Promise<readonly Example[]> => {
    const answer = await fetch(new URL("examples.json", folder));
    return answer.ok ? await answer.json() : [];
  };
  const list = () => found ??= look().catch(() => []);
  return {
    list,
    async read(name, part) {
      if (!(await list()).some((example) => example.name === name)) {
        return undefined;
      }
      const file = name + (part === "image" ? ".jpg" : ".pth");
      const answer = await fetch(new URL(file, folder));
      return answer.ok ? await answer.bytes() : undefined;
    },
  };
}
