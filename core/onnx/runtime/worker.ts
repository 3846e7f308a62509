/**
 * The worker in which sessions live, because running one blocks its thread.
 * It opens, runs and releases what it is told to, and keeps values between
 * runs, so that what one graph hands to the next does not cross threads.
 *
 * @module
 */

/// <reference lib="deno.worker" />

import { sizeOf } from "../../base/tensor.ts";
import type {
  Feed,
  FeedData,
  Fetch,
  Reply,
  Request,
  Values,
} from "./_messages.ts";
import {
  createSession,
  loadOnnxRuntime,
  type NativeSession,
  nativeTensor,
  type OnnxRuntime,
} from "./onnx_runtime.ts";

let loading: Promise<OnnxRuntime> | undefined;
const sessions = new Map<number, NativeSession>();
const kept = new Map<number, Values>();

function drop(value: number): void {
  const data = kept.get(value)?.data;
  kept.delete(value);
  if (data) free(data);
}

/** Gives memory back at once; the garbage collector would take its time. */
function free(data: FeedData): void {
  if (data.buffer instanceof ArrayBuffer) data.buffer.transfer(0);
}

function at<T>(map: ReadonlyMap<number, T>, key: number): T {
  const found = map.get(key);
  if (found === undefined) throw new Error(`number ${key} is not there`);
  return found;
}

function resolveFeed(feed: Feed) {
  return feed.kind === "tensor" ? feed : at(kept, feed.value);
}

async function run(
  request: Request & { kind: "run" },
): Promise<Record<string, Values>> {
  const ort = await (loading ??= loadOnnxRuntime());
  const session = at(sessions, request.session);
  const results = request.fetches.map((fetch: Fetch) => {
    return { ...fetch, data: new Float32Array(sizeOf(fetch.dims)) };
  });
  // Outputs are written into arrays that are there already: else each is
  // made by the library first and copied then.
  await session.run(
    Object.fromEntries(
      Object.entries(request.feeds).map(([name, feed]) => {
        const { dims, data } = resolveFeed(feed);
        return [name, nativeTensor(ort, dims, data)];
      }),
    ),
    Object.fromEntries(
      results.map(({ name, dims, data }) => [
        name,
        nativeTensor(ort, dims, data),
      ]),
    ),
  );
  for (const feed of Object.values(request.feeds)) {
    if (feed.kind === "tensor") free(feed.data);
  }
  const outputs: Record<string, Values> = {};
  for (const { name, dims, data, keep } of results) {
    if (keep === undefined) outputs[name] = { dims, data };
    else kept.set(keep, { dims, data });
  }
  return outputs;
}

async function answer(request: Request): Promise<Reply> {
  const { id } = request;
  switch (request.kind) {
    case "open": {
      const ort = await (loading ??= loadOnnxRuntime());
      sessions.set(
        request.session,
        await createSession(ort, request.model, request.settings),
      );
      return { id, kind: "done" };
    }
    case "run":
      return { id, kind: "ran", outputs: await run(request) };
    case "release": {
      const session = at(sessions, request.session);
      sessions.delete(request.session);
      await session.release();
      return { id, kind: "done" };
    }
    case "drop":
      request.values.forEach(drop);
      return { id, kind: "done" };
    case "keep":
      kept.set(request.value, { dims: request.dims, data: request.data });
      return { id, kind: "done" };
    case "close":
      for (const { data } of kept.values()) free(data);
      kept.clear();
      for (const session of sessions.values()) await session.release();
      sessions.clear();
      return { id, kind: "done" };
  }
}

async function serve(request: Request): Promise<void> {
  let reply: Reply;
  try {
    reply = await answer(request);
  } catch (error) {
    reply = {
      id: request.id,
      kind: "failed",
      message: error instanceof Error ? error.message : String(error),
    };
  }
  const transfer = reply.kind === "ran"
    ? Object.values(reply.outputs).map(({ data }) => data.buffer)
    : [];
  self.postMessage(reply, transfer);
  if (request.kind === "close") self.close();
}

let queue = Promise.resolve();
self.onmessage = ({ data }: MessageEvent<Request>) => {
  // One after the other: a run must not see a value dropped under it.
  queue = queue.then(() => serve(data));
};
