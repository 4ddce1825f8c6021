import {
  type CacheShape,
  full,
  KVCache,
  type KVCacheOptions,
  type StepItem,
  type StepOptions,
  type StepResult,
  sinkRecent,
} from '@namm/kv-cache';
import { describe, expect, it } from 'vitest';
import { idsOf } from '../test/ids-of.js';
import { countWords, testFiller } from '../test/test-filler.js';
import { generateSample } from './generate-sample.js';
import { type PreparedSample, prepareSample } from './prepare-sample.js';
import { type AnsweringModel, scoreSamples } from './score-samples.js';
import { taskFamily } from './task-families.js';

const size = 10;
const shape: CacheShape = {
  model: 'successor',
  layers: [{ keyValueHeads: 2, queryHeads: 2, headSize: 1, window: null }],
};

/**
 * Expects after each token the next number, with logit 2 over 0 for all others. Reads three tokens per pass.
 */
class SuccessorModel implements AnsweringModel {
  readonly passes: number[] = [];

  createCache(options?: KVCacheOptions): KVCache {
    return new KVCache(shape, options);
  }

  async step(
    items: readonly StepItem<KVCache>[],
    { onProgress }: StepOptions = {},
  ): Promise<StepResult[]> {
    this.passes.push(items.length);
    const results: StepResult[] = [];
    for (const { cache, input, outputs } of items) {
      const ids = idsOf(input);
      for (let from = 0; from < ids.length; from += 3) {
        const count = Math.min(3, ids.length - from);
        const rows = { keys: new Float32Array(2 * count), values: new Float32Array(2 * count) };
        await cache.update({ count, rows: [rows], observations: [] });
        onProgress?.({ stage: 'tokens', done: from + count, total: ids.length });
      }
      const logits = new Float32Array(outputs === 'all' ? ids.length * size : 0);
      if (outputs === 'all') {
        ids.forEach((id, row) => {
          logits[row * size + ((id + 1) % size)] = 2;
        });
      }
      results.push({ logits, hidden: new Float32Array(0) });
    }
    return results;
  }
}

/** The first question has one part of two tokens, both expected; of the second's parts only the second is. */
const prepared: PreparedSample = {
  id: 'made by hand',
  family: 'none',
  context: Int32Array.of(0, 5, 5, 5, 5, 5),
  tail: Int32Array.of(1, 2, 3, 7, 4, 9, 0),
  questions: [
    { parts: [{ from: 1, to: 3 }] },
    {
      parts: [
        { from: 4, to: 5 },
        { from: 6, to: 7 },
      ],
    },
  ],
};

describe('scoreSamples', () => {
  const right = 2 - Math.log(Math.exp(2) + 9);
  const wrong = -Math.log(Math.exp(2) + 9);

  it('scores parts of answers and their log-probabilities', async () => {
    const [score] = await scoreSamples(new SuccessorModel(), [{ prepared, policy: full() }]);
    expect(score!.questions).toEqual([1, 0.5]);
    expect(score!.logProbabilities[0]).toBeCloseTo(right, 12);
    expect(score!.logProbabilities[1]).toBeCloseTo((wrong + right) / 2, 12);
  });

  it('says what each cache held: at the answers, at the peak, on average', async () => {
    const items = [full(), sinkRecent({ budget: 2, sinks: 1 })].map((policy) => ({
      prepared,
      policy,
    }));
    const model = new SuccessorModel();
    const [whole, bounded] = await scoreSamples(model, items);
    expect(model.passes).toEqual([2, 2]);
    // 6 tokens of context, then 7 of the tail, in passes of 3, 3 | 3, 3, 1; 16 bytes per token.
    expect(whole!.memory.atAnswer).toMatchObject({ seen: 6, rows: 12 });
    expect(whole!.memory.peakBytes).toBe(13 * 16);
    expect(whole!.memory.average).toEqual({
      keptShare: 1,
      bytes: ((3 + 6 + 9 + 12 + 13) / 5) * 16,
    });
    expect(bounded!.memory.atAnswer).toMatchObject({ seen: 6, rows: 4 });
    expect(bounded!.memory.peakBytes).toBe(5 * 16);
    expect(bounded!.memory.average.bytes).toBe(2 * 16);
    const shares = [3, 6, 9, 12, 13].map((seen) => 2 / seen);
    expect(bounded!.memory.average.keptShare).toBeCloseTo(shares.reduce((a, b) => a + b) / 5, 12);
  });

  it('goes on from a cache that has read the beginning, or all of the context, and releases it', async () => {
    const model = new SuccessorModel();
    const [alone] = await scoreSamples(model, [{ prepared, policy: full() }]);
    for (const read of [3, 6]) {
      const cache = model.createCache({ policy: full() });
      const input = { ids: prepared.context.subarray(0, read) };
      await model.step([{ cache, input, outputs: 'none' }], { onProgress: () => {} });
      const [score] = await scoreSamples(model, [{ prepared, cache }]);
      expect(score!.questions).toEqual(alone!.questions);
      expect(score!.logProbabilities).toEqual(alone!.logProbabilities);
      expect(score!.memory.atAnswer.rows).toBe(12);
      expect(() => cache.keys(0, 0)).toThrow('released');
    }
  });

  it('releases the caches when the model fails', async () => {
    const model = new SuccessorModel();
    const cache = model.createCache({ policy: full() });
    model.step = () => Promise.reject(new Error('out of order'));
    await expect(scoreSamples(model, [{ prepared, cache }])).rejects.toThrow('out of order');
    expect(() => cache.keys(0, 0)).toThrow('released');
  });
});

describe('prepareSample', () => {
  it('has BOS before the context, and the places of the answers in the tail', () => {
    const sample = generateSample({
      ...{ family: taskFamily('key-value'), length: 200, split: 'test', seed: 1, index: 0 },
      ...{ filler: testFiller, countTokens: countWords },
    });
    const words: string[] = [];
    const bos = -1;
    const encode = (text: string, { addSpecialTokens = true } = {}) => {
      const pieces = text.match(/ ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+/gu) ?? [];
      const ids = pieces.map((piece) => words.push(piece) - 1);
      return addSpecialTokens ? [bos, ...ids] : ids;
    };
    const { id, family, context, tail, questions } = prepareSample(sample, { encode });
    expect([id, family]).toEqual([sample.id, 'key-value']);
    const textOf = (ids: Int32Array) => Array.from(ids, (each) => words[each] ?? 'BOS').join('');
    const text = sample.segments.map((segment) => segment.text).join('');
    expect(textOf(context) + textOf(tail)).toBe(`BOS${text}`);
    const answers = sample.segments.filter(({ kind }) => kind === 'answer');
    const found = questions.map(({ parts }) =>
      parts.map(({ from, to }) => textOf(tail.subarray(from, to))).join(''),
    );
    expect(found).toEqual(answers.map((answer) => answer.text));
  });
});
