/**
 * The page's side of `exchange_worker.ts`: the worker is started when it is
 * first needed.
 *
 * @module
 */

import type { ExchangeWork } from "./exchange_worker.ts";

interface Waiting {
  readonly resolve: (result: never) => void;
  readonly reject: (error: Error) => void;
}

let worker: Worker | undefined;
let last = 0;
const waiting = new Map<number, Waiting>();

function start(): Worker {
  const started = new Worker(new URL("worker.js", import.meta.url), {
    type: "module",
  });
  started.onmessage = ({ data }) => {
    const asked = waiting.get(data.id);
    waiting.delete(data.id);
    if (data.error === undefined) asked?.resolve(data.result as never);
    else asked?.reject(new Error(data.error));
  };
  started.onerror = () => {
    for (const { reject } of waiting.values()) {
      reject(new Error("The editor's worker could not be started"));
    }
    waiting.clear();
    worker = undefined;
  };
  return started;
}

/**
 * Has the worker do something.
 *
 * @throws {Error} With the message of what went wrong there.
 */
export function ask<Name extends keyof ExchangeWork>(
  name: Name,
  input: Parameters<ExchangeWork[Name]>[0],
): Promise<Awaited<ReturnType<ExchangeWork[Name]>>> {
  worker ??= start();
  const id = ++last;
  return new Promise((resolve, reject) => {
    waiting.set(id, { resolve: resolve as Waiting["resolve"], reject });
    worker!.postMessage({ id, name, input });
  });
}
