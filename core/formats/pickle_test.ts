import assert from "node:assert/strict";
import { FormatError } from "../base/errors.ts";
import { type PickleOp, type PickleOpName, pickleOps } from "./pickle.ts";

const ALL: ReadonlySet<PickleOpName> = new Set<PickleOpName>([
  "PROTO",
  "STOP",
  "MARK",
  "NONE",
  "NEWTRUE",
  "NEWFALSE",
  "BININT",
  "BININT1",
  "BININT2",
  "LONG1",
  "BINFLOAT",
  "SHORT_BINUNICODE",
  "BINUNICODE",
  "BINUNICODE8",
  "SHORT_BINBYTES",
  "BINBYTES",
  "GLOBAL",
  "BINPUT",
  "LONG_BINPUT",
  "BINGET",
  "LONG_BINGET",
  "EMPTY_DICT",
  "EMPTY_TUPLE",
  "TUPLE1",
  "TUPLE2",
  "TUPLE3",
  "TUPLE",
  "BINPERSID",
  "REDUCE",
  "BUILD",
  "SETITEM",
  "SETITEMS",
  "APPEND",
  "APPENDS",
]);

/** Bytes from numbers and texts. */
function bytes(...parts: (number | string)[]): Uint8Array {
  return new Uint8Array(
    parts.flatMap((part) =>
      typeof part === "number" ? [part] : [...new TextEncoder().encode(part)]
    ),
  );
}

function ops(pickle: Uint8Array, allow = ALL): PickleOp[] {
  return [...pickleOps(pickle, { name: "a.pkl", allow })];
}

/** The argument of the only opcode before STOP. */
function argumentOf(...parts: (number | string)[]): unknown {
  const [op, stop, ...more] = ops(bytes(...parts, "."));
  assert.equal(stop?.name, "STOP");
  assert.equal(more.length, 0);
  return op?.argument;
}

function refused(pickle: Uint8Array, message: RegExp, offset: number): void {
  assert.throws(() => ops(pickle), (error) => {
    assert.ok(error instanceof FormatError);
    assert.match(error.message, message);
    assert.equal(error.offset, offset);
    return true;
  });
}

Deno.test("pickleOps() reads every kind of argument", () => {
  assert.equal(argumentOf(0x80, 2), 2);
  assert.equal(argumentOf("N"), undefined);
  assert.equal(argumentOf("K", 255), 255);
  assert.equal(argumentOf("M", 0x34, 0x12), 0x1234);
  assert.equal(argumentOf("J", 0xfe, 0xff, 0xff, 0xff), -2);
  assert.equal(argumentOf("r", 0, 0, 0, 0x80), 0x80000000);
  assert.equal(argumentOf(0x8a, 0), 0n);
  assert.equal(argumentOf(0x8a, 2, 0x00, 0xff), -256n);
  assert.equal(
    argumentOf(0x8a, 9, 0, 0, 0, 0, 0, 0, 0, 0, 1),
    2n ** 64n,
  );
  assert.equal(argumentOf("G", 0x3f, 0xf8, 0, 0, 0, 0, 0, 0), 1.5);
  assert.equal(argumentOf(0x8c, 3, "a€".slice(0, 1), 0xc3, 0xbc), "aü");
  assert.equal(argumentOf("X", 2, 0, 0, 0, "ab"), "ab");
  assert.equal(argumentOf(0x8d, 1, 0, 0, 0, 0, 0, 0, 0, "a"), "a");
  assert.deepEqual(argumentOf("C", 2, 7, 8), new Uint8Array([7, 8]));
  assert.deepEqual(argumentOf("B", 1, 0, 0, 0, 9), new Uint8Array([9]));
  assert.deepEqual(argumentOf("ctorch\nFloatStorage\n"), {
    module: "torch",
    name: "FloatStorage",
  });
});

Deno.test("pickleOps() keeps a byte order mark, which is part of the text", () => {
  assert.equal(argumentOf("X", 3, 0, 0, 0, 0xef, 0xbb, 0xbf), "\ufeff");
});

