import { publishedBam } from '@namm/bam';
import type { ScorerContender } from './scorer-contenders.js';

/** CPU time of one contender, in milliseconds per head. */
export interface ScorerRow {
  readonly name: string;
  readonly median: number;
  /** Largest minus smallest over the rounds, relative to the median. */
  readonly spread: number;
}

/** Largest difference of two scores that are taken for the same, relative to the largest score. */
const tolerance = 1e-5;

/**
 * Checks that all compute the same; then measures them in turns, each time over the same heads.
 *
 * @throws {Error} when one computes something else; nothing is timed then
 */
export async function measureScorers(
  contenders: readonly ScorerContender[],
  features: Float32Array,
  tokens: number,
  rounds: number,
): Promise<ScorerRow[]> {
  const headSize = tokens * publishedBam.features;
  const batchOf = ({ heads }: ScorerContender, batch: number) =>
    features.subarray(batch * heads * headSize, (batch + 1) * heads * headSize);
  // The first head, which is in everybody's first batch.
  const [expected, ...others] = await Promise.all(
    contenders.map(async (one) => (await one.run(batchOf(one, 0))).slice(0, tokens)),
  );
  const largest = expected!.reduce((max, score) => Math.max(max, Math.abs(score)), 1);
  for (const [i, scores] of others.entries()) {
    const worst = scores.reduce(
      (max, score, j) => Math.max(max, Math.abs(score - expected![j]!)),
      0,
    );
    if (worst <= tolerance * largest) continue;
    const name = contenders[i + 1]!.name;
    throw new Error(`${name} differs from the kernel by ${worst} at scores up to ${largest}`);
  }

  const times = contenders.map((): number[] => []);
  for (let round = 0; round < rounds; round++) {
    for (let turn = 0; turn < contenders.length; turn++) {
      const index = (turn + round) % contenders.length; // every round another one goes first
      const contender = contenders[index]!;
      const batches = contender.heads === 1 ? 1 : features.length / (contender.heads * headSize);
      const start = process.cpuUsage();
      for (let batch = 0; batch < batches; batch++) await contender.run(batchOf(contender, batch));
      const { user, system } = process.cpuUsage(start);
      times[index]!.push((user + system) / 1000 / (batches * contender.heads));
    }
  }
  return contenders.map(({ name }, i) => {
    const sorted = times[i]!.sort((a, b) => a - b);
    const median = sorted[Math.floor(sorted.length / 2)]!;
    return { name, median, spread: (sorted.at(-1)! - sorted[0]!) / median };
  });
}
