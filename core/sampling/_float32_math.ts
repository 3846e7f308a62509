/**
 * Logarithm, sine and cosine in float32, operation by operation as PyTorch's
 * AVX2 kernels compute them: the polynomials of the Cephes library (S. Moshier),
 * with the multiply-adds fused that the compiler fuses.
 *
 * Math.log and friends are more exact, and that is the trouble: the noise of a
 * seed would differ from PyTorch's in one value out of six.
 *
 * @module
 */

const round = Math.fround;

/**
 * `a * b + c` with one rounding. The product of two float32 is exact in
 * float64, so that only the rounding of the sum to float64 comes before the
 * last one.
 */
function fused(a: number, b: number, c: number): number {
  return round(a * b + c);
}

/** A polynomial by Horner's rule, highest coefficient first. */
function polynomial(coefficients: Float32Array, x: number): number {
  let sum = coefficients[0]!;
  for (let i = 1; i < coefficients.length; i++) {
    sum = fused(sum, x, coefficients[i]!);
  }
  return sum;
}

const LOG = new Float32Array([
  7.0376836292e-2,
  -1.151461031e-1,
  1.167699874e-1,
  -1.2420140846e-1,
  1.4249322787e-1,
  -1.6668057665e-1,
  2.0000714765e-1,
  -2.4999993993e-1,
  3.3333331174e-1,
]);
const SQRT_HALF = round(Math.SQRT1_2);
/** ln 2 in two parts, the first of them with few bits. */
const LN2_HIGH = round(0.693359375);
const LN2_LOW = round(-2.1219444e-4);

const bits = new Int32Array(1);
const float = new Float32Array(bits.buffer);

/** The natural logarithm of a positive, normal float32. */
export function log32(x: number): number {
  float[0] = x;
  let exponent = (bits[0]! >> 23) - 126;
  bits[0] = (bits[0]! & 0x007fffff) | 0x3f000000; // mantissa in [0.5, 1)
  let m = float[0]!;
  if (m < SQRT_HALF) {
    exponent -= 1;
    m = round(m + m);
  }
  m = round(m - 1);
  const square = round(m * m);
  let y = round(polynomial(LOG, m) * m);
  y = fused(y, square, round(exponent * LN2_LOW));
  y = fused(-0.5, square, y);
  return fused(exponent, LN2_HIGH, round(m + y));
}

const COS = new Float32Array([
  2.443315711809948e-5,
  -1.388731625493765e-3,
  4.166664568298827e-2,
]);
const SIN = new Float32Array([
  -1.9515295891e-4,
  8.3321608736e-3,
  -1.6666654611e-1,
]);
const FOUR_OVER_PI = round(4 / Math.PI);
/** -pi/4 in three parts, for an exact reduction of the argument. */
const MINUS_QUARTER_PI = new Float32Array([
  -0.78515625,
  -2.4187564849853516e-4,
  -3.774894977445941e-8,
]);

/** Sine and cosine of an angle in [0, 8192), written to `out[0]` and `out[1]`. */
export function sinCos32(angle: number, out: Float32Array): void {
  const octant = (Math.trunc(round(angle * FOUR_OVER_PI)) + 1) & ~1;
  let x = angle;
  for (let i = 0; i < 3; i++) x = fused(octant, MINUS_QUARTER_PI[i]!, x);
  const square = round(x * x);
  let cosine = round(round(polynomial(COS, square) * square) * square);
  cosine = round(fused(-0.5, square, cosine) + 1);
  const sine = fused(round(polynomial(SIN, square) * square), x, x);
  const swapped = (octant & 2) !== 0;
  const sign = (octant & 4) !== 0 ? -1 : 1;
  out[0] = sign * (swapped ? cosine : sine);
  out[1] = (swapped ? -sign : sign) * (swapped ? sine : cosine);
}
