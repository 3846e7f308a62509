/**
 * Torch checkpoints, written: the file that `torch.save(state_dict, path)`
 * makes, for tests and for tiny models.
 *
 * @module
 */

import { writeZip } from "./zip_writer.ts";
import { quote } from "../base/errors.ts";
import { sizeOf } from "../base/tensor.ts";
import type { TensorPlan } from "./safetensors_writer.ts";
import { byteLengthOf, type TensorDtype } from "./tensor_index.ts";

const STORAGES: Partial<Record<TensorDtype, string>> = {
  F64: "DoubleStorage",
  F32: "FloatStorage",
  F16: "HalfStorage",
  BF16: "BFloat16Storage",
  I64: "LongStorage",
  I32: "IntStorage",
  I16: "ShortStorage",
  I8: "CharStorage",
  U8: "ByteStorage",
  BOOL: "BoolStorage",
};

/** torch aligns every storage to this many bytes. */
const ALIGNMENT = 64;

/**
 * The bytes of a torch checkpoint (zip format, pickle protocol 2) that holds
 * the tensors as an `OrderedDict`. `data` is taken as it lies in memory.
 *
 * @param options.name the archive's own name: the file's without `.pth`
 * @throws {RangeError} When torch has no storage for the element type, `data`
 * has not the bytes that the shape needs, or the file needs zip64.
 */
export async function writeTorchZip(
  tensors: readonly (TensorPlan & { readonly data: ArrayBufferView })[],
  options: { name: string },
): Promise<Uint8Array<ArrayBuffer>> {
  const root = options.name;
  for (const { name, dtype, shape, data } of tensors) {
    if (!STORAGES[dtype] || data.byteLength !== byteLengthOf(dtype, shape)) {
      throw new RangeError(
        `Cannot write tensor ${
          quote(name)
        }: ${data.byteLength} bytes of ${dtype} (${
          shape.join(", ")
        }), expected one of ${
          Object.keys(STORAGES).join(" ")
        } that fills its shape`,
      );
    }
  }
  const text = new TextEncoder();
  return await writeZip([
    { name: `${root}/data.pkl`, bytes: pickleStateDict(tensors) },
    { name: `${root}/byteorder`, bytes: text.encode("little") },
    ...tensors.map(({ data }, i) => ({
      name: `${root}/data/${i}`,
      bytes: new Uint8Array(data.buffer, data.byteOffset, data.byteLength),
    })),
    { name: `${root}/version`, bytes: text.encode("3\n") },
  ], { align: ALIGNMENT });
}

function pickleStateDict(
  tensors: readonly TensorPlan[],
): Uint8Array<ArrayBuffer> {
  const bytes: number[] = [];
  const put = (...more: number[]) => void bytes.push(...more);
  const line = (value: string) => {
    for (let i = 0; i < value.length; i++) put(value.charCodeAt(i));
    put(0x0a);
  };
  const global = (module: string, name: string) => {
    put(0x63); // GLOBAL
    line(module);
    line(name);
  };
  const string = (value: string) => {
    const utf8 = new TextEncoder().encode(value);
    put(0x58, ...u32(utf8.length), ...utf8); // BINUNICODE
  };
  const integer = (value: number) => {
    if (value < 2 ** 31) return put(0x4a, ...u32(value)); // BININT
    const digits: number[] = [];
    for (let rest = value; rest > 0; rest = Math.floor(rest / 256)) {
      digits.push(rest % 256);
    }
    put(0x8a, digits.length + 1, ...digits, 0); // LONG1, positive
  };
  const tuple = (items: readonly number[]) => {
    put(0x28); // MARK
    items.forEach(integer);
    put(0x74); // TUPLE
  };
  const orderedDict = () => {
    global("collections", "OrderedDict");
    put(0x29, 0x52); // EMPTY_TUPLE REDUCE
  };

  put(0x80, 2); // PROTO
  orderedDict();
  put(0x28); // MARK
  tensors.forEach(({ name, dtype, shape }, i) => {
    string(name);
    global("torch._utils", "_rebuild_tensor_v2");
    put(0x28, 0x28); // MARK of the arguments, MARK of the storage
    string("storage");
    global("torch", STORAGES[dtype]!);
    string(String(i));
    string("cpu");
    integer(sizeOf(shape));
    put(0x74, 0x51); // TUPLE BINPERSID
    integer(0);
    tuple(shape);
    tuple(shape.map((_, axis) => sizeOf(shape.slice(axis + 1))));
    put(0x89); // NEWFALSE
    orderedDict();
    put(0x74, 0x52); // TUPLE REDUCE
  });
  put(0x75, 0x2e); // SETITEMS STOP
  return new Uint8Array(bytes);
}

function u32(value: number): number[] {
  return [value & 255, value >> 8 & 255, value >> 16 & 255, value >>> 24];
}
