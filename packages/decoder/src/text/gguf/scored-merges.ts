/**
 * Merges in the order in which SentencePiece would do them: every token that is made of two others, those with the
 * highest score first; of one token, by the ids of its parts.
 *
 * @param scores by token, of those that can be merged
 * @param ids by token
 */
export function scoredMerges(
  scores: ReadonlyMap<string, number>,
  ids: ReadonlyMap<string, number>,
): [string, string][] {
  const merges: { pair: [string, string]; score: number; id: number }[] = [];
  for (const [token, score] of scores) {
    const id = ids.get(token)!;
    for (let at = 1; at < token.length; at++) {
      const pair: [string, string] = [token.slice(0, at), token.slice(at)];
      if (pair.every((part) => scores.has(part))) merges.push({ pair, score, id });
    }
  }
  const order = ([left, right]: [string, string]) => [ids.get(left)!, ids.get(right)!] as const;
  merges.sort((a, b) => {
    if (a.score !== b.score) return b.score - a.score;
    if (a.id !== b.id) return a.id - b.id;
    const [x, y] = [order(a.pair), order(b.pair)];
    return x[0] - y[0] || x[1] - y[1];
  });
  return merges.map(({ pair }) => pair);
}