Deno.test("pickleOps() reads a state_dict's pickle", () => {
  // OrderedDict([("w", _rebuild_tensor_v2(persistent id, 0, (2, 3), (3, 1), False, OrderedDict()))])
  const pickle = bytes(
    ...[0x80, 2, "ccollections\nOrderedDict\n", "q", 0, ")R", "q", 1],
    ...["(X", 1, 0, 0, 0, "w", "q", 2],
    ...["ctorch._utils\n_rebuild_tensor_v2\n", "q", 3, "((X", 7, 0, 0, 0],
    ...[
      "storage",
      "q",
      4,
      "ctorch\nBFloat16Storage\n",
      "q",
      5,
      "X",
      1,
      0,
      0,
      0,
    ],
    ...["0q", 6, "X", 3, 0, 0, 0, "cpu", "q", 7, "K", 6, "tq", 8, "QK", 0],
    ...["K", 2, "K", 3, 0x86, "q", 9, "K", 3, "K", 1, 0x86, "q", 10, 0x89],
    ...["h", 0, ")R", "q", 11, "tq", 12, "R", "q", 13, "u."],
  );
  const names = ops(pickle).map(({ name }) => name).filter((name) =>
    name !== "BINPUT"
  );
  assert.equal(
    names.join(" "),
    "PROTO GLOBAL EMPTY_TUPLE REDUCE MARK BINUNICODE GLOBAL MARK MARK " +
      "BINUNICODE GLOBAL BINUNICODE BINUNICODE BININT1 TUPLE BINPERSID BININT1 " +
      "BININT1 BININT1 TUPLE2 BININT1 BININT1 TUPLE2 NEWFALSE BINGET " +
      "EMPTY_TUPLE REDUCE TUPLE REDUCE SETITEMS STOP",
  );
});

Deno.test("pickleOps() refuses by name and offset what is not allowed", () => {
  refused(bytes(0x80, 2, "cos\nsystem\n", 0x81, "."), /NEWOBJ at byte 13/, 13);
  refused(bytes("Iios\n."), /opcode INT at byte 0/, 0);
  refused(bytes("ios\nsystem\n."), /opcode INST at byte 0/, 0);
  refused(bytes("N", 0x01, "."), /opcode 0x01 at byte 1/, 1);
  assert.throws(
    () => ops(bytes("N."), new Set(["PROTO", "STOP"])),
    /NONE at byte 0 is not allowed, expected one of PROTO STOP/,
  );
});

Deno.test("pickleOps() looks at nothing behind a refused opcode", () => {
  const seen: string[] = [];
  assert.throws(() => {
    for (
      const { name } of pickleOps(bytes("NI", "X", 255, 255), {
        name: "a.pkl",
        allow: ALL,
      })
    ) seen.push(name);
  }, /INT at byte 1/);
  assert.deepEqual(seen, ["NONE"]);
});

Deno.test("pickleOps() refuses arguments that are cut short or malformed", () => {
  refused(bytes(), /1 bytes are wanted at byte 0, 0 are left/, 0);
  refused(bytes("N"), /1 bytes are wanted at byte 1/, 1);
  refused(
    bytes("X", 255, 255, 255, 255, "a"),
    /4294967295 bytes are wanted/,
    5,
  );
  refused(
    bytes(0x8d, 0, 0, 0, 0, 0, 0, 0, 1, "a"),
    /a length before byte 9 is/,
    9,
  );
  refused(bytes("X", 1, 0, 0, 0, 0xff, "."), /not UTF-8/, 6);
  refused(bytes("cos\nsystem"), /no line of ASCII/, 4);
  refused(bytes("cos\0\nsystem\n."), /no line of ASCII/, 1);
  refused(bytes("c", "a".repeat(300), "\nb\n."), /no line of ASCII/, 1);
  refused(bytes("N.N"), /1 bytes follow STOP/, 2);
});
