/** A project folder on the disk as a store. @module */

import { ProjectFolder } from "./project_folder.ts";
import { ProjectStore } from "./store.ts";
import { Takes } from "./takes.ts";

/** Opens a project folder, making it where needed. */
export async function openStore(dir: string): Promise<ProjectStore> {
  return storeIn(await ProjectFolder.open(dir));
}

/** The store of a folder that is open. */
export function storeIn(folder: ProjectFolder): ProjectStore {
  return new ProjectStore(folder, new Takes(folder));
}
