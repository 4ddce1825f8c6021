/** Whether no number is NaN or infinite. */
export function isAllFinite(numbers: Float32Array): boolean {
  // 0 · x is NaN exactly when x is not finite, and NaN stays in the sum: no branch per number.
  let sum = 0;
  for (let i = 0; i < numbers.length; i++) sum += 0 * numbers[i]!;
  return sum === 0;
}
