import assert from "node:assert/strict";
import { join } from "node:path";
import {
  openAtiCheckpoint,
  openComponent,
} from "../core/checkpoint/open_checkpoint.ts";
import { tinyCheckpoint } from "../core/checkpoint/tiny_checkpoint.ts";
import {
  type DownloadEvent,
  planDownload,
  runDownload,
} from "../core/hub/download_checkpoint.ts";
import type { DownloadFileOptions } from "../core/hub/download_file.ts";
import { HubClient } from "../core/hub/hub_client.ts";
import type { HubErrorCode } from "../core/hub/hub_error.ts";
import { VARIANTS, type WantedFiles } from "../core/hub/variants.ts";
import {
  type HubServer,
  type HubServerOptions,
  type ServedFile,
  startHub,
} from "./fixtures/hub_server.ts";
import { allTrackerFile } from "./fixtures/alltracker.ts";
import { goldenUrl } from "./fixtures/golden.ts";
import { permissionsOf, runToolProcess } from "./fixtures/tool_process.ts";
import { temporaryFolder } from "./fixtures/temporary.ts";

const REPOSITORY = "owner/model";
const ALL: readonly WantedFiles[] = [{
  repository: REPOSITORY,
  paths: ["*.safetensors"],
}];
const PART = 10_000;
const QUICK: Partial<DownloadFileOptions> = {
  partSize: PART,
  retryDelay: 1,
  attempts: 3,
};

/** Bytes that differ everywhere, so that a misplaced part is detected. */
function bytesOf(length: number): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(
    { length },
    (_, i) => i * 2654435761 >>> (i % 3) * 8 & 255,
  );
}

const BIG = bytesOf(45_678);

/** Downloads everything; returns the events. */
async function download(
  hub: HubServer,
  folder: string,
  options: {
    wanted?: readonly WantedFiles[];
    token?: string;
    idleTimeout?: number;
    overwrite?: boolean;
    verify?: boolean;
    signal?: AbortSignal;
    onEvent?: (event: DownloadEvent) => void;
  } = {},
): Promise<DownloadEvent[]> {
  const { wanted = ALL, token, idleTimeout, verify, onEvent, ...rest } =
    options;
  const client = new HubClient({
    endpoint: hub.endpoint,
    ...(token ? { token } : {}),
    ...(idleTimeout ? { idleTimeout } : {}),
  });
  const events: DownloadEvent[] = [];
  const plan = await planDownload(client, {
    folder,
    wanted,
    verify: verify ?? false,
  });
  await runDownload(client, plan, {
    ...QUICK,
    ...rest,
    onEvent(event) {
      events.push(event);
      onEvent?.(event);
    },
  });
  return events;
}

function hubOf(
  files: Readonly<Record<string, ServedFile>> = {
    "a.safetensors": { bytes: BIG, lfs: true },
  },
  options: Parameters<typeof startHub>[1] = {},
): HubServer {
  return startHub({ [REPOSITORY]: files }, options);
}

async function assertCode(
  promise: Promise<unknown>,
  code: HubErrorCode,
  message: RegExp,
): Promise<void> {
  await assert.rejects(promise, { name: "HubError", code, message });
}

async function assertWhole(
  folder: string,
  bytes: Uint8Array = BIG,
): Promise<void> {
  assert.deepEqual(
    await Deno.readFile(join(folder, "a.safetensors")),
    bytes,
  );
  const names = Array.from(Deno.readDirSync(folder), ({ name }) => name).sort();
  assert.deepEqual(names, [
    ".download.lock",
    ".verified.json",
    "a.safetensors",
  ]);
}

const ranges = (hub: HubServer) =>
  hub.seen.filter(({ server }) => server === "store").map(({ range }) => range);

Deno.test("a download comes in parts, is checked, and is not repeated", async () => {
  await using temporary = await temporaryFolder();
  const folder = temporary.path;
  await using hub = hubOf();
  const events = await download(hub, folder);
  await assertWhole(folder);
  assert.deepEqual(ranges(hub).sort(), [
    "bytes=0-9999",
    "bytes=10000-19999",
    "bytes=20000-29999",
    "bytes=30000-39999",
    "bytes=40000-45677",
  ]);
  assert.deepEqual(events.at(-1), {
    type: "done",
    planned: events[0]!.planned,
    fetched: true,
  });
  const largest = Math.max(
    ...events.map((e) => e.type === "progress" ? e.bytes : 0),
  );
  assert.equal(largest, BIG.length);

  const before = hub.seen.length;
  const again = await download(hub, folder);
  assert.deepEqual(again.map(({ type }) => type), ["file", "done"]);
  assert.equal(hub.seen.length, before + 1); // only the list
});

