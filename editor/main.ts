#!/usr/bin/env -S deno run --allow-net=127.0.0.1:5000 --allow-read=videos_example --allow-write=videos_example
/**
 * The trajectory editor: serves a page on which a person draws how things
 * shall move, and keeps everything in one project folder.
 *
 * @module
 */

import { createApp } from "./server/routes.ts";
import { findExamples } from "./server/examples.ts";
import { createGenerator } from "./server/generator.ts";
import { isLoopback } from "./server/guard.ts";
import { ProjectStore } from "./server/store.ts";
import {
  createCommand,
  numberBetween,
  printLine,
  runTool,
  UsageError,
} from "../tools/_tool.ts";

/** What the editor can be told. */
export interface EditorOptions {
  /** The project folder; made where needed. */
  readonly dir: string;
  /** The port to listen on; 0 lets the system choose. */
  readonly port: number;
  /** The address to listen on. */
  readonly hostname: string;
  /** A checkpoint folder: "Generate" may then use the model. */
  readonly checkpoint?: string;
}

/** A running editor. */
export interface RunningEditor extends AsyncDisposable {
  /** The link to open, the token included where one is needed. */
  readonly url: string;
  /** Stops serving. */
  close(): Promise<void>;
}

/**
 * Starts the editor's server.
 *
 * @throws {Deno.errors.AddrInUse} When the port is taken.
 */
export async function serveEditor(
  options: EditorOptions,
): Promise<RunningEditor> {
  const { dir, hostname } = options;
  const store = await ProjectStore.open(dir);
  const generator = await createGenerator({
    dir,
    ...(options.checkpoint === undefined
      ? {}
      : { checkpoint: options.checkpoint }),
  });
  const examples = await findExamples();
  const token = isLoopback(hostname)
    ? undefined
    : crypto.getRandomValues(new Uint8Array(16)).toHex();
  let handle: (request: Request) => Response | Promise<Response> = () =>
    new Response("Starting", { status: 503 });
  const server = Deno.serve(
    { hostname, port: options.port, onListen: () => {} },
    (request) => handle(request),
  );
  const { port } = server.addr;
  const app = createApp({
    store,
    generator,
    examples,
    guard: { port, hostname, token },
  });
  handle = app.fetch;
  const close = async () => {
    generator.cancelAll();
    await server.shutdown();
  };
  return {
    url: `http://${hostname}:${port}/${token ? `?token=${token}` : ""}`,
    close,
    [Symbol.asyncDispose]: close,
  };
}

if (import.meta.main) {
  await runTool({
    script: "editor/main.ts",
    permissions:
      "--allow-net=127.0.0.1:5000 --allow-read=videos_example --allow-write=videos_example",
  }, async ({ args, signal }) => {
    const command = createCommand("editor")
      .description(
        "Opens the trajectory editor in the browser: drop a picture, draw where things move, store the tracks.",
      )
      .option(
        "--port <number>",
        "the port",
        numberBetween(0, 65535, "integer"),
        5000,
      )
      .option("--save_dir <folder>", "the project folder", "videos_example")
      .option(
        "--host <address>",
        "listen on another address, for a remote machine; the printed link then holds a token",
        "127.0.0.1",
      )
      .option(
        "-c, --ckpt_dir <folder>",
        "a checkpoint: Generate uses the model",
      )
      .parse(args, { from: "user" });
    const options = command.opts();
    let editor: RunningEditor;
    try {
      editor = await serveEditor({
        dir: options.save_dir,
        port: options.port,
        hostname: options.host,
        ...(options.ckpt_dir === undefined
          ? {}
          : { checkpoint: options.ckpt_dir }),
      });
    } catch (error) {
      if (error instanceof Deno.errors.AddrInUse) {
        throw new UsageError(
          `Cannot listen on port ${options.port}: it is taken\nHINT: Choose another with --port.`,
        );
      }
      throw error;
    }
    printLine(`The trajectory editor: ${editor.url}`);
    printLine(`Everything is kept in ${options.save_dir}. Ctrl-C ends it.`);
    await new Promise<void>((resolve) => {
      signal.addEventListener("abort", () => resolve(), { once: true });
    });
    await editor.close();
    return 0;
  });
}
