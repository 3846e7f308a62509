/**
 * The classes of distance by which T5 tells where a key stands.
 *
 * @module
 */

/**
 * The bucket of every pair of positions, row-major `(query, key)`,
 * `length * length` numbers in `[0, numBuckets)`.
 *
 * Half of the buckets are for keys behind the query. Of each half, the first
 * half is one bucket per distance, the rest covers distances up to
 * `maxDistance` on a logarithmic scale, and everything beyond is in the last
 * one. The logarithm is taken in float32 and cut, as the reference does
 * (`wan/modules/t5.py`, T5RelativeEmbedding, bidirectional).
 */
export function positionBuckets(
  length: number,
  options: { numBuckets: number; maxDistance?: number },
): Int32Array {
  const { numBuckets, maxDistance = 128 } = options;
  const half = numBuckets / 2, exact = half / 2;
  const logScale = Math.log(maxDistance / exact);
  const bucketOf = (distance: number) => {
    if (distance < exact) return distance;
    const log = Math.fround(Math.log(Math.fround(distance / exact)));
    const step = Math.fround(Math.fround(log / logScale) * (half - exact));
    return Math.min(exact + Math.trunc(step), half - 1);
  };
  const byDistance = Array.from(
    { length },
    (_, distance) => bucketOf(distance),
  );
  return Int32Array.from({ length: length * length }, (_, at) => {
    const query = Math.floor(at / length), key = at % length;
    return byDistance[Math.abs(key - query)]! + (key > query ? half : 0);
  });
}
