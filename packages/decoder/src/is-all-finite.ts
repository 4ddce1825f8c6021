/** Whether no number is NaN or infinite. */
export function isAllFinite(numbers: Float32Array): boolean {
  // 0 · x is NaN exactly when x is not finite, and NaN stays in the sum: no branch per number.
  // Four sums, as none waits for another.
  let [a, b, c, d] = [0, 0, 0, 0];
  let i = 0;
  for (; i + 4 <= numbers.length; i += 4) {
    a += 0 * numbers[i]!;
    b += 0 * numbers[i + 1]!;
    c += 0 * numbers[i + 2]!;
    d += 0 * numbers[i + 3]!;
  }
  for (; i < numbers.length; i++) a += 0 * numbers[i]!;
  return a + b + c + d === 0;
}
