/**
 * Reads job files and track files for the service worker, which can load
 * nothing later by itself: a worker of the page, which passes each question on
 * with the port for its answer.
 *
 * @module
 */

/// <reference lib="webworker" />

import { OWN_FORMATS } from "../server/own_formats.ts";
import type { FormatAnswer, FormatQuestion } from "./page_formats.ts";

addEventListener("message", async ({ data, ports }: MessageEvent) => {
  const { name, input }: FormatQuestion = data;
  const work = OWN_FORMATS[name] as (...input: unknown[]) => Promise<unknown>;
  let answer: FormatAnswer;
  try {
    answer = { result: await work(...input) };
  } catch (error) {
    const { name, message } = error as Error;
    answer = { error: { name, message } };
  }
  ports[0]?.postMessage(answer);
});