Deno.test("a broken connection is resumed where it broke", async () => {
  await using temporary = await temporaryFolder();
  const folder = temporary.path;
  await using hub = hubOf();
  hub.faults.cuts.push(3000, 5000, 1000, 4000, 0, 2000);
  const events = await download(hub, folder);
  await assertWhole(folder);
  assert(events.some(({ type }) => type === "retry"));
  const resumed = ranges(hub).filter((range) =>
    Number(/\d+/.exec(range!)![0]) % PART !== 0
  );
  assert(resumed.length >= 4, String(ranges(hub)));
  // Only what was lost in the broken connection was downloaded twice.
  assert(hub.sent() < BIG.length + 6000, `${hub.sent()} bytes`);
});

Deno.test("an interrupted download resumes, in another process too", async () => {
  await using temporary = await temporaryFolder();
  const folder = temporary.path;
  await using hub = hubOf();
  const controller = new AbortController();
  await assert.rejects(
    download(hub, folder, {
      signal: controller.signal,
      onEvent(event) {
        if (event.type === "progress" && event.bytes > 25_000) {
          controller.abort(new DOMException("stop", "AbortError"));
        }
      },
    }),
    { name: "AbortError" },
  );
  const client = new HubClient({ endpoint: hub.endpoint });
  const plan = await planDownload(client, { folder, wanted: ALL });
  assert.equal(plan.files[0]!.state, "partial");
  assert(plan.missing < BIG.length - 20_000, `${plan.missing} missing`);
  const before = hub.sent();
  await runDownload(client, plan, QUICK);
  await assertWhole(folder);
  assert.equal(hub.sent() - before, plan.missing);
});

Deno.test("the partial download of another file is not used", async () => {
  await using temporary = await temporaryFolder();
  const folder = temporary.path;
  const controller = new AbortController();
  {
    await using hub = hubOf();
    await assert.rejects(download(hub, folder, {
      signal: controller.signal,
      onEvent(event) {
        if (event.type === "progress" && event.bytes > 5000) {
          controller.abort();
        }
      },
    }));
  }
  const other = bytesOf(BIG.length).reverse();
  await using hub = hubOf({ "a.safetensors": { bytes: other, lfs: true } });
  await download(hub, folder);
  await assertWhole(folder, other);
});

Deno.test("a server without ranges sends the file as a whole", async () => {
  await using temporary = await temporaryFolder();
  const folder = temporary.path;
  await using hub = hubOf();
  hub.faults.noRanges = true;
  await download(hub, folder);
  await assertWhole(folder);
});

Deno.test("a request to a stalled server is retried", async () => {
  await using temporary = await temporaryFolder();
  const folder = temporary.path;
  await using hub = hubOf();
  hub.faults.stalls.push(2000);
  const events = await download(hub, folder, { idleTimeout: 150 });
  await assertWhole(folder);
  assert(
    events.some((e) => e.type === "retry" && /no byte for/.test(e.reason)),
  );
});

Deno.test("a busy server is retried, a missing one not forever", async () => {
  await using temporary = await temporaryFolder();
  const folder = temporary.path;
  await using hub = hubOf();
  hub.faults.statuses.push(503, 429);
  await download(hub, folder);
  await assertWhole(folder);
  await Deno.remove(join(folder, "a.safetensors"));
  hub.faults.statuses.push(...Array(20).fill(503));
  await assertCode(
    download(hub, folder),
    "unreachable",
    /503, 3 times in a row\nHINT: What has arrived is kept/,
  );
});

Deno.test("a connection that breaks again and again is not given up while bytes arrive", async () => {
  await using temporary = await temporaryFolder();
  const folder = temporary.path;
  await using hub = hubOf();
  // More breaks than attempts, in one part; each brings something.
  hub.faults.cuts.push(...Array(8).fill(4000));
  const client = new HubClient({ endpoint: hub.endpoint });
  const plan = await planDownload(client, { folder, wanted: ALL });
  let retries = 0;
  await runDownload(client, plan, {
    ...QUICK,
    partSize: BIG.length,
    onEvent: ({ type }) => retries += Number(type === "retry"),
  });
  assert.equal(retries, 8);
  await assertWhole(folder);
});

