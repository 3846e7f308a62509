/**
 * The two requests of the Hugging Face hub that a download takes: the list of
 * a repository's files, and the bytes of one. Knows nothing of disks.
 *
 * Redirects are followed here, so that the token goes to the hub alone and
 * never to the store that it points to.
 *
 * @module
 */

import { quote, withHint } from "../base/errors.ts";
import { HubError } from "./hub_error.ts";

/** The hub that is asked unless another one is named. */
export const DEFAULT_ENDPOINT = "https://huggingface.co";

/** How the hub is asked. */
export interface HubOptions {
  /** Its address; {@linkcode DEFAULT_ENDPOINT} unless given. */
  readonly endpoint?: string;
  /** The access token, sent to the endpoint's own origin only. */
  readonly token?: string;
  /** Milliseconds without a byte after which a request is given up; 60,000. */
  readonly idleTimeout?: number;
}

/** A file of a repository. */
export interface HubFile {
  /** The repository: `owner/name`. */
  readonly repository: string;
  /** The branch, tag or commit. */
  readonly revision: string;
  /** Its path in the repository, with `/` between folders. */
  readonly path: string;
  /** How many bytes it has. */
  readonly size: number;
  /** What its bytes hash to. */
  readonly hash: FileHash;
}

/** SHA-256 of large files; of small ones git's SHA-1 with its `blob` prefix. */
export interface FileHash {
  /** Which. */
  readonly algorithm: "sha256" | "git-sha1";
  /** In lower-case hexadecimal digits. */
  readonly digest: string;
}

/** The bytes of a file, or of a part of it, as they arrive. */
export interface HubBody {
  /** Whether it is the part that was asked for; else it is the whole file. */
  readonly isPart: boolean;
  /** The bytes. Fails when the connection breaks or stalls. */
  readonly chunks: AsyncIterable<Uint8Array<ArrayBuffer>>;
}

const MAX_REDIRECTS = 8;
const MAX_LIST = 32 * 1024 * 1024;
const MAX_PAGES = 1000;
const REPOSITORY = /^\w[\w.-]{0,95}\/\w[\w.-]{0,95}$/;

/** A client of one hub. */
export class HubClient {
  /** The hub's address, without a slash at its end. */
  readonly endpoint: string;
  readonly #token: string | undefined;
  readonly #idleTimeout: number;

  /**
   * A client of the hub that the options name.
   *
   * @throws {TypeError} When the endpoint is no http(s) address, carries a
   * password, or the token has characters that no header may have.
   */
  constructor(options: HubOptions = {}) {
    const { endpoint = DEFAULT_ENDPOINT, token, idleTimeout = 60_000 } =
      options;
    const url = URL.parse(endpoint);
    if (
      !url || !/^https?:$/.test(url.protocol) || url.username || url.password
    ) {
      throw new TypeError(
        `Cannot use ${
          quote(endpoint)
        } as the hub: expected an address like ${DEFAULT_ENDPOINT}`,
      );
    }
    if (token !== undefined && !/^[\x21-\x7e]+$/.test(token)) {
      throw new TypeError(
        "Cannot use the hub's token: it has characters other than letters, digits and signs",
      );
    }
    this.endpoint = url.href.replace(/\/+$/, "");
    this.#token = token;
    this.#idleTimeout = idleTimeout;
  }

