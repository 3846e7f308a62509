import assert from "node:assert/strict";
import { seeLocks, takeAway, takeLock } from "./item_lock.ts";
import { removeStaleTemp } from "../files/files.ts";
import { temporaryFolder } from "../../tests/fixtures/temporary.ts";

const FAST = { heartbeatMs: 20, staleAfterMs: 200 };

async function withPath(body: (path: string) => Promise<void>): Promise<void> {
  await using temporary = await temporaryFolder();
  await body(temporary.file("sub/000.lock"));
}

Deno.test("takeLock() refuses a lock that is held, and takes it when it is free", () =>
  withPath(async (path) => {
    const first = await takeLock(path, FAST);
    assert.ok(first);
    assert.equal(await takeLock(path, FAST), undefined);
    await first.release();
    await first.release();
    await using second = await takeLock(path, FAST);
    assert.ok(second);
    assert.equal(first.signal.aborted, false);
  }));

Deno.test("takeLock() takes over what a dead process left", () =>
  withPath(async (path) => {
    await Deno.mkdir(path.slice(0, path.lastIndexOf("/")));
    await Deno.writeTextFile(path, "somebody 7");
    await using lock = await takeLock(path, FAST);
    assert.ok(lock);
    assert.doesNotMatch(await Deno.readTextFile(path), /somebody/);
  }));

Deno.test("takeLock() does not wait again for what was seen long ago", () =>
  withPath(async (path) => {
    await Deno.mkdir(path.slice(0, path.lastIndexOf("/")));
    await Deno.writeTextFile(path, "a-dead-process 7");
    const seen = await seeLocks([path, `${path}.other`]);
    assert.deepEqual([...seen.keys()], [path]);
    const earlier = new Map(
      [...seen].map(([path, { content, at }]) =>
        [path, { content, at: at - 60_000 }] as const
      ),
    );
    const slow = { staleAfterMs: 60_000, seen: earlier };
    await using lock = await takeLock(path, slow);
    assert.ok(lock);
    // One that has had a heartbeat since is waited for.
    await Deno.writeTextFile(path, "a-living-process 8");
    const signal = AbortSignal.timeout(50);
    await assert.rejects(takeLock(path, { ...slow, signal }), /TimeoutError/);
  }));

Deno.test("takeLock() takes a lock that is given back while it waits", () =>
  withPath(async (path) => {
    const first = await takeLock(path, { heartbeatMs: 60_000 });
    await using second = await takeLock(path, {
      staleAfterMs: 60_000,
      onWait: () => void first!.release(),
    });
    assert.ok(second);
  }));

Deno.test("a file system that is away for a moment ends no lock", () =>
  withPath(async (path) => {
    await using lock = await takeLock(path, { heartbeatMs: 5 });
    const real = Deno.readTextFile;
    let failures = 0;
    await new Promise<void>((resolve) => {
      Deno.readTextFile = () => {
        if (++failures === 2) resolve();
        return Promise.reject(new Error("Stale file handle"));
      };
    }).finally(() => Deno.readTextFile = real);
    const beats = () => Number(Deno.readTextFileSync(path).split(" ")[1]);
    const before = beats();
    while (beats() === before) await new Promise((done) => setTimeout(done, 5));
    assert.equal(lock!.signal.aborted, false);
  }));

Deno.test("seeLocks() sees none where there is no folder, or none that can be read", () =>
  withPath(async (path) => {
    const folder = path.slice(0, path.lastIndexOf("/"));
    assert.equal((await seeLocks([path])).size, 0);
    await Deno.mkdir(path, { recursive: true });
    await Deno.writeTextFile(`${folder}/file`, "");
    const paths = [path, `${folder}/file/a.lock`, `${folder}/file`];
    assert.deepEqual([...(await seeLocks(paths)).keys()], [`${folder}/file`]);
  }));

Deno.test("takeLock() gives a lock to one of many", () =>
  withPath(async (path) => {
    await Deno.mkdir(path.slice(0, path.lastIndexOf("/")));
    await Deno.writeTextFile(path, "somebody 7");
    const locks = await Promise.all(
      Array.from({ length: 12 }, () => takeLock(path, FAST)),
    );
    const held = locks.filter((lock) => lock !== undefined);
    assert.equal(held.filter((lock) => !lock.signal.aborted).length, 1);
    for (const lock of held) await lock.release();
    const folder = path.slice(0, path.lastIndexOf("/"));
    assert.deepEqual([...Deno.readDirSync(folder)], []);
  }));

Deno.test("a lock that was taken away says so and leaves the new one alone", () =>
  withPath(async (path) => {
    const lock = await takeLock(path, FAST);
    await Deno.writeTextFile(path, "another 0");
    await new Promise((done) => lock!.signal.addEventListener("abort", done));
    await lock!.release();
    assert.equal(await Deno.readTextFile(path), "another 0");
    await Deno.remove(path);
    // Nor is it removed where nothing has been said yet.
    const slow = await takeLock(path, { ...FAST, heartbeatMs: 60_000 });
    await Deno.writeTextFile(path, "another 1");
    await slow!.release();
    assert.equal(await Deno.readTextFile(path), "another 1");
  }));