Deno.test("between attempts a download waits twice as long each time", async () => {
  await using temporary = await temporaryFolder();
  await using hub = hubOf({
    "a.safetensors": { bytes: bytesOf(10), lfs: true },
  });
  hub.faults.statuses.push(503, 503, 503, 503);
  const client = new HubClient({ endpoint: hub.endpoint });
  const folder = temporary.path;
  const plan = await planDownload(client, { folder, wanted: ALL });
  const times: number[] = [];
  await runDownload(client, plan, {
    attempts: 5,
    retryDelay: 40,
    onEvent: ({ type }) => {
      if (type === "retry") times.push(performance.now());
    },
  });
  times.push(performance.now());
  assert.equal(times.length, 5);
  for (const [i, wait] of [40, 80, 160, 320].entries()) {
    const passed = times[i + 1]! - times[i]!;
    assert.ok(passed > wait - 2, `${passed} ms, expected ${wait}`);
  }
});

Deno.test("a link in the place of a partial download is not written through", async () => {
  await using temporary = await temporaryFolder();
  const folder = temporary.path;
  await using hub = hubOf();
  await Deno.writeTextFile(temporary.file("precious"), "mine");
  await Deno.symlink(
    temporary.file("precious"),
    temporary.file("a.safetensors.part"),
  );
  await download(hub, folder);
  assert.equal(await Deno.readTextFile(temporary.file("precious")), "mine");
  assert.deepEqual(await Deno.readFile(temporary.file("a.safetensors")), BIG);
});

Deno.test("a download with a wrong hash is removed", async () => {
  await using temporary = await temporaryFolder();
  const folder = temporary.path;
  await using hub = hubOf({
    "a.safetensors": { bytes: BIG, lfs: true, digest: "ab".repeat(32) },
  });
  await assertCode(
    download(hub, folder),
    "hash-mismatch",
    /sha256 [0-9a-f]{64}, expected (?:ab){32}\nHINT: It was removed/,
  );
  assert.deepEqual(
    Array.from(Deno.readDirSync(folder), ({ name }) => name),
    [".download.lock"],
  );
});

Deno.test("a second download into the same folder is refused", async () => {
  await using temporary = await temporaryFolder();
  const folder = temporary.path;
  await using hub = hubOf();
  let second: Promise<unknown> | undefined;
  await download(hub, folder, {
    onEvent() {
      second ??= assert.rejects(
        download(hub, folder),
        /another download into it is running \(process \d+\)\nHINT/,
      );
    },
  });
  await second;
  await assertWhole(folder);
  await download(hub, folder); // the lock is free again
});

Deno.test("a file that changed on the server is an error", async () => {
  await using temporary = await temporaryFolder();
  const folder = temporary.path;
  const run = async (file: Partial<ServedFile>, faults = {}) => {
    await using hub = hubOf({
      "a.safetensors": { bytes: BIG, lfs: true, ...file },
    });
    Object.assign(hub.faults, faults);
    await download(hub, folder);
  };
  // 416: the listed file is longer than the existing one.
  await assertCode(
    run({ size: BIG.length + 20_000 }),
    "changed",
    /answers 416|the server sends bytes/,
  );
  await assertCode(
    run({}, { contentRange: "bytes 7-16/45678" }),
    "changed",
    /sends bytes 7-16\/45678, expected 45678 bytes/,
  );
  await assertCode(
    run({}, { contentRange: "bytes 0-9999/45679" }),
    "changed",
    /expected 45678 bytes/,
  );
  await assertCode(
    run({}, { tooMuch: true }),
    "protocol",
    /more than was asked/,
  );
  await assertCode(
    run({ size: BIG.length - 1 }, { noRanges: true }),
    "changed",
    /the server has 45678 bytes, expected 45677/,
  );
});