  /**
   * The files of a repository.
   *
   * @throws {HubError} `unauthorized`, `forbidden`, `not-found`,
   * `unreachable`, `protocol`
   */
  async listFiles(
    repository: string,
    options: { revision?: string; signal?: AbortSignal } = {},
  ): Promise<readonly HubFile[]> {
    const { revision = "main", signal } = options;
    if (!REPOSITORY.test(repository)) {
      throw new TypeError(
        `Cannot list ${quote(repository)}: expected a repository "owner/name"`,
      );
    }
    const files: HubFile[] = [];
    let next: string | undefined =
      `${this.endpoint}/api/models/${repository}/tree/${
        encodeURIComponent(revision)
      }?recursive=true`;
    for (let page = 0; next !== undefined; page++) {
      if (page === MAX_PAGES) {
        throw new HubError(
          "protocol",
          `Cannot list ${quote(repository)}: the list does not end`,
        );
      }
      const { response, idle } = await this.#request(next, {
        what: `the files of ${repository}`,
        ...(signal ? { signal } : {}),
      });
      const entries = parseTree(
        await readLimited(this.#chunks(response, idle)),
        repository,
      );
      files.push(
        ...entries.map((entry) => ({ repository, revision, ...entry })),
      );
      next = nextPage(response, this.endpoint);
    }
    return files;
  }

  /**
   * The bytes of a file from `begin` to before `end`.
   *
   * @throws {HubError} As {@linkcode listFiles}; `changed` when the server's
   * file has another size than the one listed.
   */
  async openFile(
    file: HubFile,
    options: { begin: number; end: number; signal?: AbortSignal },
  ): Promise<HubBody> {
    const { begin, end, signal } = options;
    const path = file.path.split("/").map(encodeURIComponent).join("/");
    const revision = encodeURIComponent(file.revision);
    const url =
      `${this.endpoint}/${file.repository}/resolve/${revision}/${path}`;
    const isWhole = begin === 0 && end === file.size;
    const { response, idle } = await this.#request(url, {
      what: `${file.repository}/${file.path}`,
      ...(isWhole ? {} : { range: `bytes=${begin}-${end - 1}` }),
      ...(signal ? { signal } : {}),
    });
    const chunks = this.#chunks(response, idle);
    const refuse = async (state: string): Promise<never> => {
      await response.body?.cancel().catch(() => {});
      idle.stop();
      throw new HubError(
        "changed",
        withHint(
          `Cannot download ${
            quote(file.path)
          }: ${state}, expected ${file.size} bytes`,
          "It may have been replaced meanwhile; start again.",
        ),
      );
    };
    if (response.status === 206) {
      const range = /^bytes (\d+)-(\d+)\/(\d+|\*)$/
        .exec(response.headers.get("content-range") ?? "");
      const total = range?.[3];
      if (
        !range || Number(range[1]) !== begin ||
        (total !== "*" && Number(total) !== file.size)
      ) {
        return await refuse(
          `the server sends ${response.headers.get("content-range")}`,
        );
      }
      return { isPart: true, chunks };
    }
    const length = response.headers.get("content-length");
    if (
      length !== null && Number(length) !== file.size &&
      !response.headers.has("content-encoding")
    ) return await refuse(`the server has ${length} bytes`);
    return { isPart: false, chunks };
  }

  /** Follows redirects; the answer is 200 or 206. */
  async #request(
    address: string,
    options: { what: string; range?: string; signal?: AbortSignal },
  ): Promise<{ response: Response; idle: IdleTimer }> {
    const { what, range, signal } = options;
    const own = new URL(this.endpoint).origin;
    let url = new URL(address);
    for (let hop = 0; hop <= MAX_REDIRECTS; hop++) {
      const idle = new IdleTimer(this.#idleTimeout, signal);
      const headers = new Headers({ "accept-encoding": "identity" });
      if (range !== undefined) headers.set("range", range);
      // A redirect leads to a signed address at a store. It needs no token,
      // and must not see it.
      if (this.#token !== undefined && url.origin === own) {
        headers.set("authorization", `Bearer ${this.#token}`);
      }
      let response: Response;
      try {
        response = await fetch(url, {
          headers,
          redirect: "manual",
          signal: idle.signal,
        });
      } catch (cause) {
        idle.stop();
        signal?.throwIfAborted();
        throw unreachable(what, url, cause);
      }
      if (response.status === 200 || response.status === 206) {
        return { response, idle };
      }
      const location = response.headers.get("location");
      if (response.status < 300 || response.status >= 400 || !location) {
        const said = await messageOf(response);
        idle.stop();
        const page = `${this.endpoint}/${what.replace(/^the files of /, "")}`;
        throw statusError(response, {
          what,
          said,
          page: page.split("/").slice(0, 5).join("/"),
          hasToken: !!this.#token,
        });
      }
      await response.body?.cancel();
      idle.stop();
      const target = URL.parse(location, url);
      if (
        !target || !/^https?:$/.test(target.protocol) ||
        (url.protocol === "https:" && target.protocol !== "https:")
      ) {
        throw new HubError(
          "protocol",
          `Cannot download ${what}: ${url.host} redirects to ${
            quote(location)
          }, expected an https address`,
        );
      }
      url = target;
    }
    throw new HubError(
      "protocol",
      `Cannot download ${what}: more than ${MAX_REDIRECTS} redirects`,
    );
  }

  /** The body's chunks; a body that stalls fails. */
  async *#chunks(
    response: Response,
    idle: IdleTimer,
  ): AsyncGenerator<Uint8Array<ArrayBuffer>> {
    try {
      for await (const chunk of response.body ?? []) {
        idle.restart();
        yield chunk;
      }
    } finally {
      idle.stop();
    }
  }
}

