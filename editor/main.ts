#!/usr/bin/env -S deno run --allow-net=127.0.0.1:5000 --allow-read=videos_example --allow-write=videos_example
/**
 * The trajectory editor: serves a page on which a person draws how things
 * shall move, and keeps everything in one project folder.
 *
 * @module
 */

import { withHint } from "../core/base/errors.ts";
import { createApp } from "./server/routes.ts";
import { createExamples } from "./server/examples.ts";
import { createGenerator } from "./server/generator.ts";
import { isLoopback } from "./server/guard.ts";
import { ProjectStore } from "./server/store.ts";
import {
  createCommand,
  numberBetween,
  printLine,
  runTool,
  UsageError,
} from "../tools/shared/tool.ts";

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
  const examples = createExamples();
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
    url: `http://${address(hostname)}:${port}/${
      token ? `?token=${token}` : ""
    }`,
    close,
    [Symbol.asyncDispose]: close,
  };
}

/** A host name as it stands in a link: IPv6 addresses in brackets. */
function address(hostname: string): string {
  return hostname.includes(":") && !hostname.startsWith("[")
    ? `[${hostname}]`
    : hostname;
}

/** Why the editor cannot start, and what to do about it. */
function explainStart(error: unknown, options: EditorOptions): unknown {
  const { dir, port, hostname } = options;
  const failed = (state: string, hint: string) =>
    new UsageError(
      withHint(
        `Cannot listen on ${address(hostname)}:${port}: ${state}`,
        hint,
      ),
      { cause: error },
    );
  if (error instanceof Deno.errors.AddrInUse) {
    return failed("the port is taken", "Choose another with --port.");
  }
  if (error instanceof Deno.errors.AddrNotAvailable) {
    return failed(
      "this machine has no such address",
      "0.0.0.0 listens on all that it has.",
    );
  }
  if (error instanceof Deno.errors.PermissionDenied && port < 1024) {
    return failed("the system does not allow it", "Choose a port above 1023.");
  }
  // Deno's own folders, as /proc, need all access: no list of flags helps.
  if (
    error instanceof Deno.errors.NotCapable &&
    !error.message.includes("all access")
  ) {
    const net = port === 0 ? address(hostname) : `${address(hostname)}:${port}`;
    return new UsageError(
      withHint(
        error.message.replace(/, run again.*/s, ""),
        `All that this needs: deno run --allow-net=${net} --allow-read=${dir} --allow-write=${dir} editor/main.ts --port ${port} --save_dir ${dir} --host ${hostname}`,
      ),
      { cause: error },
    );
  }
  return error;
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
    const start: EditorOptions = {
      dir: options.save_dir,
      port: options.port,
      hostname: options.host,
      ...(options.ckpt_dir === undefined
        ? {}
        : { checkpoint: options.ckpt_dir }),
    };
    let editor: RunningEditor;
    try {
      editor = await serveEditor(start);
    } catch (error) {
      throw explainStart(error, start);
    }
    printLine(`The trajectory editor: ${editor.url}`);
    printLine(`Everything is kept in ${options.save_dir}. Ctrl-C ends it.`);
    if (!isLoopback(options.host)) {
      if (["0.0.0.0", "::"].includes(options.host)) {
        printLine(
          `On another machine, put this one's name or address in place of ${
            address(options.host)
          }.`,
        );
      }
      printLine(
        "The way there is not encrypted: where others could listen, leave --host out and use ssh -L 5000:127.0.0.1:5000",
      );
    }
    await new Promise<void>((resolve) => {
      signal.addEventListener("abort", () => resolve(), { once: true });
    });
    await editor.close();
    return 0;
  });
}
