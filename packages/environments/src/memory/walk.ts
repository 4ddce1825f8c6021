import { move } from './turn-unseen.js';

/** A corridor that ends at a junction. */
interface Corridor {
  /** Where it begins, and where the junction is. */
  readonly left: number;
  readonly length: number;
  /** 0 where up is right, 1 where down is. */
  readonly goal: number;
}

/** Where a move leads in a T-maze; up and down lead out of it at the junction, and nowhere else. */
export function walk(
  at: number,
  action: number,
  { left, length, goal }: Corridor,
): { readonly at: number; readonly reward: number; readonly terminated: boolean } {
  if (at === length && (action === move.up || action === move.down)) {
    const turn = action === move.up ? 0 : 1;
    return { at, reward: turn === goal ? 1 : 0, terminated: true };
  }
  const step = action === move.right ? 1 : action === move.left ? -1 : 0;
  return { at: Math.max(left, Math.min(at + step, length)), reward: 0, terminated: false };
}
