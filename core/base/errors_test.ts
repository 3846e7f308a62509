import assert from "node:assert/strict";
import { FormatError, quote, withHint } from "./errors.ts";

Deno.test("an error message has its HINT on a line of its own", () => {
  assert.equal(withHint("No.", "Try yes."), "No.\nHINT: Try yes.");
});

Deno.test("strings are quoted with control characters escaped and cut when long", () => {
  assert.equal(quote("a\n"), '"a\\n"');
  assert.equal(quote(3), "3");
  assert.ok(quote("x".repeat(10_000)).length < 1000);
});

Deno.test("a format error keeps the offset and the cause", () => {
  const cause = new Error("inner");
  const error = new FormatError("Cannot read it", { offset: 7, cause });
  assert.equal(error.offset, 7);
  assert.equal(error.cause, cause);
  assert.equal(error.name, "FormatError");
});
