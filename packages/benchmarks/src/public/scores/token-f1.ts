/** F1 of two bags of tokens; 0 when they share none. */
export function tokenF1(prediction: readonly string[], answer: readonly string[]): number {
  const left = new Map<string, number>();
  for (const token of answer) left.set(token, (left.get(token) ?? 0) + 1);
  let same = 0;
  for (const token of prediction) {
    const count = left.get(token) ?? 0;
    if (count === 0) continue;
    left.set(token, count - 1);
    same++;
  }
  if (same === 0) return 0;
  const precision = same / prediction.length;
  const recall = same / answer.length;
  return (2 * precision * recall) / (precision + recall);
}
