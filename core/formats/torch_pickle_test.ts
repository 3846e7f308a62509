import assert from "node:assert/strict";
import {
  byte,
  dict,
  dictPickle,
  global,
  pickleBytes,
  storage,
  tensor,
  text,
  tuple,
} from "../../tests/fixtures/pickle_bytes.ts";
import {
  CheckpointError,
  type CheckpointErrorCode,
} from "./checkpoint_error.ts";
import { readStateDictPickle } from "./torch_pickle.ts";
import { isContiguous } from "./pickled_tensor.ts";

const read = (bytes: Uint8Array) =>
  readStateDictPickle(bytes, { name: "a.pkl" });

function assertCode(
  bytes: Uint8Array,
  code: CheckpointErrorCode,
  message: RegExp,
): void {
  assert.throws(
    () => read(bytes),
    { name: "CheckpointError", code, message },
  );
}

const small = tensor({
  storage: storage("0", 6),
  shape: [2, 3],
  strides: [3, 1],
});

Deno.test("readStateDictPickle() describes tensors and leaves harmless entries out", () => {
  const { tensors, others, path } = read(dictPickle({
    "a.weight": small,
    step: byte(5),
    name: text("x"),
    none: [0x4e],
    list: [0x5d, 0x28, ...byte(1), ...byte(2), 0x65],
  }));
  assert.deepEqual(path, []);
  const found = tensors.get("a.weight")!;
  assert.deepEqual(
    [found.shape, found.strides, found.storageOffset, found.dtype],
    [[2, 3], [3, 1], 0, "F32"],
  );
  assert.deepEqual([found.storage.key, found.storage.count], ["0", 6]);
  assert.deepEqual([...others], [
    ["step", "number 5"],
    ["name", 'string "x"'],
    ["none", "None"],
    ["list", "list of 2"],
  ]);
});

Deno.test("readStateDictPickle() opens dicts around the state dict", () => {
  const inner = dict({ w: small });
  const { tensors, path } = read(
    dictPickle({ model: dict({ state_dict: inner, epoch: byte(3) }) }),
  );
  assert.deepEqual(path, ["model", "state_dict"]);
  assert(tensors.has("w"));
});

Deno.test("readStateDictPickle() reads parameters, torch.Size, OrderedDict with state and memos", () => {
  const parameter = [
    ...global("torch._utils", "_rebuild_parameter"),
    ...tuple(small, [0x88], [0x4e]),
    0x52,
  ];
  const size = [
    ...global("torch", "Size"),
    ...tuple(tuple(byte(2), byte(3))),
    0x52,
  ];
  const withSize = [
    ...global("torch._utils", "_rebuild_tensor_v2"),
    ...tuple(
      storage("1", 6, "BFloat16Storage"),
      byte(0),
      size,
      tuple(byte(3), byte(1)),
      [0x89],
      [0x4e],
    ),
    0x52,
  ];
  const { tensors } = read(pickleBytes(
    [0x80, 2],
    global("collections", "OrderedDict"),
    [0x29, 0x52, 0x71, 0, 0x28], // () REDUCE BINPUT 0 MARK
    text("p"),
    parameter,
    text("s"),
    withSize,
    0x75, // SETITEMS
    dict({ _metadata: text("versions") }),
    0x62, // BUILD
    [0x30, 0x68, 0], // POP, BINGET 0
    0x2e,
  ));
  assert.deepEqual([...tensors.keys()], ["p", "s"]);
  assert.equal(tensors.get("s")?.dtype, "BF16");
});

Deno.test("readStateDictPickle() refuses a tensor whose signs are still to be turned", () => {
  const view = (negative: number) => [
    ...global("torch._utils", "_rebuild_tensor_v2"),
    ...tuple(
      storage("0", 6),
      byte(0),
      tuple(byte(6)),
      tuple(byte(1)),
      [0x89],
      [0x4e],
      dict({ conj: [0x89], neg: [negative] }),
    ),
    0x52,
  ];
  assertCode(
    dictPickle({ w: view(0x88) }),
    "pickle",
    /a tensor is a negated or conjugated view/,
  );
  assert.ok(read(dictPickle({ w: view(0x89) })).tensors.has("w"));
});

