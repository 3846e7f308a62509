/** The presets of a page whose server has other windows, too. */

import assert from "node:assert/strict";
import { emptyDocument } from "../model/document.ts";
import { formatMotion } from "../model/motion.ts";
import type { Preset } from "../model/presets.ts";

const motion = emptyDocument({ width: 8, height: 6 });
const preset = (name: string, at = 1): Preset => ({
  ...{ name, at },
  text: formatMotion({ ...motion, prompt: `${at}` }),
});

// One that this browser kept before projects had any.
const storage = new Map([["ati-presets", JSON.stringify([preset("Old")])]]);
Object.defineProperty(globalThis, "localStorage", {
  value: {
    getItem: (key: string) => storage.get(key) ?? null,
    setItem: (key: string, text: string) => void storage.set(key, text),
  },
});
const { isKeptHere, loadPresets, presets, removePreset, savePreset } =
  await import("./presets.ts");
/** A server with the project's list, in place of `fetch`. */
class FakeServer implements Disposable {
  presets: readonly Preset[];
  version = 1;
  /** What comes of the next requests to save; then all goes well. */
  readonly trouble: "no answer"[] = [];
  readonly asked: string[] = [];
  /** Holds the answers to reading the list back. */
  hold: Promise<void> | undefined;
  readonly #fetch = globalThis.fetch;

  constructor(presets: readonly Preset[]) {
    this.presets = presets;
    globalThis.fetch = (_, init) =>
      Promise.try(() => this.#answer(init?.method ?? "GET", init));
  }

  /** Another window saves. */
  save(presets: readonly Preset[]): void {
    this.presets = presets;
    this.version++;
  }

  /** The names in the project's list. */
  get names(): string[] {
    return this.presets.map(({ name }) => name);
  }

  async #answer(
    method: string,
    init: RequestInit | undefined,
  ): Promise<Response> {
    this.asked.push(method);
    const etag = () => ({ headers: { etag: `"${this.version}"` } });
    if (method === "GET") {
      const response = Response.json(this.presets, etag());
      await this.hold;
      return response;
    }
    if (new Headers(init?.headers).get("if-match") !== `"${this.version}"`) {
      return Response.json({ error: "changed" }, { status: 412 });
    }
    this.save(JSON.parse(String(init?.body)));
    if (this.trouble.shift()) throw new TypeError("cut off");
    return new Response(null, { status: 204, ...etag() });
  }

  [Symbol.dispose](): void {
    globalThis.fetch = this.#fetch;
  }
}

const shown = () => presets.value.map((each) => each.name);

Deno.test("what another window has saved meanwhile is kept", async () => {
  using server = new FakeServer([]);
  await loadPresets();
  server.save([preset("Theirs")]);
  await savePreset("Ours", motion);
  assert.deepEqual(server.names, ["Ours", "Theirs"]);
  assert.deepEqual(server.asked, ["GET", "PUT", "GET", "PUT"]);
  // The browser's own is next to them.
  assert.deepEqual(shown(), ["Old", "Ours", "Theirs"]);
  assert.deepEqual(presets.value.map(isKeptHere), [true, false, false]);
});

Deno.test("a preset that another window has changed is not written over", async () => {
  using server = new FakeServer([preset("Mine")]);
  await loadPresets();
  server.save([preset("Mine", 2)]);
  await assert.rejects(savePreset("Mine", motion), /in another window/);
  assert.deepEqual(server.presets, [preset("Mine", 2)]);
  // The list was read again with that: a second try replaces what it shows.
  await savePreset("Mine", motion);
  assert.equal(server.presets[0]!.text, formatMotion(motion));
});

Deno.test("a save whose answer was lost is no other window's", async () => {
  using server = new FakeServer([]);
  await loadPresets();
  server.trouble.push("no answer");
  await assert.rejects(savePreset("Mine", motion), /not responding/);
  await savePreset("Mine", motion);
  assert.deepEqual(server.names, ["Mine"]);
  const [mine] = presets.value.filter(({ name }) => name === "Mine");
  server.trouble.push("no answer");
  await assert.rejects(removePreset(mine!), /not responding/);
  const restore = await removePreset(mine!);
  assert.deepEqual(server.names, []);
  await restore();
  assert.deepEqual(server.names, ["Mine"]);
});

Deno.test("a list that was asked for before a save does not come back", async () => {
  using server = new FakeServer([]);
  await loadPresets();
  const { promise, resolve } = Promise.withResolvers<void>();
  server.hold = promise;
  const reading = loadPresets();
  await savePreset("Mine", motion);
  resolve();
  await reading;
  assert.deepEqual(shown(), ["Mine", "Old"]);
});

Deno.test("the browser's preset goes, and comes back, where it was kept", async () => {
  using server = new FakeServer([preset("Old", 3)]);
  await loadPresets();
  assert.deepEqual(presets.value, [preset("Old", 3)]); // the project's is first
  const restoreBoth = await removePreset(presets.value[0]!);
  assert.deepEqual([server.names, shown()], [[], []]);
  await restoreBoth();
  assert.deepEqual(server.presets, [preset("Old", 3)]);
  assert.match(storage.get("ati-presets")!, /"at":1/);
  server.save([]);
  await loadPresets();
  const restore = await removePreset(presets.value[0]!);
  assert.equal(storage.get("ati-presets"), "[]");
  await restore();
  assert.deepEqual([server.names, shown()], [[], ["Old"]]);
});
