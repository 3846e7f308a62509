/**
 * The checksum of ZIP (and PNG, gzip): CRC-32 with the polynomial 0xEDB88320.
 *
 * @module
 */

const TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte;
  for (let bit = 0; bit < 8; bit++) {
    value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
  }
  return value;
});

/**
 * The CRC-32 of `bytes` as an unsigned integer. To go on over several chunks,
 * pass the checksum so far as `seed`.
 */
export function crc32(bytes: Uint8Array, seed = 0): number {
  let value = ~seed >>> 0;
  for (let i = 0; i < bytes.length; i++) {
    value = TABLE[(value ^ bytes[i]!) & 0xff]! ^ (value >>> 8);
  }
  return ~value >>> 0;
}
