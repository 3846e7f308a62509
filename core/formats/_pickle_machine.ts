/**
 * The stack machine that a pickle is written for, cut down to what a state
 * dict needs. It compares names with lists and never looks one up.
 */

import { type PickleOp, type PickleOpName, pickleOps } from "./pickle.ts";
import { FormatError, quote, withHint } from "../base/errors.ts";
import {
  CheckpointError,
  type CheckpointErrorCode,
} from "./checkpoint_error.ts";
import { PickledStorage, type PickledTensor } from "./pickled_tensor.ts";
import type { TensorDtype } from "./tensor_index.ts";

/** `torch.*Storage`, by name. */
const STORAGES: ReadonlyMap<string, TensorDtype | undefined> = new Map([
  ["torch DoubleStorage", "F64"],
  ["torch FloatStorage", "F32"],
  ["torch HalfStorage", "F16"],
  ["torch BFloat16Storage", "BF16"],
  ["torch LongStorage", "I64"],
  ["torch IntStorage", "I32"],
  ["torch ShortStorage", "I16"],
  ["torch CharStorage", "I8"],
  ["torch ByteStorage", "U8"],
  ["torch BoolStorage", "BOOL"],
  ["torch.storage UntypedStorage", undefined],
]);

/** Element types that have no storage of their own are named directly. */
const DTYPES: ReadonlyMap<string, TensorDtype> = new Map([
  ["torch float8_e4m3fn", "F8_E4M3"],
  ["torch float8_e5m2", "F8_E5M2"],
  ["torch uint16", "U16"],
  ["torch uint32", "U32"],
  ["torch uint64", "U64"],
]);

/** The callables that are understood. */
const ORDERED_DICT = "collections OrderedDict";
const REBUILD_TENSOR = "torch._utils _rebuild_tensor_v2";
const REBUILD_TENSOR_V3 = "torch._utils _rebuild_tensor_v3";
const REBUILD_PARAMETER = "torch._utils _rebuild_parameter";
const SIZE = "torch Size";
const CALLABLES: ReadonlySet<string> = new Set([
  ORDERED_DICT,
  REBUILD_TENSOR,
  REBUILD_TENSOR_V3,
  REBUILD_PARAMETER,
  SIZE,
]);

const OPCODES: ReadonlySet<PickleOpName> = new Set<PickleOpName>([
  "PROTO",
  "FRAME",
  "STOP",
  "MARK",
  "POP",
  "NONE",
  "NEWTRUE",
  "NEWFALSE",
  "BININT",
  "BININT1",
  "BININT2",
  "LONG1",
  "BINFLOAT",
  "BINUNICODE",
  "SHORT_BINUNICODE",
  "BINSTRING",
  "SHORT_BINSTRING",
  "BINPUT",
  "LONG_BINPUT",
  "MEMOIZE",
  "BINGET",
  "LONG_BINGET",
  "EMPTY_TUPLE",
  "TUPLE",
  "TUPLE1",
  "TUPLE2",
  "TUPLE3",
  "EMPTY_LIST",
  "APPEND",
  "APPENDS",
  "EMPTY_DICT",
  "SETITEM",
  "SETITEMS",
  "GLOBAL",
  "STACK_GLOBAL",
  "BINPERSID",
  "REDUCE",
  "BUILD",
]);

/** A name from {@linkcode CALLABLES}, STORAGES or DTYPES on the stack. */
class AllowedGlobal {
  constructor(readonly name: string) {}
}

/** A tensor on the stack. */
export class TensorValue implements PickledTensor {
  constructor(
    readonly storage: PickledStorage,
    readonly dtype: TensorDtype,
    readonly storageOffset: number,
    readonly shape: readonly number[],
    readonly strides: readonly number[],
  ) {}
}

class Tuple {
  constructor(readonly items: readonly Value[]) {}
}

export class List {
  readonly items: Value[] = [];
}

export class Dict {
  readonly items = new Map<string, Value>();
}