Deno.test("readStateDictPickle() reads float8, which torch names by element type", () => {
  const { tensors } = read(dictPickle({
    w: [
      ...global("torch._utils", "_rebuild_tensor_v3"),
      ...tuple(
        [
          ...tuple(
            text("storage"),
            global("torch.storage", "UntypedStorage"),
            text("0"),
            text("cpu"),
            byte(4),
          ),
          0x51,
        ],
        byte(0),
        tuple(byte(4)),
        tuple(byte(1)),
        [0x89],
        [0x4e],
        global("torch", "float8_e4m3fn"),
        [0x4e],
      ),
      0x52,
    ],
  }));
  assert.equal(tensors.get("w")?.dtype, "F8_E4M3");
});

/** Names that malicious pickles in the wild have called, and some lookalikes. */
const FORBIDDEN: readonly (readonly [string, string])[] = [
  ["os", "system"],
  ["posix", "system"],
  ["nt", "system"],
  ["subprocess", "Popen"],
  ["subprocess", "check_output"],
  ["builtins", "eval"],
  ["builtins", "exec"],
  ["builtins", "getattr"],
  ["builtins", "__import__"],
  ["builtins", "open"],
  ["builtins", "compile"],
  ["__builtin__", "eval"],
  ["__builtin__", "apply"],
  ["runpy", "_run_code"],
  ["importlib", "import_module"],
  ["socket", "create_connection"],
  ["webbrowser", "open"],
  ["pickle", "loads"],
  ["_pickle", "loads"],
  ["shutil", "rmtree"],
  ["sys", "exit"],
  ["ctypes", "CDLL"],
  ["operator", "attrgetter"],
  ["functools", "partial"],
  ["types", "FunctionType"],
  ["copyreg", "_reconstructor"],
  ["torch", "load"],
  ["torch.hub", "load"],
  ["torch.serialization", "load"],
  ["torch._utils", "_rebuild_wrapper_subclass"],
  ["torch.jit", "load"],
  ["numpy.core.multiarray", "_reconstruct"],
  ["collections", "namedtuple"],
  ["collections", "OrderedDict.__class__"],
  ["torch.storage", "_load_from_bytes"],
  ["torch", "nn.Module"],
];

Deno.test("readStateDictPickle() refuses every name outside its list, before it is called", () => {
  for (const [module, name] of FORBIDDEN) {
    const call = [...tuple(text("echo pwned")), 0x52];
    assertCode(
      pickleBytes([0x80, 2], global(module, name), call, 0x2e),
      "forbidden-global",
      new RegExp(`"${module}\\.${name}".*\nHINT: Nothing was executed`, "s"),
    );
    assertCode(
      pickleBytes([0x80, 4], text(module), text(name), 0x93, call, 0x2e),
      "forbidden-global",
      /no part of a state dict/,
    );
    assertCode(
      dictPickle({ weight: [...global(module, name), ...call] }),
      "forbidden-global",
      /no part/,
    );
  }
});

Deno.test("readStateDictPickle() refuses the opcodes that make or call objects", () => {
  const OPCODES = {
    INST: 0x69,
    OBJ: 0x6f,
    NEWOBJ: 0x81,
    NEWOBJ_EX: 0x92,
    EXT1: 0x82,
    EXT2: 0x83,
    EXT4: 0x84,
    PERSID: 0x50,
    GET: 0x67,
    STRING: 0x53,
    BYTEARRAY8: 0x96,
    NEXT_BUFFER: 0x97,
    READONLY_BUFFER: 0x98,
    "0xfe": 0xfe,
  };
  for (const [name, code] of Object.entries(OPCODES)) {
    assertCode(
      pickleBytes([0x80, 2], global("collections", "OrderedDict"), 0x29, code, [
        0,
        0,
        0,
        0,
        0x0a,
      ], 0x2e),
      "pickle",
      new RegExp(`opcode ${name} at byte \\d+ is not allowed`),
    );
  }
});

