import assert from "node:assert/strict";
import { Hono } from "npm:hono@4.13.19";
import { guard } from "./guard.ts";

const TOKEN = "0123456789abcdef0123456789abcdef";

/** A guarded application that answers "in". */
function guarded(hostname: string, token: string | undefined, port = 5000) {
  const app = new Hono();
  app.use(guard({ port, hostname, token }));
  app.all("*", (c) => c.text("in"));
  return async (
    path: string,
    headers: Record<string, string>,
  ): Promise<Response> =>
    await app.request(`http://editor.invalid${path}`, { headers });
}

Deno.test("this machine's browser reaches the editor by its own names only", async () => {
  const ask = guarded("127.0.0.1", undefined);
  const status = async (host: string) => (await ask("/", { host })).status;
  for (const host of ["127.0.0.1:5000", "localhost:5000", "[::1]:5000"]) {
    assert.equal(await status(host), 200, host);
  }
  for (const host of ["", "127.0.0.1", "127.0.0.1:5001", "example.com:5000"]) {
    assert.equal(await status(host), 421, host);
  }
  const at80 = guarded("127.0.0.1", undefined, 80);
  assert.equal((await at80("/", { host: "localhost" })).status, 200);
});

Deno.test("with a token, a name is known once it came with the token", async () => {
  const ask = guarded("0.0.0.0", TOKEN);
  const cookie = `ati_editor_token_5000=${TOKEN}`;
  const status = async (host: string, path = "/") =>
    (await ask(path, { host, cookie })).status;
  assert.equal(await status("192.0.2.7:5000"), 200);
  assert.equal(await status("[2001:db8::7]:5000"), 200);
  assert.equal(await status("rebound.example:5000"), 421);
  assert.equal(await status("rebound.example:5000", "/?token=wrong"), 421);
  assert.equal(await status("lab7:5000"), 421);
  assert.equal(await status("lab7:5000", `/?token=${TOKEN}`), 302);
  assert.equal(await status("lab7:5000"), 200);
  assert.equal(await status("LAB7:5000"), 200);
  assert.equal(await status("rebound.example:5000"), 421);
});

Deno.test("the cookie belongs to the port: two editors do not sign each other out", async () => {
  const host = "192.0.2.7:5000";
  const ask = guarded("0.0.0.0", TOKEN);
  const welcome = await ask(`/?token=${TOKEN}`, { host });
  assert.match(
    welcome.headers.get("set-cookie")!,
    /^ati_editor_token_5000=.*HttpOnly.*SameSite=Strict/,
  );
  const other = { host, cookie: `ati_editor_token_5001=${TOKEN}` };
  assert.equal((await ask("/", other)).status, 401);
});

Deno.test("wrong tokens are answered slowly, few at a time; right ones at once", async () => {
  const host = "192.0.2.7:5000";
  const ask = guarded("0.0.0.0", TOKEN);
  const start = performance.now();
  const wrong = Array.from({ length: 30 }, async (_, i) => {
    const { status } = await ask(`/?token=${i}`, { host });
    return { status, after: performance.now() - start };
  });
  const cookie = `ati_editor_token_5000=${TOKEN}`;
  assert.equal((await ask("/", { host, cookie })).status, 200);
  const answers = await Promise.all(wrong);
  const slow = answers.filter(({ status }) => status === 401);
  assert.equal(slow.length, 20);
  assert.ok(slow.every(({ after }) => after >= 950), JSON.stringify(slow));
  assert.equal(answers.filter(({ status }) => status === 429).length, 10);
  // Without any token there is nothing to guess, and the answer is quick.
  assert.equal((await ask("/", { host })).status, 401);
});