const MARK = Symbol("mark");

export type Value =
  | null
  | boolean
  | number
  | bigint
  | string
  | typeof MARK
  | AllowedGlobal
  | TensorValue
  | PickledStorage
  | Tuple
  | List
  | Dict;

/** torch's own limit is 64; nobody has more than 8. */
const MAX_AXES = 32;

/** The value that a pickle describes. Nothing is executed. */
export function runPickle(bytes: Uint8Array, name: string): Value {
  return run(bytes, { name }).value;
}

/** The value of the pickle that begins at `at`, and where it ends. */
export function runPickleAt(
  bytes: Uint8Array,
  options: { name: string; at: number },
): { value: Value; end: number } {
  return run(bytes, options);
}

function run(
  bytes: Uint8Array,
  options: { name: string; at?: number },
): { value: Value; end: number } {
  const machine = new Machine(options.name);
  let end = 0;
  try {
    for (const op of pickleOps(bytes, { ...options, allow: OPCODES })) {
      machine.step(op);
      end = op.offset + 1; // of STOP, which has no argument
    }
  } catch (error) {
    if (error instanceof CheckpointError || !(error instanceof FormatError)) {
      throw error;
    }
    throw new CheckpointError("pickle", error.message, {
      cause: error,
      ...(error.offset === undefined ? {} : { offset: error.offset }),
    });
  }
  return { value: machine.result(), end };
}

class Machine {
  readonly #name: string;
  readonly #stack: Value[] = [];
  readonly #memo = new Map<number, Value>();
  #offset = 0;
  #stopped = false;

  constructor(name: string) {
    this.#name = name;
  }

  result(): Value {
    if (!this.#stopped || this.#stack.length !== 1) {
      throw this.#fail(`it ends with ${this.#stack.length} values, expected 1`);
    }
    return this.#stack[0]!;
  }

  step(op: PickleOp): void {
    this.#offset = op.offset;
    switch (op.name) {
      case "PROTO":
      case "FRAME":
        return;
      case "STOP":
        this.#stopped = true;
        return;
      case "MARK":
        return this.#push(MARK);
      case "POP":
        this.#pop();
        return;
      case "NONE":
        return this.#push(null);
      case "NEWTRUE":
        return this.#push(true);
      case "NEWFALSE":
        return this.#push(false);
      case "BININT":
      case "BININT1":
      case "BININT2":
      case "BINFLOAT":
      case "LONG1":
      case "BINUNICODE":
      case "SHORT_BINUNICODE":
        return this.#push(op.argument);
      case "BINSTRING":
      case "SHORT_BINSTRING":
        return this.#push(new TextDecoder("latin1").decode(op.argument));
      case "BINPUT":
      case "LONG_BINPUT":
        this.#memo.set(op.argument, this.#top());
        return;
      case "MEMOIZE":
        this.#memo.set(this.#memo.size, this.#top());
        return;
      case "BINGET":
      case "LONG_BINGET": {
        const value = this.#memo.get(op.argument);
        if (value === undefined) {
          throw this.#fail(`memo ${op.argument} is empty`);
        }
        return this.#push(value);
      }
      case "EMPTY_TUPLE":
        return this.#push(new Tuple([]));
      case "TUPLE1":
        return this.#push(new Tuple(this.#popMany(1)));
      case "TUPLE2":
        return this.#push(new Tuple(this.#popMany(2)));
      case "TUPLE3":
        return this.#push(new Tuple(this.#popMany(3)));
      case "TUPLE":
        return this.#push(new Tuple(this.#popToMark()));
      case "EMPTY_LIST":
        return this.#push(new List());
      case "APPEND":
        return this.#append(this.#popMany(1));
      case "APPENDS":
        return this.#append(this.#popToMark());
      case "EMPTY_DICT":
        return this.#push(new Dict());
      case "SETITEM":
        return this.#setItems(this.#popMany(2));
      case "SETITEMS":
        return this.#setItems(this.#popToMark());
      case "GLOBAL":
        return this.#global(op.argument.module, op.argument.name);
      case "STACK_GLOBAL": {
        const [module, name] = this.#popMany(2);
        if (typeof module !== "string" || typeof name !== "string") {
          throw this.#fail("STACK_GLOBAL has no names");
        }
        return this.#global(module, name);
      }
      case "BINPERSID":
        return this.#push(this.#storage(this.#pop()));
      case "REDUCE": {
        const [callable, args] = this.#popMany(2);
        return this.#push(this.#call(callable!, args!));
      }
      case "BUILD": {
        // A state dict carries its modules' versions this way. Not needed.
        this.#pop();
        if (!(this.#top() instanceof Dict)) {
          throw this.#fail("BUILD is applied to something that is no dict");
        }
        return;
      }
      default:
        throw this.#fail(`opcode ${op.name} has no meaning here`);
    }
  }

  #push(value: Value): void {
    this.#stack.push(value);
  }