Deno.test("readStateDictPickle() refuses allowed names in the wrong place", () => {
  const wrong = (message: RegExp, ...parts: (number | number[])[]) =>
    assertCode(pickleBytes([0x80, 2], ...parts, 0x2e), "pickle", message);
  // A storage type is no callable, a callable no storage type.
  wrong(
    /REDUCE is applied to a torch FloatStorage/,
    global("torch", "FloatStorage"),
    0x29,
    0x52,
  );
  wrong(/persistent id is no storage/, text("x"), 0x51);
  wrong(
    /persistent id is no storage/,
    tuple(
      text("storage"),
      global("torch", "Size"),
      text("0"),
      text("cpu"),
      byte(1),
    ),
    0x51,
  );
  wrong(
    /storage's size is/,
    tuple(
      text("storage"),
      global("torch", "FloatStorage"),
      text("0"),
      text("cpu"),
      [0x4a, 255, 255, 255, 255],
    ),
    0x51,
  );
  wrong(
    /OrderedDict is called with arguments/,
    global("collections", "OrderedDict"),
    tuple(byte(1)),
    0x52,
  );
  wrong(
    /a parameter holds no tensor/,
    global("torch._utils", "_rebuild_parameter"),
    tuple(byte(1)),
    0x52,
  );
  wrong(
    /a tensor has no storage/,
    global("torch._utils", "_rebuild_tensor_v2"),
    0x29,
    0x52,
  );
  wrong(/BUILD is applied to something/, byte(1), byte(2), 0x62);
  wrong(/SETITEM wants a dict/, byte(1), text("a"), byte(2), 0x73);
  wrong(/APPEND wants a list/, byte(1), byte(2), 0x61);
  wrong(/a key is a/, 0x7d, 0x29, byte(1), 0x73);
  wrong(/it holds a number 1/, byte(1));
});

Deno.test("readStateDictPickle() refuses a stack that does not add up", () => {
  const wrong = (message: RegExp, ...parts: (number | number[])[]) =>
    assertCode(pickleBytes([0x80, 2], ...parts), "pickle", message);
  wrong(/ends with 0 values/, 0x2e);
  wrong(/ends with 2 values/, 0x7d, 0x7d, 0x2e);
  wrong(/where there is none/, 0x30, 0x2e);
  wrong(/where there are fewer/, 0x7d, text("a"), 0x28, 0x73, 0x2e);
  wrong(/no MARK is set/, 0x74, 0x2e);
  wrong(/memo 7 is empty/, [0x68, 7], 0x2e);
  wrong(/where there is none/, [0x71, 0], 0x2e);
  wrong(/wanted at byte/, 0x7d);
  wrong(/follow STOP/, 0x7d, 0x2e, 0x2e);
});

Deno.test("readStateDictPickle() refuses names that occur twice and shapes without sense", () => {
  const twice = pickleBytes(
    [0x80, 2, 0x7d, 0x28],
    text("a"),
    small,
    text("a"),
    small,
    [0x75, 0x2e],
  );
  assertCode(twice, "duplicate-key", /"a" occurs twice/);
  const bad = (shape: number[], strides: number[]) =>
    dictPickle({ w: tensor({ storage: storage("0", 6), shape, strides }) });
  assertCode(bad([2, 3], [1]), "pickle", /2 axes and 1 strides/);
  assertCode(bad(Array(33).fill(1), Array(33).fill(1)), "pickle", /33 axes/);
});

Deno.test("readStateDictPickle() ends on a dict that holds itself", () => {
  // d = {}; d["state_dict"] = d
  const bytes = pickleBytes([0x80, 2, 0x7d, 0x71, 0], text("state_dict"), [
    0x68,
    0,
    0x73,
    0x2e,
  ]);
  assertCode(bytes, "pickle", /expected a dict of tensors/);
});

Deno.test("readStateDictPickle() survives every byte of a pickle being changed", () => {
  const bytes = dictPickle({ "a.weight": small, "a.bias": small, n: byte(1) });
  for (let i = 0; i < bytes.length; i++) {
    for (let value = 0; value < 256; value++) {
      const changed = bytes.slice();
      changed[i] = value;
      try {
        read(changed);
      } catch (error) {
        assert(error instanceof CheckpointError, `${i} ${value}: ${error}`);
      }
    }
  }
});

Deno.test("isContiguous() is torch's", () => {
  assert(isContiguous([], []));
  assert(isContiguous([3], [1]));
  assert(isContiguous([2, 1, 3], [3, 999, 1]));
  assert(isContiguous([0, 5], [7, 7]));
  assert(!isContiguous([3], [2]));
  assert(!isContiguous([2, 3], [0, 1]));
  assert(!isContiguous([2, 3], [4, 1]));
});
