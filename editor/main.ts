#!/usr/bin/env -S deno run --no-prompt --allow-net=127.0.0.1:5000 --allow-read=videos_example,examples --allow-write=videos_example
/**
 * The trajectory editor: serves a page on which a user draws how objects
 * should move, and keeps everything in one project folder.
 *
 * @module
 */

import { withHint } from "../core/base/errors.ts";
import { loadAssets } from "./server/assets.ts";
import { createApp } from "./server/app.ts";
import { createExamples } from "./server/examples.ts";
import { createGenerator } from "./server/generator.ts";
import { isLoopback } from "./server/guard.ts";
import { listen } from "./server/listen.ts";
import { storeIn } from "./server/open_store.ts";
import { ProjectFolder } from "./server/project_folder.ts";
import { openSegmentation } from "./server/segmentation.ts";
import {
  createCommand,
  numberBetween,
  printLine,
  runTool,
  UsageError,
} from "../tools/shared/tool.ts";

/** The options of the editor. */
export interface EditorOptions {
  /** The project folder; made where needed. */
  readonly dir: string;
  /** The port to listen on; 0 lets the system choose. */
  readonly port: number;
  /** The address to listen on. */
  readonly hostname: string;
  /** Whether "Generate" may start `tools/generate.ts`; false by default. */
  readonly generate?: boolean;
  /** A checkpoint folder: "Generate" may then use the model. */
  readonly checkpoint?: string;
  /** The folder of a model that selects objects; none by default. */
  readonly segmentModel?: string;
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
 * @throws {Deno.errors.AddrInUse} When the port is in use.
 */
export async function serveEditor(
  options: EditorOptions,
): Promise<RunningEditor> {
  const { dir, hostname } = options;
  const assets = await loadAssets();
  const folder = await ProjectFolder.open(dir);
  const generator = await createGenerator({
    folder,
    enabled: options.generate ?? false,
    ...(options.checkpoint === undefined
      ? {}
      : { checkpoint: options.checkpoint }),
  });
  const examples = createExamples();
  const store = storeIn(folder);
  const segmentation = options.segmentModel === undefined
    ? undefined
    : await openSegmentation(options.segmentModel, store);
  const token = isLoopback(hostname)
    ? undefined
    : crypto.getRandomValues(new Uint8Array(16)).toHex();
  let handle: (request: Request) => Response | Promise<Response> = () =>
    new Response("Starting", { status: 503 });
  const server = await listen(
    { hostname, port: options.port },
    (request) => handle(request),
  );
  const { port } = server;
  const app = createApp({
    store,
    segmentation,
    generator,
    examples,
    assets,
    guard: { port, hostname, token },
  });
  handle = app.fetch;
  // Of many images this takes a moment: before the first page asks.
  const listed = store.list().catch(() => {});
  const close = async () => {
    await listed;
    await generator.close();
    await segmentation?.close();
    await server.close();
  };
  return {
    url: `http://${address(hostname)}:${port}/${
      token ? `?token=${token}` : ""
    }`,
    close,
    [Symbol.asyncDispose]: close,
  };
}

/** A host name as it is written in a link: IPv6 addresses in brackets. */
function address(hostname: string): string {
  return hostname.includes(":") && !hostname.startsWith("[")
    ? `[${hostname}]`
    : hostname;
}

/** Why the editor cannot start, and what to do about it. */
function explainStart(error: unknown, options: EditorOptions): unknown {
  const { dir, port, hostname, generate = false, segmentModel } = options;
  const failed = (state: string, hint: string) =>
    new UsageError(
      withHint(
        `Cannot listen on ${address(hostname)}:${port}: ${state}`,
        hint,
      ),
      { cause: error },
    );
  const code = (error as { code?: unknown } | null)?.code;
  if (error instanceof Deno.errors.AddrInUse || code === "EADDRINUSE") {
    return failed("the port is in use", "Choose another with --port.");
  }
  if (
    error instanceof Deno.errors.AddrNotAvailable ||
    // Node's names for it, under Linux and elsewhere.
    code === "EADDRNOTAVAIL" || code === "EINVAL"
  ) {
    return failed(
      "this machine has no such address",
      "0.0.0.0 listens on all addresses.",
    );
  }
  if (
    (error instanceof Deno.errors.PermissionDenied || code === "EACCES") &&
    port < 1024
  ) {
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
        `Run with: deno run --allow-net=${net} --allow-read${
          segmentModel === undefined ? `=${dir}` : ""
        } --allow-write=${dir}${generate ? " --allow-run=deno" : ""}${
          segmentModel === undefined
            ? ""
            : " --allow-ffi --allow-env=npm_package_config_libvips,MALLOC_ARENA_MAX"
        } editor/main.ts --port ${port} --save_dir ${dir} --host ${hostname}${
          generate ? " --with-generate" : ""
        }${
          segmentModel === undefined ? "" : ` --segment-model ${segmentModel}`
        }`,
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
      "--allow-net=127.0.0.1:5000 --allow-read=videos_example,examples --allow-write=videos_example",
  }, async ({ args, signal }) => {
    const command = createCommand("editor")
      .description(
        "Serves the trajectory editor: drop an image in the browser, draw how objects move, store the tracks.",
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
        "--with-generate",
        "let Generate run tools/generate.ts; needs --allow-run=deno",
      )
      .option(
        "-c, --ckpt_dir <folder>",
        "a checkpoint: Generate uses the model",
      )
      .option(
        "--segment-model <folder>",
        "a Segment Anything model (vision_encoder.onnx and prompt_encoder_mask_decoder.onnx): the object tool selects with it; needs --allow-ffi",
      )
      .parse(args, { from: "user" });
    const options = command.opts();
    const start: EditorOptions = {
      dir: options.save_dir,
      port: options.port,
      hostname: options.host,
      generate: options.withGenerate ?? false,
      ...(options.ckpt_dir === undefined
        ? {}
        : { checkpoint: options.ckpt_dir }),
      ...(options.segmentModel === undefined
        ? {}
        : { segmentModel: options.segmentModel }),
    };
    let editor: RunningEditor;
    try {
      editor = await serveEditor(start);
    } catch (error) {
      throw explainStart(error, start);
    }
    printLine(`The trajectory editor: ${editor.url}`);
    printLine(`Project folder: ${options.save_dir}. Press Ctrl-C to quit.`);
    if (!isLoopback(options.host)) {
      if (["0.0.0.0", "::"].includes(options.host)) {
        printLine(
          `On another machine, replace ${
            address(options.host)
          } with this machine's name or address.`,
        );
      }
      printLine(
        "The connection is not encrypted: on an untrusted network, omit --host and use ssh -L 5000:127.0.0.1:5000",
      );
    }
    await new Promise<void>((resolve) => {
      signal.addEventListener("abort", () => resolve(), { once: true });
    });
    await editor.close();
    return 0;
  });
}