Deno.test("takeLock() says where it cannot be written", () =>
  withPath(async (path) => {
    await using _lock = await takeLock(path, FAST);
    await assert.rejects(
      takeLock(`${path}/x.lock`),
      /Cannot write ".*x\.lock": a part of its path is a file/,
    );
  }));

Deno.test("takeLock() says at once who holds a lock", () =>
  withPath(async (path) => {
    await using _held = await takeLock(path, FAST);
    const owners: [string, number][] = [];
    const asked = performance.now();
    const told = new Promise<void>((resolve) => {
      void takeLock(path, {
        ...FAST,
        onWait: (owner) => {
          owners.push([owner, performance.now() - asked]);
          resolve();
        },
      });
    });
    await told;
    assert.match(
      owners[0]![0],
      new RegExp(
        `^process ${Deno.pid}( on \\S+)? since \\d{4}-\\d\\d-\\d\\d \\d\\d:`,
      ),
    );
    assert.ok(owners[0]![1] < FAST.staleAfterMs, "before anything is awaited");
    await new Promise((done) => setTimeout(done, 2 * FAST.staleAfterMs));
    assert.match(await Deno.readTextFile(path), / [1-9]\d* process \d+/);
    assert.equal(owners.length, 1);
  }));

Deno.test("a lock whose content means nothing has an unknown owner", () =>
  withPath(async (path) => {
    await Deno.mkdir(path.slice(0, path.lastIndexOf("/")));
    await Deno.writeTextFile(path, "\u001b[31mprocess");
    let owner = "";
    await using _lock = await takeLock(path, {
      ...FAST,
      onWait: (who) => owner = who,
    });
    assert.equal(owner, "another process");
  }));

Deno.test("a new lock that was moved away by mistake is put back", () =>
  withPath(async (path) => {
    // Two processes find a dead lock. While the second one still waits, the
    // first has taken over: what it moves away is the first one's new lock.
    await Deno.mkdir(path.slice(0, path.lastIndexOf("/")));
    await Deno.writeTextFile(path, "new 0 process 7");
    await takeAway(path, "dead 3 process 5");
    assert.equal(await Deno.readTextFile(path), "new 0 process 7");
    const folder = path.slice(0, path.lastIndexOf("/"));
    assert.equal([...Deno.readDirSync(folder)].length, 1);
    await takeAway(path, "new 0 process 7");
    assert.deepEqual([...Deno.readDirSync(folder)], []);
  }));

Deno.test("takeLock() stops waiting when it is aborted", () =>
  withPath(async (path) => {
    await using _held = await takeLock(path, { heartbeatMs: 10_000 });
    const waiting = takeLock(path, {
      staleAfterMs: 60_000,
      signal: AbortSignal.timeout(30),
    });
    await assert.rejects(waiting, { name: "TimeoutError" });
  }));

Deno.test("takeLock() puts back a new lock that it moved away as a dead one", () =>
  withPath(async (path) => {
    await Deno.mkdir(path.slice(0, path.lastIndexOf("/")));
    await Deno.writeTextFile(path, "dead 7");
    // Another process takes over right before the dead lock is moved away.
    const real = Deno.rename;
    let beats = 0, timer: ReturnType<typeof setInterval> | undefined;
    Deno.rename = async (from, to) => {
      Deno.rename = real;
      Deno.writeTextFileSync(path, "another 0");
      await real(from, to);
      timer = setInterval(
        () => Deno.writeTextFileSync(path, `another ${++beats}`),
        100,
      );
    };
    try {
      const lock = await takeLock(path, { heartbeatMs: 20, staleAfterMs: 600 });
      assert.equal(lock, undefined, "two processes hold the lock");
      assert.match(await Deno.readTextFile(path), /^another /);
    } finally {
      Deno.rename = real;
      clearInterval(timer);
    }
  }));

Deno.test(
  "takeAway() bears others that clear the folder or take the same lock",
  {
    sanitizeResources: true,
  },
  () =>
    withPath(async (path) => {
      const folder = path.slice(0, path.lastIndexOf("/"));
      await Deno.mkdir(folder);
      for (let round = 0; round < 200; round++) {
        const stolen = round % 2 === 1;
        await Deno.writeTextFile(path, stolen ? "new 0" : "dead 7");
        await Promise.all([
          removeStaleTemp(path),
          takeAway(path, "dead 7"),
          removeStaleTemp(path),
          takeAway(path, "dead 7"),
          removeStaleTemp(path),
        ]);
        const left = [...Deno.readDirSync(folder)].map(({ name }) => name);
        assert.deepEqual(left, stolen ? ["000.lock"] : [], `round ${round}`);
      }
    }),
);
