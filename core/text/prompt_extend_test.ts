import assert from "node:assert/strict";
import { extendPrompt, extensionRequest } from "./prompt_extend.ts";

/** A chat server on this machine that answers as it is told. */
async function withServer(
  answer: (request: Request) => Response | Promise<Response>,
  test: (url: string) => Promise<void>,
): Promise<void> {
  await using server = Deno.serve({
    port: 0,
    hostname: "127.0.0.1",
    onListen: () => {},
  }, answer);
  await test(`http://127.0.0.1:${server.addr.port}/v1/`);
}

const chat = (content: unknown) =>
  Response.json({ choices: [{ message: { role: "assistant", content } }] });

Deno.test("extendPrompt() asks a chat server and takes its text", async () => {
  let seen: { path: string; key: string | null; body: Record<string, unknown> };
  await withServer(async (request) => {
    seen = {
      path: new URL(request.url).pathname,
      key: request.headers.get("authorization"),
      body: await request.json(),
    };
    return chat("<think>Hm.</think>\n“一只白猫在走。”\n");
  }, async (url) => {
    const prompt = await extendPrompt(" a cat ", {
      url,
      model: "m",
      key: "secret",
      seed: 7,
      image: { type: "image/jpeg", bytes: new Uint8Array([255, 216]) },
    });
    assert.equal(prompt, "一只白猫在走。");
    assert.equal(seen.path, "/v1/chat/completions");
    assert.equal(seen.key, "Bearer secret");
    assert.equal(seen.body.model, "m");
    assert.equal(seen.body.seed, 7);
    const user = (seen.body.messages as { content: unknown[] }[])[1]!;
    assert.deepEqual(user.content, [
      { type: "text", text: "a cat" },
      { type: "image_url", image_url: { url: "data:image/jpeg;base64,/9g=" } },
    ]);
  });
});

Deno.test("extendPrompt() unwraps a prompt, not the names in it", async () => {
  const named = '"Hello" is painted on a boat named "Luna"';
  for (const [said, prompt] of [['"a cat"', "a cat"], [named, named]]) {
    await withServer(() => chat(said!), async (url) => {
      assert.equal(await extendPrompt("a", { url, model: "m" }), prompt);
    });
  }
});

Deno.test("extendPrompt() never falls back: every failure is an error", async () => {
  const failures: [() => Response, RegExp][] = [
    [
      () => new Response("no key", { status: 401 }),
      /answered 401: "no key"\nHINT: .*key/,
    ],
    [
      () => new Response("gone", { status: 404 }),
      /answered 404.*\nHINT: .*model/,
    ],
    [() => new Response("<html>"), /answered "<html>", expected a chat/],
    [() => Response.json({ choices: [] }), /expected a chat completion/],
    [() => chat("  "), /expected a chat completion/],
    [() => chat("<think>nothing more</think>"), /expected a chat completion/],
  ];
  for (const [answer, message] of failures) {
    await withServer(answer, async (url) => {
      await assert.rejects(extendPrompt("a cat", { url, model: "m" }), message);
    });
  }
  await assert.rejects(
    extendPrompt("a cat", { url: "http://127.0.0.1:1/v1", model: "m" }),
    /cannot be reached\nHINT: /,
  );
});

Deno.test("extendPrompt() reads answers in parts, and streams", async () => {
  const text = (text: string) => ({ type: "text", text });
  const event = (delta: unknown, finish_reason: string | null = null) =>
    `data: ${JSON.stringify({ choices: [{ delta, finish_reason }] })}\n\n`;
  const answers: [() => Response, string][] = [
    [() => chat([text("A cat "), text("walks.")]), "A cat walks."],
    [
      () => chat([{ type: "thinking", thinking: "Hm." }, text("“A cat.”")]),
      "A cat.",
    ],
    [
      () =>
        new Response(
          ": ping\n\n" + event({ role: "assistant" }) +
            event({ content: "A cat " }) +
            event({ content: "walks." }, "stop") +
            "data: [DONE]\n\n",
        ),
      "A cat walks.",
    ],
  ];
  for (const [answer, expected] of answers) {
    await withServer(answer, async (url) => {
      assert.equal(await extendPrompt("a cat", { url, model: "m" }), expected);
    });
  }
});

Deno.test("extendPrompt() takes no answer that is cut off or refused", async () => {
  const ended = (finish_reason: string, message: unknown) => () =>
    Response.json({ choices: [{ message, finish_reason }] });
  const failures: [() => Response, RegExp][] = [
    [
      ended("length", { content: "A gray cat walks slowly across the" }),
      /cut its answer off after "A gray cat .* the", .*\nHINT: .*think/,
    ],
    [
      ended("length", { content: null, reasoning_content: "Hm" }),
      /cut its answer off/,
    ],
    [
      () =>
        new Response(
          'data: {"choices":[{"delta":{"content":"A c"}}]}\n\n' +
            'data: {"choices":[{"delta":{},"finish_reason":"length"}]}\n\n',
        ),
      /cut its answer off after "A c"/,
    ],
    [ended("stop", { refusal: "I cannot help." }), /refused: "I cannot help."/],
    [ended("content_filter", { content: "A" }), /refused: "content filter"/],
  ];
  for (const [answer, message] of failures) {
    await withServer(answer, async (url) => {
      await assert.rejects(extendPrompt("a cat", { url, model: "m" }), message);
    });
  }
});

Deno.test("extendPrompt() gives up in time and when it is told to", async () => {
  const never = () =>
    new Promise<Response>((done) => {
      late.push(() => done(new Response("late")));
    });
  const late: (() => void)[] = [];
  await withServer(never, async (url) => {
    await assert.rejects(
      extendPrompt("a cat", { url, model: "m", timeout: 20 }),
      /did not answer within 0\.02 s/,
    );
    const controller = new AbortController();
    const asked = extendPrompt("a cat", {
      url,
      model: "m",
      signal: controller.signal,
    });
    controller.abort();
    await assert.rejects(asked, { name: "AbortError" });
    late.forEach((finish) => finish());
  });
});

Deno.test("extensionRequest() asks in the language that is wanted", () => {
  const system = (options: Parameters<typeof extensionRequest>[1]) =>
    String(extensionRequest("a cat", options).messages[0]!.content);
  assert.match(system({ model: "m" }), /Simplified Chinese/);
  assert.match(system({ model: "m", language: "en" }), /Answer in English/);
  assert.match(system({ model: "m" }), /cannot see the image/);
  assert.throws(() => extensionRequest(" ", { model: "m" }), /it is empty/);
});

Deno.test("extendPrompt() refuses what is no URL", async () => {
  for (const url of ["", "localhost:8080", "file:///etc"]) {
    await assert.rejects(
      extendPrompt("a cat", { url, model: "m" }),
      /it is no URL/,
    );
  }
});