/** Aborts a request that has been silent for too long, or that nobody wants. */
class IdleTimer {
  readonly signal: AbortSignal;
  readonly #controller = new AbortController();
  readonly #milliseconds: number;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(milliseconds: number, outer?: AbortSignal) {
    this.#milliseconds = milliseconds;
    this.signal = outer
      ? AbortSignal.any([this.#controller.signal, outer])
      : this.#controller.signal;
    this.restart();
  }

  restart(): void {
    this.stop();
    this.#timer = setTimeout(() => {
      const seconds = this.#milliseconds / 1000;
      this.#controller.abort(
        new DOMException(`no byte for ${seconds} s`, "TimeoutError"),
      );
    }, this.#milliseconds);
  }

  stop(): void {
    clearTimeout(this.#timer);
  }
}

function unreachable(what: string, url: URL, cause: unknown): Error {
  // A missing permission is no matter of the network.
  if (cause instanceof Error && cause.name === "NotCapable") return cause;
  return new HubError(
    "unreachable",
    `Cannot download ${what}: ${url.host} does not answer (${reason(cause)})`,
    { cause },
  );
}

/** fetch() says little itself and hides the reason one level down. */
function reason(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? error.cause.message : error.message;
}

/** Statuses after which the same request may succeed a little later. */
const PASSING: ReadonlySet<number> = new Set([
  408,
  425,
  429,
  500,
  502,
  503,
  504,
]);

/** The longest answer that is looked through for a message, bytes. */
const MAX_MESSAGE = 4096;

/** What the server says of a refusal, if anything. */
async function messageOf(response: Response): Promise<string | undefined> {
  const header = response.headers.get("x-error-message");
  let text = "";
  try {
    const decoder = new TextDecoder();
    for await (const chunk of response.body ?? []) {
      text += decoder.decode(chunk, { stream: true });
      if (text.length > MAX_MESSAGE) break; // this ends the body, too
    }
  } catch {
    // The status alone has to do.
  }
  if (header) return header;
  try {
    const { error, message } = JSON.parse(text);
    return [error, message].find((said) => typeof said === "string");
  } catch {
    return undefined;
  }
}

