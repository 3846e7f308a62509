/**
 * Protobuf's wire format, as far as ONNX models need it.
 *
 * @module
 */

/** Protobuf's wire types. */
const VARINT = 0, FIXED64 = 1, LENGTH_DELIMITED = 2, FIXED32 = 5;

/** A field of a message. */
export interface WireField {
  /** Its number. */
  readonly number: number;
  /** Its bytes, the tag included. */
  readonly bytes: Uint8Array;
  /** Its content where it has a length: a string, bytes, or a message. */
  readonly content: Uint8Array;
}

/**
 * The fields of a message, in order, as views of `bytes`.
 *
 * @throws {TypeError} When the bytes are no message.
 */
export function* readFields(bytes: Uint8Array): Generator<WireField> {
  let at = 0;
  const varint = () => {
    let value = 0;
    for (let scale = 1;; scale *= 0x80) {
      const byte = bytes[at++];
      if (byte === undefined) throw cutOff();
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
    }
  };
  const cutOff = () =>
    new TypeError(
      `Cannot read an ONNX model: it ends at byte ${bytes.length} within a field`,
    );
  while (at < bytes.length) {
    const start = at;
    const tag = varint();
    const type = tag % 8;
    let length: number;
    if (type === VARINT) {
      varint();
      length = 0;
    } else if (type === FIXED64) length = 8;
    else if (type === FIXED32) length = 4;
    else if (type === LENGTH_DELIMITED) length = varint();
    else {
      throw new TypeError(
        `Cannot read an ONNX model: wire type ${type} at byte ${start}`,
      );
    }
    const content = bytes.subarray(at, at += length);
    if (content.length < length) throw cutOff();
    yield {
      number: Math.floor(tag / 8),
      bytes: bytes.subarray(start, at),
      content,
    };
  }
}

/** Writes the fields of one message into a buffer that grows. */
export class Writer {
  #bytes = new Uint8Array(256);
  #view = new DataView(this.#bytes.buffer);
  #length = 0;

  finish(): Uint8Array<ArrayBuffer> {
    return this.#bytes.subarray(0, this.#length);
  }

  /** A varint field. Negative numbers take ten bytes, as int64 does. */
  int(field: number, value: number): void {
    this.#varint(field * 8 + VARINT);
    if (!Number.isSafeInteger(value)) {
      throw new RangeError(
        `Cannot encode ${value} as an integer of a model: it is no safe integer`,
      );
    }
    if (value >= 0) this.#varint(value);
    else this.#varintBig(BigInt.asUintN(64, BigInt(value)));
  }

  float(field: number, value: number): void {
    this.#varint(field * 8 + FIXED32);
    this.#reserve(4);
    this.#view.setFloat32(this.#length, value, true);
    this.#length += 4;
  }

  string(field: number, value: string): void {
    this.bytes(field, new TextEncoder().encode(value));
  }

  bytes(field: number, value: Uint8Array): void {
    this.#varint(field * 8 + LENGTH_DELIMITED);
    this.#varint(value.length);
    this.#reserve(value.length);
    this.#bytes.set(value, this.#length);
    this.#length += value.length;
  }

  /** A field as it was read, its tag included. */
  copy(field: Uint8Array): void {
    this.#reserve(field.length);
    this.#bytes.set(field, this.#length);
    this.#length += field.length;
  }

  message(field: number, write: (inner: Writer) => void): void {
    this.bytes(field, message(write));
  }

  #varint(value: number): void {
    this.#reserve(8); // a safe integer has 53 bits
    while (value >= 0x80) {
      this.#bytes[this.#length++] = value % 0x80 | 0x80;
      value = Math.floor(value / 0x80);
    }
    this.#bytes[this.#length++] = value;
  }

  #varintBig(value: bigint): void {
    this.#reserve(10);
    while (value >= 0x80n) {
      this.#bytes[this.#length++] = Number(value & 0x7fn) | 0x80;
      value >>= 7n;
    }
    this.#bytes[this.#length++] = Number(value);
  }

  #reserve(count: number): void {
    const needed = this.#length + count;
    if (needed <= this.#bytes.length) return;
    const grown = new Uint8Array(Math.max(needed, this.#bytes.length * 2));
    grown.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = grown;
    this.#view = new DataView(grown.buffer);
  }
}

/** The bytes of a message. */
export function message(
  write: (writer: Writer) => void,
): Uint8Array<ArrayBuffer> {
  const writer = new Writer();
  write(writer);
  return writer.finish();
}
