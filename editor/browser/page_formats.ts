/**
 * Job files and track files, read by a worker that an open page starts: the
 * service worker asks a page, since it can load nothing later by itself.
 *
 * @module
 */

import type { ProjectFormats } from "../server/project_formats.ts";

/** What is asked. */
export interface FormatQuestion {
  /** What is to be done. */
  readonly name: keyof ProjectFormats;
  /** With what. */
  readonly input: readonly unknown[];
}

/** What is answered. */
export type FormatAnswer = { readonly result: unknown } | {
  readonly error: { readonly name: string; readonly message: string };
};

/** A page that can be asked. */
export interface OpenPage {
  /** Sends it a message. */
  postMessage(message: unknown, transfer: Transferable[]): void;
}

/** An answer comes within this time, in ms, also over a slow network. */
const PATIENCE = 60_000;

/** The formats as they are read by one of the pages that are open. */
export function pageFormats(
  findPage: () => Promise<OpenPage | undefined>,
): ProjectFormats {
  const ask = async <Name extends keyof ProjectFormats>(
    name: Name,
    ...input: Parameters<ProjectFormats[Name]>
  ): Promise<Awaited<ReturnType<ProjectFormats[Name]>>> => {
    const page = await findPage();
    if (!page) throw new Error("Cannot read the file: no page is open");
    const { port1, port2 } = new MessageChannel();
    const answered = new Promise<FormatAnswer>((resolve, reject) => {
      port1.onmessage = ({ data }) => resolve(data);
      setTimeout(
        () => reject(new Error("Cannot read the file: the page is silent")),
        PATIENCE,
      );
    });
    page.postMessage({ name, input } satisfies FormatQuestion, [port2]);
    const answer = await answered.finally(() => port1.close());
    if ("error" in answer) throw errorOf(answer.error);
    return answer.result as Awaited<ReturnType<ProjectFormats[Name]>>;
  };
  return {
    // Most job files are empty for a long time.
    readPrompts: async (jobs) =>
      jobs.trim() === "" ? new Map() : await ask("readPrompts", jobs),
    upsertJob: (...input) => ask("upsertJob", ...input),
    readTracks: (...input) => ask("readTracks", ...input),
    render: (...input) => ask("render", ...input),
    scale: (...input) => ask("scale", ...input),
    readArchive: (...input) => ask("readArchive", ...input),
  };
}

/** An error as it was there. */
function errorOf({ name, message }: { name: string; message: string }): Error {
  const error = name === "RangeError"
    ? new RangeError(message)
    : new TypeError(message);
  error.name = name;
  return error;
}
