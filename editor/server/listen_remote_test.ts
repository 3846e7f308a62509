import assert from "node:assert/strict";
import { bodyLimit } from "./body_limit.ts";
import { Hono } from "npm:hono@4.13.19";
import { listenRemote, type TimeLimits } from "./listen_remote.ts";

/** Longer than any test takes. */
const NEVER = 60_000;

const app = new Hono();
app.onError((error, c) => c.text(error.message, 400));
app.post("/refused", (c) => c.text("no", 403));
app.use(bodyLimit(100_000));
app.post("/length", async (c) => c.text(`${(await c.req.text()).length}`));
app.get("/cookies", (c) => {
  c.header("set-cookie", "a=1", { append: true });
  c.header("set-cookie", "b=2", { append: true });
  return c.text(c.req.header("x-sent") ?? "");
});
app.get("/large", (c) => c.body(new Uint8Array(3_000_000).fill(7)));

/** Serves the application above on a port of this machine. */
async function withServer(
  work: (port: number) => Promise<void>,
  limits: TimeLimits = { head: NEVER, request: NEVER },
): Promise<void> {
  const server = await listenRemote(
    { hostname: "127.0.0.1", port: 0 },
    app.fetch,
    limits,
  );
  try {
    await work(server.port);
  } finally {
    await server.close();
  }
}

/** Sends bytes by hand, and answers with all that comes until the end. */
async function speak(
  port: number,
  send: (write: (text: string) => Promise<void>) => Promise<void>,
): Promise<string> {
  const connection = await Deno.connect({ hostname: "127.0.0.1", port });
  const encoder = new TextEncoder();
  const sending = send(async (text) => {
    const bytes = encoder.encode(text);
    for (let done = 0; done < bytes.length;) {
      done += await connection.write(bytes.subarray(done));
    }
  }).catch(() => {}); // The other side has closed: what is expected.
  let answer = "";
  try {
    const decoder = new TextDecoder();
    const buffer = new Uint8Array(65536);
    for (let n; (n = await connection.read(buffer)) !== null;) {
      answer += decoder.decode(buffer.subarray(0, n), { stream: true });
    }
  } catch {
    // Reset after the answer.
  }
  connection.close();
  await sending;
  return answer;
}

Deno.test("requests and answers pass unchanged", () =>
  withServer(async (port) => {
    const origin = `http://127.0.0.1:${port}`;
    const cookies = await fetch(`${origin}/cookies`, {
      headers: { "x-sent": "yes" },
    });
    assert.equal(await cookies.text(), "yes");
    assert.deepEqual(cookies.headers.getSetCookie(), ["a=1", "b=2"]);
    const large = await fetch(`${origin}/large`);
    const bytes = new Uint8Array(await large.arrayBuffer());
    assert.equal(bytes.length, 3_000_000);
    assert.ok(bytes.every((byte) => byte === 7));
    for (const body of ["x".repeat(90_000), new Blob(["y"]).stream()]) {
      const answer = await fetch(`${origin}/length`, { method: "POST", body });
      assert.equal(
        await answer.text(),
        typeof body === "string" ? "90000" : "1",
      );
    }
    const missing = await fetch(`${origin}/nothing`);
    assert.equal(missing.status, 404);
    await missing.body?.cancel();
  }));

Deno.test("an endless body is cut off after the answer", () =>
  withServer(async (port) => {
    for (const [path, status] of [["length", 413], ["refused", 403]]) {
      let sent = 0;
      const answer = await speak(port, async (write) => {
        await write(
          `POST /${path} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n`,
        );
        const chunk = `4000\r\n${"x".repeat(0x4000)}\r\n`;
        for (;; sent += 0x4000) await write(chunk);
      });
      assert.ok(answer.startsWith(`HTTP/1.1 ${status} `), answer);
      assert.match(answer, /^connection: close\r$/im);
      assert.ok(sent < 50_000_000, `${sent} bytes were accepted`);
    }
  }));

Deno.test("a connection that never ends the head of its request is closed", () =>
  withServer(async (port) => {
    const answer = await speak(
      port,
      (write) => write("GET /cookies HTTP/1.1\r\nHost: x\r\nX-Never-Fin"),
    );
    assert.match(answer, /^(?:HTTP\/1\.1 408 |$)/);
  }, { head: 300, request: NEVER }));

Deno.test("a connection that never ends its body is closed", () =>
  withServer(async (port) => {
    const answer = await speak(
      port,
      (write) =>
        write(
          "POST /length HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nhalf",
        ),
    );
    assert.match(answer, /^(?:HTTP\/1\.1 408 |$)/);
  }, { head: 300, request: 700 }));

Deno.test("an address in use is an error", () =>
  withServer((port) =>
    assert.rejects(
      listenRemote({ hostname: "127.0.0.1", port }, app.fetch),
      { code: "EADDRINUSE" },
    )
  ));