Deno.test("the token is sent to the Hub only", async () => {
  await using temporary = await temporaryFolder();
  const folder = temporary.path;
  await using hub = hubOf(undefined, { token: "hf_secret" });
  await assertCode(
    download(hub, folder),
    "unauthorized",
    /answers 401\nHINT: Set HF_TOKEN/,
  );
  await assertCode(
    download(hub, folder, { token: "hf_old" }),
    "unauthorized",
    /HINT: The token in HF_TOKEN or of a login is not valid/,
  );
  await download(hub, folder, { token: "hf_secret" });
  await assertWhole(folder);
  const store = hub.seen.filter(({ server }) => server === "store");
  assert(store.length > 0);
  assert(store.every(({ authorization }) => authorization === null));
  const last = hub.seen.findLast(({ server }) => server === "hub");
  assert.equal(last?.authorization, "Bearer hf_secret");
});

Deno.test("refusals of the Hub have a hint", async () => {
  await using temporary = await temporaryFolder();
  const folder = temporary.path;
  const answer = async (
    resolveStatus: number,
    refusal: HubServerOptions["refusal"] = {},
    token = "",
  ) => {
    await using hub = hubOf(undefined, { resolveStatus, refusal });
    await download(hub, folder, { token });
  };
  const gated = {
    headers: {
      "x-error-code": "GatedRepo",
      "x-error-message": "Access to model owner/model is restricted.",
    },
    body: "Access to model owner/model is restricted. You must log in.",
  };
  await assertCode(
    answer(401, gated),
    "forbidden",
    /answers 401: "Access to model owner\/model is restricted\."\nHINT: Accept its terms at http:\/\/127\.0\.0\.1:\d+\/owner\/model, then set HF_TOKEN/,
  );
  await assertCode(
    answer(403, gated, "hf_x"),
    "forbidden",
    /restricted\."\nHINT: Accept its terms at .*with the account of the token/,
  );
  await assertCode(
    answer(403, { body: '{"error":"Your request awaits a review."}' }),
    "forbidden",
    /answers 403: "Your request awaits a review\."\nHINT/,
  );
  await assertCode(
    answer(418, { body: "<html>" + "x".repeat(100_000) }),
    "protocol",
    /answers 418$/,
  );
  await assertCode(answer(403), "forbidden", /accept its licen[cs]e first/);
  await assertCode(answer(404), "not-found", /renamed or moved/);
  await assertCode(answer(418), "protocol", /answers 418/);
  await using hub = hubOf();
  await assertCode(
    download(hub, folder, {
      wanted: [{ repository: "no/body", paths: ["*"] }],
    }),
    "not-found",
    /the files of no\/body: the server answers 404/,
  );
  await assertCode(
    download(hub, folder, {
      wanted: [{ repository: REPOSITORY, paths: ["b.safetensors"] }],
    }),
    "not-found",
    /"b\.safetensors" in owner\/model: none of its 1 files/,
  );
  const { endpoint } = hub;
  await hub[Symbol.asyncDispose]();
  await assertCode(
    new HubClient({ endpoint }).listFiles(REPOSITORY),
    "unreachable",
    /127\.0\.0\.1:\d+ does not answer/,
  );
});

Deno.test("redirects that loop or leave the web are refused", async () => {
  await using temporary = await temporaryFolder();
  const folder = temporary.path;
  const redirect = async (to: (path: string) => string) => {
    await using hub = hubOf(undefined, { redirect: to });
    await download(hub, folder);
  };
  await assertCode(
    redirect((path) => path),
    "protocol",
    /more than 8 redirects/,
  );
  await assertCode(
    redirect(() => "file:///etc/passwd"),
    "protocol",
    /redirects to "file:\/\/\/etc\/passwd"/,
  );
});

Deno.test("a long list has pages, all from the Hub", async () => {
  await using temporary = await temporaryFolder();
  const folder = temporary.path;
  const files = Object.fromEntries(
    Array.from({ length: 7 }, (_, i) => [
      `deep/${i}/f.bin`,
      { bytes: bytesOf(i * 100) },
    ]),
  );
  const wanted = [{ repository: REPOSITORY, paths: ["deep/*/f.bin"] }];
  {
    await using hub = hubOf(files, { pageSize: 3 });
    await download(hub, folder, { wanted });
    assert.equal(
      (await Deno.readFile(join(folder, "deep/6/f.bin"))).length,
      600,
    );
    assert.equal(
      (await Deno.readFile(join(folder, "deep/0/f.bin"))).length,
      0,
    );
  }
  await using hub = hubOf(files, {
    pageSize: 3,
    nextPage: "http://127.0.0.2:9/evil",
  });
  await assertCode(
    download(hub, folder, { wanted }),
    "protocol",
    /next page is "http:\/\/127\.0\.0\.2:9\/evil", expected one at/,
  );
});

