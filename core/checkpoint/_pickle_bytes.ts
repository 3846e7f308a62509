/** Pickles put together opcode by opcode, for tests. */

/** The bytes of a pickle: opcodes as numbers, texts as ASCII. */
export function pickleBytes(
  ...parts: readonly (number | string | readonly number[])[]
): Uint8Array<ArrayBuffer> {
  return new Uint8Array(
    parts.flatMap((part) =>
      typeof part === "string"
        ? [...part].map((char) => char.charCodeAt(0))
        : part
    ),
  );
}

/** BINUNICODE. */
export function text(value: string): number[] {
  return [
    0x58,
    value.length,
    0,
    0,
    0,
    ...new TextEncoder().encode(value),
  ];
}

/** GLOBAL. */
export function global(module: string, name: string): number[] {
  return [...new TextEncoder().encode(`c${module}\n${name}\n`)];
}

/** BININT1. */
export function byte(value: number): number[] {
  return [0x4b, value];
}

/** MARK, the items, TUPLE. */
export function tuple(...items: readonly number[][]): number[] {
  return [0x28, ...items.flat(), 0x74];
}

/** A float32 storage `key` of so many elements, by BINPERSID. */
export function storage(
  key: string,
  count: number,
  type = "FloatStorage",
): number[] {
  return [
    ...tuple(
      text("storage"),
      global("torch", type),
      text(key),
      text("cpu"),
      byte(count),
    ),
    0x51,
  ];
}

/** `_rebuild_tensor_v2(storage, offset, shape, strides, False, None)`. */
export function tensor(options: {
  storage: number[];
  offset?: number;
  shape: readonly number[];
  strides: readonly number[];
}): number[] {
  return [
    ...global("torch._utils", "_rebuild_tensor_v2"),
    ...tuple(
      options.storage,
      byte(options.offset ?? 0),
      tuple(...options.shape.map(byte)),
      tuple(...options.strides.map(byte)),
      [0x89],
      [0x4e],
    ),
    0x52,
  ];
}

/** A dict of those items as a whole pickle of protocol 2. */
export function dictPickle(
  items: Readonly<Record<string, number[]>>,
): Uint8Array<ArrayBuffer> {
  return pickleBytes([0x80, 2], dict(items), 0x2e);
}

/** EMPTY_DICT, MARK, keys and values, SETITEMS. */
export function dict(items: Readonly<Record<string, number[]>>): number[] {
  return [
    0x7d,
    0x28,
    ...Object.entries(items).flatMap(([key, value]) => [
      ...text(key),
      ...value,
    ]),
    0x75,
  ];
}
