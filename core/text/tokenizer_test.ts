import assert from "node:assert/strict";
import { goldenUrl, readGoldenJson } from "../../tests/fixtures/golden.ts";
import { FormatError } from "../base/errors.ts";
import { readPrecompiledCharsmap } from "./precompiled_charsmap.ts";
import { readTextNormalizer } from "./text_normalizer.ts";
import { createTokenizer, MAX_PROMPT_TOKENS } from "./tokenizer.ts";

const json = Deno.readTextFileSync(goldenUrl("tokenizer/tokenizer.json"));
const { cases } = readGoldenJson<{ cases: { text: string; ids: number[] }[] }>(
  "tokenizer/cases.json",
);

Deno.test("createTokenizer() gives the ids of the original in Rust", () => {
  const tokenizer = createTokenizer(json);
  let ids = 0;
  for (const { text, ids: expected } of cases) {
    const found = tokenizer.encode(text);
    const cut = expected.length > MAX_PROMPT_TOKENS
      ? [...expected.slice(0, MAX_PROMPT_TOKENS - 1), 1]
      : expected;
    assert.deepEqual(
      [...found.ids.subarray(0, found.length)],
      cut,
      JSON.stringify(text),
    );
    ids += found.length;
  }
  console.log(`tokenizer: ${ids} ids of ${cases.length} texts are equal`);
});

Deno.test("createTokenizer() pads to 512 and ends a long text with </s>", () => {
  const tokenizer = createTokenizer(json);
  const short = tokenizer.encode("A cat.");
  assert.equal(short.ids.length, 512);
  assert.equal(short.ids[short.length - 1], 1);
  assert.ok(short.ids.subarray(short.length).every((id) => id === 0));
  assert.deepEqual(
    [...short.mask],
    Array.from({ length: 512 }, (_, i) => i < short.length ? 1 : 0),
  );
  assert.equal(short.truncated, 0);
  const long = tokenizer.encode("x".repeat(600));
  assert.equal(long.length, 512);
  assert.equal(long.ids[511], 1);
  assert.ok(long.truncated > 0);
  const all = cases.find(({ text }) => text === "x".repeat(600))!;
  assert.equal(long.truncated, all.ids.length - 512);
});

Deno.test("createTokenizer() takes one unknown where there are no bytes", () => {
  const file = JSON.parse(json);
  file.model.byte_fallback = false;
  const { ids, length } = createTokenizer(JSON.stringify(file)).encode("a龘龘");
  assert.equal(ids[length - 2], file.model.unk_id);
  assert.notEqual(ids[length - 3], file.model.unk_id);
});

Deno.test("createTokenizer() refuses what it cannot follow", () => {
  const changed = (change: (file: Record<string, unknown>) => void) => {
    const file = JSON.parse(json);
    change(file);
    return () => createTokenizer(JSON.stringify(file));
  };
  assert.throws(() => createTokenizer("{"), /not JSON/);
  assert.throws(() => createTokenizer("null"), FormatError);
  assert.throws(
    changed((file) => file.model = { type: "BPE" }),
    /"BPE", expected Unigram\nHINT: .*umt5-xxl/,
  );
  assert.throws(
    changed((file) => file.normalizer = { type: "Lowercase" }),
    /normalizer is "Lowercase", expected one of Sequence/,
  );
  assert.throws(
    changed((file) => file.post_processor = null),
    /does not end a text with <\/s>/,
  );
});

Deno.test("createTokenizer() refuses a damaged file with an error of its own", () => {
  const changed = (
    change: (file: {
      model: { vocab: unknown[]; unk_id: unknown };
      [part: string]: unknown;
    }) => void,
  ) => {
    const file = JSON.parse(json);
    change(file);
    return () => {
      // Some damage shows when a text is read only.
      createTokenizer(JSON.stringify(file)).encode("Ein Boot fährt.");
    };
  };
  const damages = [
    changed((file) => file.model.vocab = [null, 5, "x"]),
    changed((file) => file.model.vocab = []),
    changed((file) => file.model.vocab[7] = ["no score"]),
    changed((file) => file.model.unk_id = "none"),
    changed((file) => file.pre_tokenizer = { type: "Nothing" }),
    changed((file) => file.pre_tokenizer = 5),
    changed((file) => file.added_tokens = [{ id: "x" }]),
    changed((file) => file.post_processor = { type: "TemplateProcessing" }),
  ];
  for (const [i, damage] of damages.entries()) {
    try {
      damage();
    } catch (error) {
      assert.ok(error instanceof FormatError, `${i}: ${error}`);
      assert.match(error.message, /^Cannot read the tokenizer: /);
    }
  }
  assert.throws(damages[0]!, /its content is damaged.*\nHINT: Fetch google/);
});

Deno.test("readTextNormalizer() follows Nmt, Strip and literal Replace", () => {
  const normalize = readTextNormalizer({
    type: "Sequence",
    normalizers: [
      { type: "Nmt" },
      { type: "Strip", strip_left: false, strip_right: true },
      { type: "Replace", pattern: { String: "$" }, content: "$&" },
    ],
  });
  assert.equal(normalize("\u0007 a\u200bb\u2581$ \u00a0"), " a b $&");
  assert.equal(
    readTextNormalizer({ type: "Strip", strip_left: true })("\u0085 a "),
    "a ",
  );
});

Deno.test("readPrecompiledCharsmap() refuses a broken table", () => {
  const table = JSON.parse(json).normalizer.normalizers[0].precompiled_charsmap;
  for (const broken of ["", "?", "AAAA", table.slice(0, 100), "/////w=="]) {
    assert.throws(() => readPrecompiledCharsmap(broken), FormatError);
  }
  const normalize = readPrecompiledCharsmap(table);
  assert.equal(normalize("ﬁ ＡＢ ①e\u0301"), "fi AB 1é");
});
