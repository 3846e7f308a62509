/**
 * Vectors and matrices of three, just what a pinhole camera needs.
 *
 * @module
 */

/** x right, y down, z forward. */
export type Vector3 = readonly [x: number, y: number, z: number];

/** A 3x3 matrix, its rows one after the other. */
export type Matrix3 = readonly [
  number,
  number,
  number,
  number,
  number,
  number,
  number,
  number,
  number,
];

/** The matrix that changes nothing. */
export const IDENTITY: Matrix3 = [1, 0, 0, 0, 1, 0, 0, 0, 1];

/** `m v`. */
export function apply(m: Matrix3, [x, y, z]: Vector3): Vector3 {
  return [
    m[0] * x + m[1] * y + m[2] * z,
    m[3] * x + m[4] * y + m[5] * z,
    m[6] * x + m[7] * y + m[8] * z,
  ];
}

/** `transpose(m) v`: for a rotation, the inverse. */
export function applyTransposed(m: Matrix3, [x, y, z]: Vector3): Vector3 {
  return [
    m[0] * x + m[3] * y + m[6] * z,
    m[1] * x + m[4] * y + m[7] * z,
    m[2] * x + m[5] * y + m[8] * z,
  ];
}

/** `a b`. */
export function multiply(a: Matrix3, b: Matrix3): Matrix3 {
  const at = (row: 0 | 3 | 6, column: 0 | 1 | 2) =>
    a[row] * b[column]! + a[row + 1]! * b[column + 3]! +
    a[row + 2]! * b[column + 6]!;
  return [
    at(0, 0),
    at(0, 1),
    at(0, 2),
    at(3, 0),
    at(3, 1),
    at(3, 2),
    at(6, 0),
    at(6, 1),
    at(6, 2),
  ];
}

/** The sum of two vectors. */
export function add(a: Vector3, b: Vector3): Vector3 {
  return [a[0] + b[0], a[1] + b[1], a[2] + b[2]];
}

/** A vector times a number. */
export function scale([x, y, z]: Vector3, factor: number): Vector3 {
  return [x * factor, y * factor, z * factor];
}

/** The dot product. */
export function dot(a: Vector3, b: Vector3): number {
  return a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
}

/** `Rx(angle)`, degrees: turns y towards z. */
export function rotationX(degrees: number): Matrix3 {
  const [c, s] = cosSin(degrees);
  return [1, 0, 0, 0, c, -s, 0, s, c];
}

/** `Ry(angle)`, degrees: turns z towards x. */
export function rotationY(degrees: number): Matrix3 {
  const [c, s] = cosSin(degrees);
  return [c, 0, s, 0, 1, 0, -s, 0, c];
}

/** `Rz(angle)`, degrees: turns x towards y, clockwise in an image. */
export function rotationZ(degrees: number): Matrix3 {
  const [c, s] = cosSin(degrees);
  return [c, -s, 0, s, c, 0, 0, 0, 1];
}

function cosSin(degrees: number): [cos: number, sin: number] {
  const angle = degrees * Math.PI / 180;
  return [Math.cos(angle), Math.sin(angle)];
}
