/**
 * How many tokens each head held after each update, `[updates, heads]`.
 *
 * @param evictedAt `[heads, tokens]`, as in a retention record
 */
export function heldCounts(
  evictedAt: Uint16Array | Uint32Array,
  seen: ArrayLike<number>,
  heads: number,
): Uint32Array {
  const updates = seen.length;
  const tokens = evictedAt.length / heads;
  const counts = new Uint32Array(updates * heads);
  const lost = new Uint32Array(updates + 1);
  for (let head = 0; head < heads; head++) {
    lost.fill(0);
    for (let i = head * tokens; i < (head + 1) * tokens; i++) lost[evictedAt[i]!]!++;
    let lostSoFar = 0;
    for (let update = 0; update < updates; update++) {
      lostSoFar += lost[update]!; // of tokens seen by then: none is lost before it comes
      counts[update * heads + head] = seen[update]! - lostSoFar;
    }
  }
  return counts;
}