function statusError(
  response: Response,
  context: {
    what: string;
    said: string | undefined;
    /** The repository's page. */
    page: string;
    hasToken: boolean;
  },
): HubError {
  const { status, headers } = response;
  const { what, said, page, hasToken } = context;
  const message = `Cannot download ${what}: the server answers ${status}${
    said ? `: ${quote(said)}` : ""
  }`;
  if (headers.get("x-error-code") === "GatedRepo") {
    return new HubError(
      "forbidden",
      withHint(
        message,
        `Accept its terms at ${page}${
          hasToken ? " with the account of the token" : ", then set HF_TOKEN"
        }.`,
      ),
    );
  }
  switch (status) {
    case 401:
      return new HubError(
        "unauthorized",
        withHint(
          message,
          hasToken
            ? "The token in HF_TOKEN or of a login is not valid (any more), or the repository does not exist."
            : "Set HF_TOKEN to an access token, or check the repository's name.",
        ),
      );
    case 403:
      return new HubError(
        "forbidden",
        withHint(
          message,
          "The repository's page may ask you to accept its license first; then set HF_TOKEN.",
        ),
      );
    case 404:
    case 410:
      return new HubError(
        "not-found",
        withHint(
          message,
          "It may have been renamed or moved; the repository's page tells.",
        ),
      );
    case 416:
      return new HubError(
        "changed",
        `${message}: the range is outside the file`,
      );
    default:
      return new HubError(
        PASSING.has(status) ? "unreachable" : "protocol",
        message,
      );
  }
}

async function readLimited(
  chunks: AsyncIterable<Uint8Array<ArrayBuffer>>,
): Promise<string> {
  const parts: Uint8Array<ArrayBuffer>[] = [];
  let size = 0;
  for await (const chunk of chunks) {
    size += chunk.length;
    if (size > MAX_LIST) {
      throw new HubError(
        "protocol",
        `Cannot read the list of files: it has more than ${MAX_LIST} bytes`,
      );
    }
    parts.push(chunk);
  }
  return await new Blob(parts).text();
}

/** The address under `rel="next"` of the Link header; it must stay at the hub. */
function nextPage(response: Response, endpoint: string): string | undefined {
  const link = /<([^>]+)>\s*;\s*rel="?next"?/
    .exec(response.headers.get("link") ?? "")?.[1];
  if (link === undefined) return undefined;
  const url = URL.parse(link, endpoint);
  if (url?.origin === new URL(endpoint).origin) return url.href;
  throw new HubError(
    "protocol",
    `Cannot list the files: the next page is ${
      quote(link)
    }, expected one at ${endpoint}`,
  );
}

/** The files of a tree answer, with their hashes. */
function parseTree(
  text: string,
  repository: string,
): Pick<HubFile, "path" | "size" | "hash">[] {
  const fail = (state: string) =>
    new HubError(
      "protocol",
      `Cannot list the files of ${repository}: ${state}`,
    );
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw fail("the answer is no JSON");
  }
  if (!Array.isArray(json)) throw fail("the answer is no list");
  const files: Pick<HubFile, "path" | "size" | "hash">[] = [];
  for (const value of json as unknown[]) {
    const entry =
      (typeof value === "object" && value !== null ? value : {}) as Record<
        string,
        unknown
      >;
    if (entry.type !== "file") continue;
    const lfs = entry.lfs as { oid?: unknown; size?: unknown } | undefined;
    const { path } = entry;
    const size = lfs?.size ?? entry.size;
    const digest = lfs?.oid ?? entry.oid;
    if (
      typeof path !== "string" || typeof size !== "number" ||
      !Number.isSafeInteger(size) || size < 0 || typeof digest !== "string"
    ) throw fail(`an entry is ${JSON.stringify(entry).slice(0, 100)}`);
    // The path becomes one on this disk: it must not lead out of the folder.
    if (!isPlainPath(path)) throw fail(`a path is ${quote(path)}`);
    const algorithm = lfs ? "sha256" : "git-sha1";
    if (!(lfs ? /^[0-9a-f]{64}$/ : /^[0-9a-f]{40}$/).test(digest)) {
      throw fail(`the hash of ${quote(path)} is ${quote(digest)}`);
    }
    files.push({ path, size, hash: { algorithm, digest } });
  }
  return files;
}

function isPlainPath(path: string): boolean {
  return path.length <= 1024 && !/[\\:*?"<>|]/.test(path) &&
    path.split("/").every((part) =>
      part !== "" && part !== "." && part !== ".." &&
      ![...part].some((char) => char < " ")
    );
}
