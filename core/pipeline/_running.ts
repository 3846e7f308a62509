/**
 * The generators that a resource has handed out and that hold something of
 * it: they end when it is disposed, even where nobody asks them for more.
 *
 * @module
 */

/** Keeps track of generators at work, and ends them. */
export class Running implements AsyncDisposable {
  readonly #name: string;
  readonly #generators = new Set<AsyncGenerator>();
  readonly #ended = new AbortController();
  #ending: Promise<void> | undefined;

  /** `name` is what errors call the resource, for example `pipeline`. */
  constructor(name: string) {
    this.#name = name;
  }

  /** Aborted when the resource is disposed, with the error for its users. */
  get signal(): AbortSignal {
    return this.#ended.signal;
  }

  /**
   * A generator that ends with the resource: after that, asking it for more is
   * an error, never a silent end.
   *
   * @throws {TypeError} When the resource has been disposed.
   */
  track<T>(
    start: (signal: AbortSignal) => AsyncGenerator<T, void, void>,
  ): AsyncGenerator<T, void, void> {
    const { signal } = this;
    const inner = start(signal);
    let over = false;
    const finish = () => {
      over = true;
      this.#generators.delete(inner);
    };
    return {
      next: async () => {
        if (over) return { done: true, value: undefined };
        signal.throwIfAborted();
        this.#generators.add(inner);
        try {
          const result = await inner.next();
          if (result.done) {
            // Ended from outside it would look like a complete result.
            if (!over) signal.throwIfAborted();
            finish();
          }
          return result;
        } catch (error) {
          finish();
          throw error;
        }
      },
      return: async () => {
        finish();
        return await inner.return();
      },
      throw: async (error) => {
        finish();
        return await inner.throw(error);
      },
      [Symbol.asyncIterator]() {
        return this;
      },
      async [Symbol.asyncDispose]() {
        finish();
        await inner.return();
      },
    };
  }

  /** Ends all generators and waits for them. Idempotent. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.#ending ??= this.#end();
  }

  async #end(): Promise<void> {
    this.#ended.abort(
      new TypeError(`Cannot use the ${this.#name}: it has been disposed`),
    );
    const generators = [...this.#generators];
    this.#generators.clear();
    // One that is suspended returns at once, one that works is aborted.
    await Promise.allSettled(
      generators.map((inner) => inner.return(undefined)),
    );
  }
}
