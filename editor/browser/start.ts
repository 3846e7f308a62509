/**
 * Starts a page without a server: has the browser run the worker that answers
 * it, then loads the client.
 *
 * @module
 */

/** The worker's answers begin within this time, in ms. */
const PATIENCE = 15_000;

function say(message: string): void {
  const line = document.querySelector(".starting");
  if (line) line.textContent = message;
}

let reader: Worker | undefined;

/** Passes on what the worker has read by code that only a page can load. */
function answerWorker({ data, ports }: MessageEvent): void {
  reader ??= new Worker(new URL("formats.js", import.meta.url), {
    type: "module",
  });
  reader.postMessage(data, [...ports]);
}

/** Waits until the worker answers what this page asks for. */
async function startWorker(): Promise<void> {
  const { serviceWorker } = navigator;
  if (!serviceWorker) {
    throw new Error(
      globalThis.isSecureContext
        ? "this browser runs no service workers in this window; a private window often does not"
        : "it was opened over plain http, expected https (or localhost)",
    );
  }
  await serviceWorker.register("service.js", { scope: "./" });
  serviceWorker.addEventListener("message", answerWorker);
  serviceWorker.startMessages();
  const { active } = await serviceWorker.ready;
  if (serviceWorker.controller) return;
  await new Promise<void>((resolve, reject) => {
    setTimeout(
      () => reject(new Error("its worker does not answer; reload the page")),
      PATIENCE,
    );
    serviceWorker.addEventListener("controllerchange", () => resolve());
    active?.postMessage("claim");
    if (serviceWorker.controller) resolve();
  });
}

try {
  await startWorker();
  const script = document.createElement("script");
  script.type = "module";
  script.src = new URL("client.js", import.meta.url).href;
  script.onerror = () => say("The editor cannot start: client.js is missing.");
  document.head.append(script);
} catch (error) {
  const said = error instanceof Error ? error.message : String(error);
  say(`The editor cannot start: ${said}.`);
}
