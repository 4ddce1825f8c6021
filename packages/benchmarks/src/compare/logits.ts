/** log Σ exp, against the largest number, so that nothing overflows. */
export function logSumExp(numbers: Float32Array): number {
  const most = numbers[largest(numbers)]!;
  let sum = 0;
  for (let i = 0; i < numbers.length; i++) sum += Math.exp(numbers[i]! - most);
  return most + Math.log(sum);
}

/** Index of the largest number; the first of equal ones. */
export function largest(numbers: Float32Array): number {
  let best = 0;
  for (let i = 1; i < numbers.length; i++) if (numbers[i]! > numbers[best]!) best = i;
  return best;
}
