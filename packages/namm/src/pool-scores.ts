/**
 * The mean of each row's score and those of the rows around it: what a text says is said by several tokens in a row, so
 * a token is worth what its neighbourhood is. (SnapKV, Li et al. 2024, https://arxiv.org/abs/2404.14469, pools attention for
 * that reason.) Ours for NAMMs.
 *
 * @param scores `[rows]`, changed in place
 * @param tokens of the rows, ascending `[rows]`; rows evicted in between leave a gap, across which nothing is pooled
 * @param radius tokens to either side; 0 changes nothing
 */
export function poolScores(scores: Float64Array, tokens: ArrayLike<number>, radius: number): void {
  if (radius === 0) return;
  const own = scores.slice();
  let [from, to] = [0, 0];
  for (let row = 0; row < own.length; row++) {
    while (tokens[from]! < tokens[row]! - radius) from++;
    while (to < own.length && tokens[to]! <= tokens[row]! + radius) to++;
    let sum = 0;
    for (let i = from; i < to; i++) sum += own[i]!;
    scores[row] = sum / (to - from);
  }
}
