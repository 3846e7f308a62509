/**
 * Small linear systems.
 *
 * @module
 */

/**
 * Solves `matrix` x = `right` into `solution` by Cholesky's decomposition.
 * The matrix is `(n, n)`, symmetric and positive definite, with only its upper
 * triangle read; it is overwritten. Returns false where it is not definite.
 */
export function solveSymmetric(
  matrix: Float64Array,
  right: Float64Array,
  solution: Float64Array,
): boolean {
  const n = right.length;
  for (let r = 0; r < n; r++) {
    for (let c = r; c < n; c++) {
      let sum = matrix[n * r + c]!;
      for (let k = 0; k < r; k++) {
        sum -= matrix[n * k + r]! * matrix[n * k + c]!;
      }
      if (r === c) {
        if (!(sum > 1e-12)) return false;
        matrix[n * r + r] = Math.sqrt(sum);
      } else {
        matrix[n * r + c] = sum / matrix[n * r + r]!;
      }
    }
  }
  for (let r = 0; r < n; r++) {
    let sum = right[r]!;
    for (let k = 0; k < r; k++) sum -= matrix[n * k + r]! * solution[k]!;
    solution[r] = sum / matrix[n * r + r]!;
  }
  for (let r = n - 1; r >= 0; r--) {
    let sum = solution[r]!;
    for (let k = r + 1; k < n; k++) sum -= matrix[n * r + k]! * solution[k]!;
    solution[r] = sum / matrix[n * r + r]!;
  }
  return true;
}
