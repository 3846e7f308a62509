/**
 * Values as Python prints them: what `print(tracks)`, `str(tracks)` and
 * `json.dumps` with NaN leave in a file.
 *
 * @module
 */

/** Deeper nesting is not what tracks are. */
const MAX_DEPTH = 64;

/** Numbers with any of Python's and NumPy's spellings, `1.`, `.5`, `1_000`. */
const NUMBER = /[+-]?(?:\d[\d_]*\.?\d*|\.\d+)(?:[eE][+-]?\d+)?/y;
const NAME = /[A-Za-z_][\w.]*/y;
const BLANK = /\s*/y;

const CONSTANTS: Readonly<Record<string, unknown>> = {
  True: true,
  true: true,
  False: false,
  false: false,
  None: null,
  null: null,
  nan: NaN,
  NaN: NaN,
  inf: Infinity,
  Infinity: Infinity,
};

/**
 * The value of a Python literal: lists, tuples and sets (as arrays), dicts (as
 * objects), strings, numbers, `True`, `False`, `None`, `nan`, `inf`. Calls such
 * as `np.float64(1.0)`, `array([...], dtype=float32)` and `tensor([...])` are
 * their first argument. The commas between elements may be missing, as NumPy
 * prints arrays. JSON is read as well. Nothing is executed.
 *
 * @throws {SyntaxError} With the position, when the text is none of this, or is
 * the shortened print of a large array.
 */
export function parsePythonLiteral(text: string): unknown {
  const parser = new Parser(text);
  const value = parser.value(0);
  parser.end();
  return value;
}

class Parser {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  value(depth: number): unknown {
    if (depth > MAX_DEPTH) throw this.#fail("it is nested too deeply");
    this.#skip();
    const char = this.#text[this.#at];
    if (char === undefined) throw this.#fail("it ends too early");
    if (char === "[") return this.#list("]", depth);
    if (char === "(") return this.#tuple(depth);
    if (char === "{") return this.#braces(depth);
    if (char === "'" || char === '"') return this.#string();
    const sign = /[+-]/.test(char) ? char : "";
    if (sign && /[A-Za-z]/.test(this.#text[this.#at + 1] ?? "")) {
      this.#at++;
      const value = this.#name(depth);
      if (typeof value !== "number") throw this.#fail("a sign has no number");
      return sign === "-" ? -value : value;
    }
    const number = this.#match(NUMBER);
    if (number !== undefined) return Number(number.replaceAll("_", ""));
    return this.#name(depth);
  }

  end(): void {
    this.#skip();
    if (this.#at < this.#text.length) {
      throw this.#fail("there is more after it");
    }
  }

  #name(depth: number): unknown {
    const name = this.#match(NAME);
    if (name === undefined) {
      if (this.#text.startsWith("...", this.#at)) {
        throw this.#fail("it was shortened with ... when it was printed");
      }
      throw this.#fail("it is no value");
    }
    if (Object.hasOwn(CONSTANTS, name)) return CONSTANTS[name];
    if (this.#text[this.#at] === "(") {
      const [first] = this.#arguments(depth);
      return first;
    }
    if (/^[rbu]$/i.test(name) && /['"]/.test(this.#text[this.#at] ?? "")) {
      return this.#string();
    }
    throw this.#fail(`${JSON.stringify(name.slice(0, 40))} is no value`);
  }

  /** `(a, b, name=c)`; named arguments are left out. */
  #arguments(depth: number): unknown[] {
    const values: unknown[] = [];
    this.#at++;
    while (true) {
      this.#skip();
      if (this.#take(")")) return values;
      const start = this.#at;
      const name = this.#match(NAME);
      this.#skip();
      if (name !== undefined && this.#take("=")) {
        this.#skip();
        // dtype=float32, device='cuda:0', grad_fn=<Name>
        if (this.#text[this.#at] === "<") {
          const close = this.#text.indexOf(">", this.#at);
          this.#at = close < 0 ? this.#text.length : close + 1;
        } else if (this.#match(NAME) === undefined) this.value(depth + 1);
      } else {
        this.#at = start;
        values.push(this.value(depth + 1));
      }
      this.#skip();
      this.#take(",");
    }
  }

  #list(close: string, depth: number): unknown[] {
    const values: unknown[] = [];
    this.#at++;
    while (true) {
      this.#skip();
      if (this.#take(close)) return values;
      values.push(this.value(depth + 1));
      this.#skip();
      this.#take(",");
    }
  }

  /** `(1, 2)` is a tuple, `(1)` only a value in parentheses. */
  #tuple(depth: number): unknown {
    const start = this.#at;
    const values = this.#list(")", depth);
    const inside = this.#text.slice(start, this.#at);
    return values.length === 1 && !/,\s*\)$/.test(inside) ? values[0] : values;
  }

  #braces(depth: number): unknown {
    const entries: [string, unknown][] = [];
    this.#at++;
    while (true) {
      this.#skip();
      if (this.#take("}")) return Object.fromEntries(entries);
      const key = this.value(depth + 1);
      this.#skip();
      if (!this.#take(":")) throw this.#fail("a key has no value");
      entries.push([String(key), this.value(depth + 1)]);
      this.#skip();
      this.#take(",");
    }
  }

  #string(): string {
    const quote = this.#text[this.#at]!;
    let value = "";
    this.#at++;
    while (true) {
      const char = this.#text[this.#at];
      if (char === undefined) throw this.#fail("a string does not end");
      this.#at++;
      if (char === quote) return value;
      value += char === "\\" ? this.#escape() : char;
    }
  }

  #escape(): string {
    const char = this.#text[this.#at++] ?? "";
    const length = { x: 2, u: 4, U: 8 }[char];
    if (length !== undefined) {
      const code = Number.parseInt(
        this.#text.slice(this.#at, this.#at + length),
        16,
      );
      this.#at += length;
      if (!(code >= 0 && code <= 0x10ffff)) {
        throw this.#fail("an escape is no character");
      }
      return String.fromCodePoint(code);
    }
    const known: Record<string, string> = {
      n: "\n",
      r: "\r",
      t: "\t",
      b: "\b",
      f: "\f",
      "\n": "",
    };
    return known[char] ?? char;
  }

  #skip(): void {
    this.#match(BLANK);
  }

  #take(char: string): boolean {
    if (this.#text[this.#at] !== char) return false;
    this.#at++;
    return true;
  }

  #match(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text)?.[0];
    if (found === undefined) return undefined;
    this.#at += found.length;
    return found;
  }

  #fail(state: string): SyntaxError {
    return new SyntaxError(`${state}, at position ${this.#at}`);
  }
}
