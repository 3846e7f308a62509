import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { temporaryFolder } from "../../tests/fixtures/temporary.ts";
import { bytesPresent, downloadFile } from "./download_file.ts";
import type { HubClient, HubFile } from "./hub_client.ts";

const BYTES = Uint8Array.from({ length: 100 }, (_, i) => i * 7 & 255);
const FILE: HubFile = {
  repository: "owner/model",
  revision: "main",
  path: "a.bin",
  size: BYTES.length,
  hash: {
    algorithm: "sha256",
    digest: createHash("sha256").update(BYTES).digest("hex"),
  },
};

/**
 * A hub whose n-th answer breaks off after `answers[n]` bytes; when there are
 * no more answers, the rest of the file arrives.
 */
function breakingHub(answers: readonly number[]): HubClient {
  let asked = 0;
  const hub = {
    openFile(_: HubFile, { begin, end }: { begin: number; end: number }) {
      const count = answers[asked++] ?? Infinity;
      async function* chunks() {
        await Promise.resolve();
        if (count > 0) yield BYTES.slice(begin, Math.min(end, begin + count));
        if (begin + count < end) throw new TypeError("connection reset");
      }
      return Promise.resolve({ isPart: true, chunks: chunks() });
    },
  };
  return hub as unknown as HubClient;
}

/** Downloads, and returns for how long was waited before each new attempt. */
async function delaysOf(
  answers: readonly number[],
  options: { attempts: number; retryDelay: number },
): Promise<number[]> {
  await using temporary = await temporaryFolder();
  const path = temporary.file("a.bin");
  const delays: number[] = [];
  const real = globalThis.setTimeout;
  // No other timer runs meanwhile: the hub is not a real one.
  globalThis.setTimeout = ((callback: () => void, delay: number) => {
    delays.push(delay);
    return real(callback, 0);
  }) as typeof setTimeout;
  try {
    await downloadFile(breakingHub(answers), FILE, { path, ...options });
  } finally {
    globalThis.setTimeout = real;
  }
  assert.deepEqual(await Deno.readFile(path), BYTES);
  return delays;
}

Deno.test("downloadFile() waits the retry delay, then twice as long each time, at most 30 s", async () => {
  assert.deepEqual(
    await delaysOf([0, 0, 0, 0, 0, 0, 0], { attempts: 9, retryDelay: 1000 }),
    [1000, 2000, 4000, 8000, 16_000, 30_000, 30_000],
  );
});

Deno.test("downloadFile() counts failures again after every byte that arrived", async () => {
  assert.deepEqual(
    await delaysOf([10, 0, 10, 0, 10, 10], { attempts: 3, retryDelay: 5 }),
    [5, 10, 5, 10, 5, 5],
  );
});

Deno.test("downloadFile() gives up after as many failures in a row as attempts", async () => {
  await assert.rejects(delaysOf([10, 0, 0], { attempts: 3, retryDelay: 0 }), {
    name: "HubError",
    code: "unreachable",
    message: /connection reset, 3 times in a row/,
  });
});

Deno.test("bytesPresent() counts nothing of a state that cannot be right", async () => {
  await using temporary = await temporaryFolder();
  const path = temporary.file("a.bin");
  await Deno.writeFile(`${path}.part`, new Uint8Array(FILE.size));
  const { digest } = FILE.hash;
  const right = [{ begin: 0, end: 60, done: 7 }, {
    begin: 60,
    end: 100,
    done: 40,
  }];
  const present = async (parts: unknown, more = {}) => {
    const state = { digest, size: FILE.size, parts, ...more };
    await Deno.writeTextFile(`${path}.part.json`, JSON.stringify(state));
    return await bytesPresent(FILE, path);
  };
  assert.equal(await present(right), 47);
  const wrong = (at: number, change: object) =>
    right.map((part, i) => i === at ? { ...part, ...change } : part);
  for (
    const parts of [
      wrong(0, { done: -1 }),
      wrong(0, { done: 61 }),
      wrong(1, { done: 41 }),
      wrong(0, { done: 1.5 }),
      wrong(0, { done: "7" }),
      wrong(0, { begin: 1 }),
      wrong(1, { begin: 59 }),
      wrong(1, { begin: 61 }),
      wrong(1, { end: 60 }),
      wrong(1, { end: 99, done: 0 }),
      right.slice(0, 1),
      {},
      null,
    ]
  ) assert.equal(await present(parts), 0, JSON.stringify(parts));
  assert.equal(await present(right, { digest: "0".repeat(64) }), 0);
  assert.equal(await present(right, { size: 99 }), 0);
  await Deno.writeFile(`${path}.part`, new Uint8Array(FILE.size - 1));
  assert.equal(await present(right), 0);
});
