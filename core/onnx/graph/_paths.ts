/** Paths as text: what files have in common, without a file system. */

/** The parts of a path; both kinds of slash separate on Windows only. */
function parts(path: string): string[] {
  return (isWindows(path) ? path.replaceAll("\\", "/") : path).split("/");
}

function isWindows(path: string): boolean {
  return /^[A-Za-z]:[\\/]/.test(path) || path.startsWith("\\\\");
}

/** The innermost folder that holds all files; empty when there are none. */
export function commonFolder(files: readonly string[]): string {
  const [first, ...rest] = files.map((file) => parts(file).slice(0, -1));
  if (!first) return "";
  let length = first.length;
  for (const folder of rest) {
    let same = 0;
    while (same < length && folder[same] === first[same]) same++;
    length = same;
  }
  if (length === 0) {
    // Relative names side by side, or drives that have nothing in common.
    if (files.every((file) => !isWindows(file) && !file.startsWith("/"))) {
      return ".";
    }
    throw new RangeError(
      `Cannot use ${
        files.join(", ")
      } in one graph: they have no folder in common`,
    );
  }
  const folder = first.slice(0, length).join("/");
  return folder === "" ? "/" : folder;
}

/** `file` as seen from `folder`, which holds it, with forward slashes. */
export function relativeTo(folder: string, file: string): string {
  const path = parts(file).join("/");
  if (folder === ".") return path;
  return path.slice(folder === "/" ? 1 : folder.length + 1);
}
