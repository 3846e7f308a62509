import assert from "node:assert/strict";
import { parsePythonLiteral } from "./python_literal.ts";

Deno.test("Python's and NumPy's prints become values", () => {
  const cases: [string, unknown][] = [
    ["[1, -2.5, .5, 1., 1e3, 1_000]", [1, -2.5, 0.5, 1, 1000, 1000]],
    ["(1, 2)", [1, 2]],
    ["(1)", 1],
    ["(1,)", [1]],
    ["()", []],
    ["{'a': True, \"b\": None, 3: False}", { a: true, b: null, 3: false }],
    ["'it\\'s\\n\\u0041\\x42'", "it's\nAB"],
    ["u'a'", "a"],
    ["[nan, -inf, NaN, Infinity]", [NaN, -Infinity, NaN, Infinity]],
    ["np.float64(1.5)", 1.5],
    ["tensor([[1., 2.]], device='cuda:0', grad_fn=<Cat>)", [[1, 2]]],
    ["array([[1, 2],\n [3, 4]], dtype=float32)", [[1, 2], [3, 4]]],
    ["[[ 1.  2.]\n [-3.  4.]]", [[1, 2], [-3, 4]]],
    ['{"x": [1, 2, {"y": null}]}', { x: [1, 2, { y: null }] }],
  ];
  for (const [text, value] of cases) {
    assert.deepEqual(parsePythonLiteral(text), value, text);
  }
});

Deno.test("what is no value is refused with its position", () => {
  const cases: [string, RegExp][] = [
    ["", /ends too early, at position 0/],
    ["[1, 2", /ends too early/],
    ["[1] 2", /there is more after it, at position 4/],
    ["'abc", /a string does not end/],
    ["{'a' 1}", /a key has no value/],
    ["[1, ..., 2]", /shortened with \.\.\./],
    ["os", /"os" is no value/],
    ["-True", /a sign has no number/],
    ["'\\x9'", /an escape is no character|does not end/],
    ["[".repeat(100), /nested too deeply/],
    ["&", /it is no value, at position 0/],
  ];
  for (const [text, message] of cases) {
    assert.throws(() => parsePythonLiteral(text), message, text);
  }
});
