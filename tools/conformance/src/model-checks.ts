import { type Decoder, greedy } from '@namm/decoder';
import { largestDifference } from './largest-difference.js';
import type { Eviction, ModelFixture } from './model-fixture.js';
import { ModelRun } from './model-run.js';

/** One comparison with a fixture. */
export interface Check {
  readonly name: string;
  readonly error: number;
  readonly tolerance: number;
}

const logitTolerance = 1e-4;
const attentionTolerance = 1e-5;

/** Compares everything that a fixture holds of a text model with what a decoder computes. */
export async function* checkModel(decoder: Decoder, fixture: ModelFixture): AsyncIterable<Check> {
  const { facts, expected } = fixture;
  const read = (name: string) => expected.readFloat32(name);
  const compare = async (
    name: string,
    actual: ArrayLike<number>,
    tolerance = logitTolerance,
  ): Promise<Check> => ({
    name,
    error: largestDifference(actual, await read(name)),
    tolerance,
  });
  const layers = decoder.cacheShape.layers.length; // those with rows

  const run = new ModelRun(decoder, true);
  const whole = await run.feed(facts.input_ids);
  yield compare('logits', whole.logits);
  yield compare(`hidden.${decoder.spec.layers.length}`, whole.hidden);
  for (let layer = 0; layer < layers; layer++) {
    const attention = run.denseAttention(layer, facts.input_ids.length);
    yield compare(`attn.${layer}`, attention, attentionTolerance);
    yield compare(`k.${layer}`, run.rows(layer, 'keys'));
    yield compare(`v.${layer}`, run.rows(layer, 'values'));
  }

  const single = await new ModelRun(decoder, true).feedSingly(facts.input_ids);
  yield compare('decode_logits', single);
  if (!decoder.spec.learnedPositions) {
    yield { ...(await checkEmbeddings(decoder, await read('hidden.0'), await read('logits'))) };
  }

  for (const name of ['evict', 'evict_empty_head'] as const) {
    const eviction = facts[name];
    if (eviction) yield* checkEviction(decoder, fixture, name, eviction);
  }
  if (facts.long) yield* checkLong(decoder, facts.long, compare);

  const cache = decoder.createCache();
  const ids: number[] = [];
  for await (const id of greedy(decoder, cache, facts.input_ids)) {
    if (ids.push(id) === facts.greedy_ids.length) break;
  }
  yield { name: 'greedy_ids', error: differing(ids, facts.greedy_ids), tolerance: 0 };
}

/** Rows in place of ids must give the logits of the ids. */
async function checkEmbeddings(
  decoder: Decoder,
  embeddings: Float32Array,
  logits: Float32Array,
): Promise<Check> {
  const cache = decoder.createCache();
  const [result] = await decoder.step([{ cache, input: { embeddings }, outputs: 'all' }]);
  const error = largestDifference(result!.logits, logits);
  return { name: 'logits from embedding rows', error, tolerance: logitTolerance };
}

/** Evicts after the prompt, feeds new tokens as a chunk and one by one, and then once more. */
async function* checkEviction(
  decoder: Decoder,
  { facts, expected }: ModelFixture,
  name: string,
  eviction: Eviction,
): AsyncIterable<Check> {
  const layers = decoder.cacheShape.layers.length;
  for (const keepOutsideWindow of slidingChoices(decoder)) {
    const suffix = keepOutsideWindow ? '' : ' (rows outside the window dropped)';
    for (const mode of ['chunk', 'step'] as const) {
      const run = new ModelRun(decoder, keepOutsideWindow);
      const feed = async (ids: readonly number[]) =>
        mode === 'chunk' ? (await run.feed(ids)).logits : run.feedSingly(ids);
      const compare = async (key: string, actual: ArrayLike<number>, tolerance: number) => ({
        name: key + suffix,
        error: largestDifference(actual, await expected.readFloat32(key)),
        tolerance,
      });
      await run.feed(facts.input_ids);
      run.keepPositions(eviction.keep);
      const key = `${name}.${mode}_logits`;
      yield compare(key, await feed(eviction.new_ids), logitTolerance);
      if (mode === 'chunk' && keepOutsideWindow) {
        for (let layer = 0; layer < layers; layer++) {
          const attention = run.denseAttention(layer, eviction.new_ids.length);
          yield compare(`${name}.attn.${layer}`, attention, attentionTolerance);
        }
      }
      if (eviction.second) {
        run.keepPositions(eviction.second.keep);
        const second = await feed(eviction.second.new_ids);
        yield compare(`${name}.second.${mode}_logits`, second, logitTolerance);
      }
    }
  }
}

/** Models with sliding windows are run with and without the rows that no query can see. */
function slidingChoices(decoder: Decoder): readonly boolean[] {
  const slides = decoder.cacheShape.layers.some(({ window }) => window !== null);
  return slides ? [true, false] : [true];
}

/** Dynamic NTK beyond the trained positions: in one pass, and from `prefill` on token by token. */
async function* checkLong(
  decoder: Decoder,
  long: { readonly input_ids: readonly number[]; readonly prefill: number },
  compare: (name: string, actual: ArrayLike<number>) => Promise<Check>,
): AsyncIterable<Check> {
  const whole = await new ModelRun(decoder, true).feed(long.input_ids);
  yield compare('long.full_logits', whole.logits);
  const run = new ModelRun(decoder, true);
  const before = await run.feed(long.input_ids.slice(0, long.prefill));
  const after = await run.feedSingly(long.input_ids.slice(long.prefill));
  yield compare('long.decode_logits', [...before.logits, ...after]);
}

/** How many places of two lists differ. */
export function differing(actual: readonly unknown[], expected: readonly unknown[]): number {
  const length = Math.max(actual.length, expected.length);
  return Array.from({ length }, (_, i) => actual[i] !== expected[i]).filter(Boolean).length;
}
