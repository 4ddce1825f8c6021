import { Random } from '@namm/core';
import { Decoder } from '@namm/decoder';
import { EchoCollector, echoText } from '@namm/namm';

/** Texts that are read, and tokens of one at most. */
const texts = 16;
const mostTokens = 1024;

/**
 * How much each KV head of a model looks things up: its attention to a token's earlier occurrence, in random tokens
 * repeated once, within the model's training length.
 *
 * @param folder the model's
 * @param seed of the tokens
 * @param signal stops it between chunks, with the signal's reason
 * @returns per layer and KV head, between 0 and 1
 */
export async function measureEchoes(
  folder: string,
  seed: number,
  signal?: AbortSignal,
): Promise<number[][]> {
  const decoder = await Decoder.load(folder, { probe: { kind: 'lastQueries', count: mostTokens } });
  try {
    const { maximumPositions, vocabularySize } = decoder.spec;
    const period = Math.floor(Math.min(mostTokens, maximumPositions) / 2);
    const collector = new EchoCollector({ period, queries: mostTokens });
    for (let text = 0; text < texts; text++) {
      const ids = echoText(new Random(seed, text), vocabularySize!, period);
      const cache = decoder.createCache({ policy: collector.policy });
      await decoder.step([{ cache, input: { ids }, outputs: 'none' }], {
        ...(signal && { signal }),
      });
      await cache.release();
    }
    return collector.echoes();
  } finally {
    await decoder.release();
  }
}
