/**
 * A real browser for the editor's tests: Chromium, driven by playwright-core.
 * The one door to that library. Where no Chromium is found the tests say so
 * loudly and are skipped.
 *
 * @module
 */

import {
  type Browser,
  type BrowserContext,
  chromium,
  type Page,
} from "npm:playwright-core@1.65.1";
import { type RunningEditor, serveEditor } from "../editor/main.ts";
import { temporaryFolder } from "./_temporary.ts";

export type { BrowserContext, Page };

const PLACES = [
  Deno.env.get("CHROMIUM"),
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
  "C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe",
];

const FLAGS = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** Where Chromium is; undefined where there is none. */
export function findChromium(): string | undefined {
  return PLACES.find((path) => {
    try {
      return path !== undefined && Deno.statSync(path).isFile;
    } catch {
      return false;
    }
  });
}

/**
 * Registers tests that share one browser. Without a Chromium they are
 * registered as ignored, and the reason stands in the output.
 */
export function browserTests(
  name: string,
  tests: Readonly<Record<string, (open: OpenEditor) => Promise<void>>>,
): void {
  const path = findChromium();
  if (path === undefined) {
    console.error(
      `SKIPPED: ${name}: ${
        Object.keys(tests).length
      } tests need Chromium, and none was found.\n` +
        "HINT: Install it (Debian: apt-get install chromium), or set CHROMIUM to its path.",
    );
  }
  Deno.test({
    name,
    ignore: path === undefined,
    // Playwright keeps timers and pipes of its own until the process ends.
    sanitizeOps: false,
    sanitizeResources: false,
    async fn(t) {
      await using browser = await launch(path!);
      for (const [title, run] of Object.entries(tests)) {
        await t.step(title, async () => {
          const opened: EditorPage[] = [];
          try {
            await run(async (options) => {
              const editor = await openEditor(browser, options);
              opened.push(editor);
              return editor;
            });
          } finally {
            for (const editor of opened) await editor.close();
          }
        });
      }
    },
  });
}

/** Starts Chromium; for measuring scripts. Tests use {@linkcode browserTests}. */
export async function launch(
  path: string,
  flags: readonly string[] = [],
): Promise<Browser> {
  return await chromium.launch({
    executablePath: path,
    args: [...FLAGS, ...flags],
  });
}

/** How a page is opened. */
export interface OpenOptions {
  /** Size of the window, CSS px; 1280 x 720 by default. */
  readonly viewport?: { readonly width: number; readonly height: number };
  /** A finger instead of a mouse. */
  readonly touch?: boolean;
  /** A tablet held upright, 768 x 1024 with two dots per px, and a finger. */
  readonly tablet?: boolean;
  /** Dark by default. */
  readonly colorScheme?: "dark" | "light";
  /** Shows the hints that come with the first use of each tool. */
  readonly hints?: boolean;
  /** Pictures put into the project before the page is opened. */
  readonly pictures?: readonly URL[];
  /** Asked for it, this page's canvases have none. */
  readonly without?: "webgl2";
  /** Another page of an editor that runs already. */
  readonly sameAs?: EditorPage;
}

/** Opens an editor of its own, in a new folder. */
export type OpenEditor = (options?: OpenOptions) => Promise<EditorPage>;

/** A page with the editor, and the folder that it works on. */
export interface EditorPage {
  /** The page. */
  readonly page: Page;
  /** Its window's cookies and storage. */
  readonly context: BrowserContext;
  /** The project folder. */
  readonly dir: string;
  /** Where the editor is served. */
  readonly url: string;
  /** Whatever the console said that was no plain log, and every page error. */
  readonly complaints: readonly string[];
  /** The open picture's document, as the server has it after autosave. */
  savedDocument(id?: string): Promise<SavedDocument>;
  /** Where a px of the picture is on the page. */
  onPage(x: number, y: number): Promise<{ x: number; y: number }>;
  /** The running server, to stop and start it again. */
  server: RunningEditor;
  /** Closes page and server and removes the folder. */
  close(): Promise<void>;
}

