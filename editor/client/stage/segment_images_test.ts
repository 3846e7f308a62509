/** The images that segments begin with, made by a worker that is slow. */

import assert from "node:assert/strict";
import { positionsOf } from "../../model/track_positions.ts";
import { SegmentImages, type SegmentInputs } from "./segment_images.ts";

const size = { width: 2, height: 2 };

/** What a page has that the module needs, and the requests to its worker. */
class FakePage implements Disposable {
  /** Requests for a last frame that are not answered yet. */
  readonly asked: { readonly answer: (given: object) => void }[] = [];
  readonly #before = new Map<string, unknown>();

  constructor() {
    const { asked } = this;
    const pixels = { ...size, data: new Uint8ClampedArray(16) };
    this.#put("OffscreenCanvas", function () {
      const ctx = { drawImage() {}, getImageData: () => pixels };
      return { getContext: () => ctx };
    });
    this.#put("ImageData", function () {});
    this.#put("createImageBitmap", () => Promise.resolve(size));
    // A rest that is over at once.
    const { setTimeout } = globalThis;
    this.#put("setTimeout", (work: () => void) => setTimeout(work, 0));
    this.#put(
      "Worker",
      class {
        onmessage = (_: { readonly data: object }) => {};
        postMessage({ id, name }: { readonly id: number; name: string }) {
          const answer = (given: object) =>
            this.onmessage({ data: { id, ...given } });
          if (name === "lastFrame") asked.push({ answer });
          else answer({ result: undefined });
        }
      },
    );
  }

  #put(name: string, value: unknown): void {
    this.#before.set(name, Reflect.get(globalThis, name));
    Reflect.set(globalThis, name, value);
  }

  /** The next request for a last frame. */
  async next() {
    for (let turns = 0; this.asked.length === 0; turns++) {
      assert.ok(turns < 1000, "nothing more is asked for");
      await turn();
    }
    return this.asked.shift()!;
  }

  [Symbol.dispose](): void {
    for (const [name, value] of this.#before) {
      Reflect.set(globalThis, name, value);
    }
  }
}

const turn = () => new Promise((resolve) => setTimeout(resolve, 0));

Deno.test("what went wrong for tracks that were replaced stops nothing", async () => {
  using page = new FakePage();
  const errors: unknown[] = [];
  let ready = 0;
  const images = new SegmentImages({
    onReady: () => ready++,
    onError: (error) => errors.push(error),
  });
  const settled = async () => {
    for (let turns = 0; images.busy; turns++) {
      assert.ok(turns < 1000, "it stays busy");
      await turn();
    }
  };
  const image = { ...size, key: "00", bitmap: size as ImageBitmap };
  const inputs = (step: number): SegmentInputs => ({
    image: image as SegmentInputs["image"],
    tracks: positionsOf([
      Array.from({ length: 241 }, (_, i) => ({
        ...{ x: step * i, y: 0, visible: true },
      })),
    ], { frames: 241 }),
    objects: [],
    size,
  });
  images.get(inputs(1), 1, { ahead: 0 });
  const old = await page.next();
  const now = inputs(2);
  assert.equal(images.get(now, 1, { ahead: 0 }), undefined);
  old.answer({ error: "too large" });
  const request = await page.next();
  assert.deepEqual(errors, []);
  assert.ok(images.busy);
  request.answer({ result: { ...size, data: new Uint8Array(12) } });
  await settled();
  assert.equal(images.get(now, 1, { ahead: 0 })?.key, "00 segment 1");
  assert.ok(ready > 0);

  // An error of what is there now is said, once.
  const other = inputs(3);
  images.get(other, 1, { ahead: 0 });
  (await page.next()).answer({ error: "too large" });
  await settled();
  images.get(other, 1, { ahead: 0 });
  assert.deepEqual(errors.map(String), ["Error: too large"]);
});