  #top(): Value {
    const value = this.#stack.at(-1);
    if (value === undefined || value === MARK) {
      throw this.#fail("a value is wanted where there is none");
    }
    return value;
  }

  #pop(): Value {
    const value = this.#stack.pop();
    if (value === undefined) {
      throw this.#fail("a value is wanted where there is none");
    }
    return value;
  }

  #popMany(count: number): Value[] {
    const values = this.#stack.splice(-count);
    if (values.length < count || values.includes(MARK)) {
      throw this.#fail(`${count} values are wanted where there are fewer`);
    }
    return values;
  }

  #popToMark(): Value[] {
    const mark = this.#stack.lastIndexOf(MARK);
    if (mark < 0) throw this.#fail("no MARK is set");
    const values = this.#stack.splice(mark + 1);
    this.#stack.pop();
    return values;
  }

  #append(values: Value[]): void {
    const list = this.#top();
    if (!(list instanceof List)) throw this.#fail("APPEND wants a list");
    for (const value of values) list.items.push(value);
  }

  #setItems(values: Value[]): void {
    const dict = this.#top();
    if (!(dict instanceof Dict) || values.length % 2 !== 0) {
      throw this.#fail("SETITEM wants a dict and pairs");
    }
    for (let i = 0; i < values.length; i += 2) {
      const key = values[i]!;
      // Optimizer states are numbered; such a key can hold no weight by name.
      if (typeof key !== "string" && typeof key !== "number") {
        throw this.#fail(`a key is a ${describe(key)}, expected a string`);
      }
      if (dict.items.has(String(key))) {
        throw this.#fail(`key ${quote(key)} occurs twice`, "duplicate-key");
      }
      dict.items.set(String(key), values[i + 1]!);
    }
  }

  #global(module: string, name: string): void {
    const full = `${module} ${name}`;
    if (!CALLABLES.has(full) && !STORAGES.has(full) && !DTYPES.has(full)) {
      throw new CheckpointError(
        "forbidden-global",
        withHint(
          `Cannot read ${quote(this.#name)}: the pickle asks for ${
            quote(`${module}.${name}`)
          }, which is no part of a state dict`,
          "Nothing was executed. If you trust the file, save its weights alone, best as safetensors.",
        ),
        { offset: this.#offset },
      );
    }
    this.#push(new AllowedGlobal(full));
  }

  /** `("storage", torch.FloatStorage, key, location, count)`; once with a view. */
  #storage(id: Value): PickledStorage {
    const [tag, type, key, , count, view = null] = id instanceof Tuple
      ? id.items
      : [];
    // Before torch 1.6 a storage could be a part of another one.
    if (view !== null) throw this.#fail("a storage is a view of another one");
    if (
      tag !== "storage" || !(type instanceof AllowedGlobal) ||
      !STORAGES.has(type.name) || typeof key !== "string"
    ) {
      throw this.#fail("a persistent id is no storage");
    }
    return new PickledStorage(
      key,
      STORAGES.get(type.name),
      this.#count(count, "a storage's size"),
    );
  }

  #call(callable: Value, args: Value): Value {
    const name = callable instanceof AllowedGlobal ? callable.name : "";
    if (!(args instanceof Tuple) || !CALLABLES.has(name)) {
      throw this.#fail(`REDUCE is applied to a ${describe(callable)}`);
    }
    const { items } = args;
    switch (name) {
      case ORDERED_DICT: {
        if (items.length > 0) {
          throw this.#fail("OrderedDict is called with arguments");
        }
        return new Dict();
      }
      case SIZE:
        return new Tuple(this.#sequence(items[0]));
      case REBUILD_PARAMETER: {
        if (!(items[0] instanceof TensorValue)) {
          throw this.#fail("a parameter holds no tensor");
        }
        return items[0];
      }
      default:
        return this.#tensor(items, name === REBUILD_TENSOR_V3);
    }
  }

  /**
   * `(storage, offset, shape, strides, requires_grad, hooks[, dtype]
   * [, metadata])`
   */
  #tensor(items: readonly Value[], withDtype: boolean): TensorValue {
    const [storage, offset, shape, strides] = items;
    if (!(storage instanceof PickledStorage)) {
      throw this.#fail("a tensor has no storage");
    }
    const named = withDtype ? items[6] : undefined;
    const dtype = named instanceof AllowedGlobal
      ? DTYPES.get(named.name)
      : storage.dtype;
    if (dtype === undefined) throw this.#fail("a tensor has no element type");
    const metadata = items[withDtype ? 7 : 6];
    const bits = metadata instanceof Dict ? metadata.items : undefined;
    // Views of which torch turns each number's sign when it is read.
    if (bits?.get("neg") === true || bits?.get("conj") === true) {
      throw this.#fail("a tensor is a negated or conjugated view");
    }
    const axes = this.#sequence(shape).map((n) => this.#count(n, "a shape"));
    const steps = this.#sequence(strides).map((n) =>
      this.#count(n, "a stride")
    );
    if (axes.length !== steps.length || axes.length > MAX_AXES) {
      throw this.#fail(
        `a tensor has ${axes.length} axes and ${steps.length} strides`,
      );
    }
    const start = this.#count(offset, "a storage offset");
    return new TensorValue(storage, dtype, start, axes, steps);
  }

  #sequence(value: Value | undefined): readonly Value[] {
    if (value instanceof Tuple || value instanceof List) return value.items;
    throw this.#fail("a tuple is wanted where there is none");
  }

  #count(value: Value | undefined, what: string): number {
    const count = typeof value === "bigint" ? Number(value) : value;
    if (
      typeof count !== "number" || !Number.isSafeInteger(count) || count < 0
    ) {
      throw this.#fail(`${what} is ${describe(value)}`);
    }
    return count;
  }

  #fail(state: string, code: CheckpointErrorCode = "pickle"): CheckpointError {
    return new CheckpointError(
      code,
      `Cannot read ${quote(this.#name)} as a state dict: ${state}`,
      { offset: this.#offset },
    );
  }
}

/** The values of a tuple or list; undefined for anything else. */
export function sequenceItems(value: Value): readonly Value[] | undefined {
  return value instanceof Tuple || value instanceof List
    ? value.items
    : undefined;
}

/** A value in a few words. */
export function describe(value: Value | undefined): string {
  if (value === undefined) return "nothing";
  if (value === null) return "None";
  if (value instanceof AllowedGlobal) return value.name;
  if (value instanceof Tuple) return `tuple of ${value.items.length}`;
  if (value instanceof List) return `list of ${value.items.length}`;
  if (value instanceof Dict) return `dict of ${value.items.size}`;
  if (value instanceof TensorValue) return "tensor";
  if (value instanceof PickledStorage) return "storage";
  if (typeof value === "symbol") return "mark";
  return `${typeof value} ${quote(value)}`;
}