/** The parts of a document that tests look at. */
export interface SavedDocument {
  /** Width of the picture, px. */
  readonly width: number;
  /** Height of the picture, px. */
  readonly height: number;
  /** The tracks. */
  readonly tracks: readonly {
    readonly id: string;
    readonly name: string;
    // deno-lint-ignore no-explicit-any
    readonly shape: any;
    readonly visible: readonly (readonly [number, number])[];
  }[];
}

/** What a tablet's browser says of itself. */
const TABLET = {
  viewport: { width: 768, height: 1024 },
  deviceScaleFactor: 2,
  hasTouch: true,
  isMobile: true,
};

/** Opens an editor of its own and a page on it; close it when done. */
export async function openEditor(
  browser: Browser,
  options: OpenOptions = {},
): Promise<EditorPage> {
  const { sameAs, viewport = { width: 1280, height: 720 } } = options;
  // What is undone at the end, or here and now when the page does not open.
  await using opened = new AsyncDisposableStack();
  const dir = sameAs?.dir ??
    opened.use(await temporaryFolder({ prefix: "ati_editor_" })).path;
  let server = sameAs?.server ??
    await serveEditor({ dir, port: 0, hostname: "127.0.0.1" });
  if (!sameAs) opened.defer(() => server.close());
  const url = sameAs?.url ?? server.url;
  for (const picture of options.pictures ?? []) {
    const answer = await fetch(`${url}api/pictures`, {
      method: "POST",
      headers: { origin: new URL(url).origin },
      body: await Deno.readFile(picture),
    });
    if (!answer.ok) throw new Error(await answer.text());
    await answer.body?.cancel();
  }
  const context = await browser.newContext({
    viewport,
    hasTouch: options.touch ?? false,
    ...options.tablet ? TABLET : {},
    colorScheme: options.colorScheme ?? "dark",
  });
  if (!options.hints) {
    await context.addInitScript(() =>
      localStorage.setItem(
        "ati-hints-read",
        "select,freehand,spline,static,circle,hand",
      )
    );
  }
  opened.defer(() => context.close());
  if (options.without) {
    await context.addInitScript((without) => {
      const original = HTMLCanvasElement.prototype.getContext;
      HTMLCanvasElement.prototype.getContext = function (
        this: HTMLCanvasElement,
        kind: string,
        ...rest: unknown[]
      ) {
        return kind === without
          ? null
          : original.call(this, kind as "2d", ...rest as []);
      } as typeof original;
    }, options.without);
  }
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on("console", (message) => {
    const text = message.text();
    // What the software renderer says of itself, not of the page.
    if (text.includes("GPU stall due to ReadPixels")) return;
    if (message.type() !== "log") complaints.push(`${message.type()}: ${text}`);
  });
  page.on("pageerror", (error) => complaints.push(`${error.stack}`));
  await page.goto(url);
  await page.waitForSelector(".editor");
  if ((options.pictures?.length ?? 0) > 0 || sameAs) {
    await page.waitForSelector(".stage[data-picture]");
  }
  const kept = opened.move();
  return {
    page,
    context,
    dir,
    url,
    complaints,
    get server() {
      return server;
    },
    set server(restarted) {
      server = restarted;
    },
    async savedDocument(id = "00") {
      // A page that is put away saves at once: no waiting for the autosave.
      await page.evaluate(() => dispatchEvent(new Event("visibilitychange")));
      await page.getByText("All changes saved").waitFor();
      return JSON.parse(await Deno.readTextFile(`${dir}/editor/${id}.json`));
    },
    async onPage(x, y) {
      const place = await page.locator(".stage").evaluate((stage) => {
        const box = stage.getBoundingClientRect();
        const [scale, x, y] = stage.dataset.view!.split(" ").map(Number);
        return { left: box.left + x!, top: box.top + y!, scale: scale! };
      });
      return {
        x: place.left + place.scale * x,
        y: place.top + place.scale * y,
      };
    },
    close: () => kept.disposeAsync(),
  };
}
