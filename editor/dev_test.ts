import assert from "node:assert/strict";
import { buildStatic } from "./dev.ts";

/** A text's size as it goes over the wire, gzipped, in bytes. */
async function zippedSize(text: string): Promise<number> {
  const zipped = new Blob([text]).stream().pipeThrough(
    new CompressionStream("gzip"),
  );
  return (await new Response(zipped).arrayBuffer()).byteLength;
}

Deno.test("the committed client is what its sources build", async () => {
  const built = await buildStatic();
  assert.ok(built.size >= 3);
  for (const [name, code] of built) {
    const url = new URL(`./static/${name}`, import.meta.url);
    assert.ok(
      await Deno.readTextFile(url) === code,
      `static/${name} is not what is built now\nHINT: deno task editor:build`,
    );
  }
});

Deno.test("the page starts with less than 60 kB of script", async () => {
  let size = 0;
  for (const name of ["client.js", "shared.js"]) {
    const url = new URL(`./static/${name}`, import.meta.url);
    size += await zippedSize(await Deno.readTextFile(url));
  }
  console.log(`client at the start: ${size} bytes gzipped`);
  assert.ok(size < 60_000, `${size}`);
});