Deno.test("lists with paths outside the folder, and invalid lists, are refused", async () => {
  await using temporary = await temporaryFolder();
  const folder = temporary.path;
  const entry = (change: Record<string, unknown>) =>
    JSON.stringify([{
      type: "file",
      path: "a.safetensors",
      size: 1,
      oid: "0".repeat(40),
      ...change,
    }]);
  const lists: [string, RegExp][] = [
    [entry({ path: "../a.safetensors" }), /a path is "\.\.\/a/],
    [entry({ path: "/etc/a.safetensors" }), /a path is/],
    [entry({ path: "b\\..\\a.safetensors" }), /a path is/],
    [entry({ path: "C:a.safetensors" }), /a path is/],
    [entry({ path: "a\n.safetensors" }), /a path is/],
    [entry({ path: "b//a.safetensors" }), /a path is/],
    [entry({ path: 5 }), /an entry is/],
    [entry({ size: -1 }), /an entry is/],
    [entry({ size: 1.5 }), /an entry is/],
    [entry({ oid: "xyz" }), /the hash of/],
    [entry({ lfs: { oid: "0".repeat(40), size: 1 } }), /the hash of/],
    ["{}", /no list/],
    ["<html>", /no JSON/],
  ];
  for (const [list, message] of lists) {
    await using hub = hubOf({}, { list });
    await assertCode(download(hub, folder), "protocol", message);
  }
  assert.deepEqual([...Deno.readDirSync(folder)], []);
});

Deno.test("a file not written by this tool is not replaced by default", async () => {
  await using temporary = await temporaryFolder();
  const folder = temporary.path;
  await using hub = hubOf();
  const path = join(folder, "a.safetensors");
  await Deno.writeTextFile(path, "mine");
  await assert.rejects(download(hub, folder), /another file of that name/);
  assert.equal(await Deno.readTextFile(path), "mine");
  // The right size is not enough.
  await Deno.writeFile(path, new Uint8Array(BIG.length));
  await assert.rejects(download(hub, folder), /another file of that name/);
  assert.equal(hub.sent(), 0);
  await download(hub, folder, { overwrite: true });
  await assertWhole(folder);
  // A file from another source is checked once and then recorded.
  await Deno.remove(join(folder, ".verified.json"));
  const sent = hub.sent();
  const events = await download(hub, folder);
  assert(events.some((e) => e.type === "progress" && e.stage === "verify"));
  assert.equal(hub.sent(), sent);
  await assertWhole(folder);
  // --verify finds a file that changed after it was recorded.
  const { mtime } = await Deno.stat(path);
  const damaged = BIG.slice();
  damaged[7]! ^= 1;
  await Deno.writeFile(path, damaged);
  await Deno.utime(path, mtime!, mtime!);
  assert.equal((await download(hub, folder)).length, 2);
  await assert.rejects(
    download(hub, folder, { verify: true }),
    /another file of that name/,
  );
});

Deno.test("insufficient disk space is reported before any download", async () => {
  await using temporary = await temporaryFolder();
  const folder = temporary.path;
  await using hub = hubOf({
    "a.safetensors": { bytes: BIG, lfs: true, size: 2 ** 52 },
  });
  await assertCode(
    download(hub, folder),
    "no-space",
    /4503599\.6 GB are missing and 67 MB are kept free, the disk has room for .*\nHINT/,
  );
  assert.equal(hub.sent(), 0);
  assert.deepEqual([...Deno.readDirSync(folder)], []);
});

Deno.test("HubClient refuses invalid addresses and tokens", async () => {
  const make = (options: { endpoint?: string; token?: string }) => () =>
    new HubClient(options);
  assert.throws(make({ endpoint: "huggingface.co" }), /expected an address/);
  assert.throws(make({ endpoint: "ftp://a.b" }), TypeError);
  assert.throws(make({ endpoint: "https://me:pw@a.b" }), TypeError);
  assert.throws(make({ token: "a\nb" }), /characters other than/);
  for (const name of ["../x", "x", "a/b/c", "a/..", "a/b?c"]) {
    await assert.rejects(
      new HubClient().listFiles(name),
      /expected a repository "owner\/name"/,
    );
  }
});

/** The Hub's repositories, with a tiny checkpoint in the official layout. */
async function tinyRepositories() {
  const files = await tinyCheckpoint({ folder: "", seed: 5 });
  const repositories: Record<string, Record<string, ServedFile>> = {
    "bytedance-research/ATI": { "README.md": { bytes: bytesOf(10) } },
    "Wan-AI/Wan2.1-I2V-14B-480P": {
      "xlm-roberta-large/tokenizer.json": { bytes: bytesOf(10) },
      "diffusion_pytorch_model-00001-of-00007.safetensors": {
        bytes: bytesOf(10),
        lfs: true,
      },
    },
  };
  repositories["lightx2v/Autoencoders"] = {
    "lighttaew2_1.safetensors": {
      bytes: Deno.readFileSync(
        goldenUrl("tiny_vae/lighttaew2_1.safetensors"),
      ),
      lfs: true,
    },
  };
  repositories["aharley/alltracker"] = {
    "alltracker.pth": { bytes: bytesOf(10), lfs: true },
    "alltracker_tiny.pth": {
      bytes: Deno.readFileSync(allTrackerFile("tiny")),
      lfs: true,
    },
  };
  for (const [path, bytes] of Object.entries(files)) {
    const name = path.replace(/^\//, "");
    const owner = /^(?:config|diffusion)/.test(name)
      ? "bytedance-research/ATI"
      : "Wan-AI/Wan2.1-I2V-14B-480P";
    repositories[owner]![name] = { bytes, lfs: !name.endsWith(".json") };
  }
  return repositories;
}

Deno.test("tools/download.ts downloads a checkpoint that opens, under its permissions", async () => {
  await using temporary = await temporaryFolder();
  const folder = temporary.path;
  await using hub = startHub(await tinyRepositories());
  const { host } = new URL(hub.endpoint);
  const run = (
    args: readonly string[],
    net = "127.0.0.1",
    env: Record<string, string> = {},
  ) =>
    runToolProcess("tools/download.ts", ["-c", folder, ...args], {
      permissions: permissionsOf("tools/download.ts").map((flag) =>
        flag.startsWith("--allow-net") ? `--allow-net=${net}` : flag
      ),
      env: {
        HF_ENDPOINT: hub.endpoint,
        HF_TOKEN: "",
        HF_HOME: join(folder, "..", "nothing"),
        ...env,
      },
    });

  const refused = await run([], "huggingface.co");
  assert.equal(refused.code, 2);
  assert.match(
    refused.err,
    new RegExp(`Cannot reach ${host}.*\nHINT: .*--allow-net=${host}`, "s"),
  );

  const dry = await run(["--dry-run"]);
  assert.equal(dry.code, 0, dry.err);
  assert.match(
    dry.out,
    /Wan2\.1_VAE\.pth {2}\(Wan-AI\/Wan2\.1-I2V-14B-480P; to be fetched\)/,
  );
  assert.match(dry.out, /in all, .* to fetch into/);
  assert(!/xlm-roberta-large\/|README|00007/.test(dry.out), dry.out);
  assert.deepEqual([...Deno.readDirSync(folder)], []);

  hub.faults.cuts.push(20_000);
  const first = await run([]);
  assert.equal(first.code, 0, first.err);
  assert.match(first.out, /Wan2\.1_VAE\.pth: 1 MB fetched and checked/);
  assert.match(first.out, /transformer {2}198 thousand parameters, BF16/);
  assert.match(first.out, /ready: -c /);

  const second = await run([]);
  assert.equal(second.code, 0, second.err);
  assert.match(second.out, /up to date/);
  assert.match(second.out, /already there/);

  const added = await run(["--variant", "tiny-vae"]);
  assert.equal(added.code, 0, added.err);
  assert.match(added.out, /lighttaew2_1\.safetensors: .*\n?.*added to /s);
  const tracker = await run(["--variant", "alltracker-tiny"]);
  assert.equal(tracker.code, 0, tracker.err);
  assert.match(tracker.out, /alltracker_tiny\.pth: .*\n?.*added to /s);
  assert(!tracker.out.includes("alltracker.pth"), tracker.out);
  await openComponent("allTracker", join(folder, "alltracker_tiny.pth"));
  assert((await openAtiCheckpoint(folder)).tinyVae);

  // A checkpoint that is complete in the Hub's cache costs no download.
  const cache = temporary.file("hub/models--Wan-AI--Wan2.1-I2V-14B-480P");
  await Deno.mkdir(join(cache, "snapshots/0"), { recursive: true });
  const vae = "Wan2.1_VAE.pth";
  await Deno.rename(join(folder, vae), join(cache, "snapshots/0", vae));
  const before = hub.sent();
  const third = await run([], undefined, {
    HF_HUB_CACHE: temporary.file("hub"),
  });
  assert.equal(third.code, 0, third.err);
  assert.match(third.out, /Wan2\.1_VAE\.pth: .* taken from the Hub's cache/);
  assert.equal(hub.sent(), before);

  const missing = await run(["--variant", "fp8"]);
  assert.equal(missing.code, 2);
  assert.match(
    missing.err,
    /the files of Kijai\/WanVideo_comfy: the server answers 404/,
  );
});

Deno.test("what the Hub's own client has cached is not fetched again", async () => {
  await using temporary = await temporaryFolder();
  const cache = temporary.file("hub");
  const files = {
    "a.safetensors": { bytes: BIG, lfs: true },
    "b.safetensors": { bytes: bytesOf(20_000), lfs: true },
    "c.json": { bytes: bytesOf(500) },
  };
  await using hub = hubOf(files);
  const client = new HubClient({ endpoint: hub.endpoint });
  const wanted = [{ repository: REPOSITORY, paths: ["*"] }];
  const blobs = join(cache, "models--owner--model/blobs");
  await Deno.mkdir(blobs, { recursive: true });
  for (const { path, hash } of await client.listFiles(REPOSITORY)) {
    const bytes = files[path as keyof typeof files].bytes.slice();
    if (path === "b.safetensors") bytes[100]! ^= 1; // damaged
    await Deno.writeFile(join(blobs, hash.digest), bytes);
  }
  const folder = temporary.file("ckpt");
  const plan = await planDownload(client, { folder, wanted, cache });
  assert.deepEqual(plan.files.map(({ state }) => state), [
    "cached",
    "cached",
    "cached",
  ]);
  assert.equal(plan.missing, 0);
  const done: [string, boolean][] = [];
  await runDownload(client, plan, {
    ...QUICK,
    onEvent(event) {
      if (event.type !== "done") return;
      done.push([event.planned.file.path, event.fetched]);
    },
  });
  // Whatever the cache says: bytes with another hash are fetched.
  assert.deepEqual(done, [
    ["c.json", false],
    ["b.safetensors", true],
    ["a.safetensors", false],
  ]);
  assert.ok(hub.sent() >= 20_000 && hub.sent() < 45_000, `${hub.sent()}`);
  for (const [path, { bytes }] of Object.entries(files)) {
    assert.deepEqual(await Deno.readFile(join(folder, path)), bytes);
  }
  const names = Array.from(Deno.readDirSync(folder), ({ name }) => name).sort();
  assert.deepEqual(names, [
    ".download.lock",
    ".verified.json",
    "a.safetensors",
    "b.safetensors",
    "c.json",
  ]);
  // Replacing a file of the folder leaves the cache as it was.
  const [big] = (await client.listFiles(REPOSITORY))
    .filter(({ path }) => path === "a.safetensors");
  await Deno.writeTextFile(join(folder, "new"), "x");
  await Deno.rename(join(folder, "new"), join(folder, "a.safetensors"));
  await download(hub, folder, { wanted, overwrite: true });
  assert.deepEqual(
    await Deno.readFile(join(blobs, big!.hash.digest)),
    BIG,
  );
});

Deno.test("every variant is a complete checkpoint", () => {
  for (const { description, wanted, isAddition } of Object.values(VARIANTS)) {
    assert(description.length > 10);
    if (isAddition) continue;
    const paths = wanted.flatMap(({ paths }) => paths).join("\n");
    for (
      const part of [
        /diffusion_pytorch|I2V-ATI-14B|WanMove/,
        /VAE/,
        /umt5-xxl-enc/,
        /open-clip/,
        /tokenizer\.json/,
      ]
    ) {
      assert.match(paths, part);
    }
  }
});
