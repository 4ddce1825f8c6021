import { join } from 'node:path';
import { Random } from '@namm/core';
import { Decoder, loadTokenizer } from '@namm/decoder';
import { EchoCollector, echoText, type NammCheckpoint, namm, readCheckpoint } from '@namm/namm';
import { beforeAll, describe, expect, it } from 'vitest';
import { textPassages } from '../src/calibrate/text-passages.js';
import { compareNamm, describeComparison, type MoveNammOptions, moveNamm } from '../src/index.js';
import { folder as llama, texts } from './setup.js';

const models = join(llama, '..');
const llama2 = join(models, 'nano-llama-2');
const qwen = join(models, 'nano-qwen3');
const timeout = 120_000;
let published: NammCheckpoint;
beforeAll(async () => {
  published = await readCheckpoint(join(llama, 'evolved', 'published.safetensors'));
});

const move = (options: Partial<MoveNammOptions> = {}) =>
  moveNamm({
    ...{ checkpoint: published, model: { folder: llama2 } },
    ...{ passages: 2, comparisons: 0, texts: () => texts },
    ...options,
  });

describe('moveNamm', () => {
  it('measures the new model, head by head or all together', { timeout }, async () => {
    for (const [statistics, shape] of [
      ['per-head', published.normaliser.shape],
      ['shared', [17]],
    ] as const) {
      const { checkpoint, comparison } = await move({ statistics });
      const { normaliser, parameters, provenance } = checkpoint;
      expect(comparison).toBeNull();
      expect(normaliser.shape).toEqual(shape);
      expect(normaliser.mean).not.toEqual(published.normaliser.mean);
      expect(parameters).toEqual(published.parameters);
      expect(provenance).toMatchObject({
        settings: published.provenance.settings,
        ...{ movedTo: 'nano-llama-2', normaliser: 'calibrated', biasShift: 0 },
        calibratedOnTokens: expect.any(Number),
      });
    }
  });

  it('gives the same again, and something else on longer passages', { timeout }, async () => {
    const means: Float32Array[] = [];
    for (const factor of [1, 1, 2]) {
      const model = { folder: llama2, ropeScaling: { factor, alpha: 2 } };
      means.push((await move({ passages: 1, model })).checkpoint.normaliser.mean);
    }
    expect(means[1]).toEqual(means[0]);
    expect(means[2]).not.toEqual(means[0]);
  });

  it('freezes, shifts the bias, and the new model runs under it', { timeout }, async () => {
    const { checkpoint } = await move({ statistics: 'frozen', biasShift: -0.5 });
    expect(checkpoint.normaliser.shape).toEqual([17]);
    expect(checkpoint.provenance).toMatchObject({ normaliser: 'frozen', biasShift: -0.5 });
    const shifts = [...checkpoint.parameters].map((value, i) => value - published.parameters[i]!);
    expect(shifts.filter((shift) => shift !== 0)).toEqual([expect.closeTo(-0.5, 5)]);
    const policy = namm(checkpoint);
    const { probe } = policy;
    const decoder = await Decoder.load(llama2, { probe, ropeScaling: { factor: 2, alpha: 2 } });
    const cache = decoder.createCache({ policy });
    await decoder.step([{ cache, input: { ids: new Array<number>(192).fill(5) } }]);
    expect(cache.memory().rows).toBeGreaterThan(0);
    await decoder.release();
  });

  it('compares the result with plain policies at its share', { timeout }, async () => {
    const model = { folder: llama2, ropeScaling: { factor: 4, alpha: 2 } };
    const options = { model, statistics: 'frozen', biasShift: -1, comparisons: 2 } as const;
    const { checkpoint, comparison } = await move(options);
    const { keptShare, bits, isBetter, passages } = comparison!;
    expect(passages).toBe(2);
    expect(keptShare).toBeGreaterThan(0);
    expect(keptShare).toBeLessThan(0.9);
    expect(isBetter).toBe(bits.namm < Math.min(bits.random!, bits.sinkRecent!));
    for (const value of Object.values(bits)) expect(value).toBeGreaterThan(0);
    expect(checkpoint.provenance.comparison).toEqual(comparison);
  });

  it('refuses what it cannot use before it reads any text', { timeout }, async () => {
    const model = { folder: llama2 };
    const headBias = { layers: 4, heads: 2, values: new Float32Array(8) };
    const refused: readonly (readonly [Partial<MoveNammOptions>, string])[] = [
      [{ model: { ...model, folder: join(models, 'none') } }, join(models, 'none')],
      [{ model: { ...model, ropeScaling: { factor: 0.5 } } }, 'ropeScaling.factor: 0.5'],
      [{ length: 500 }, "500 tokens are more than the model's 128 positions"],
      [{ length: 32 }, 'measure on more text'],
      [{ passages: 0 }, 'passages: 0'],
      [{ comparisons: -1 }, 'comparisons: -1'],
      [{ biasShift: Number.NaN }, 'biasShift: NaN'],
      [{ statistics: 'tepid' as never }, "statistics: 'tepid'"],
      [{ checkpoint: { ...published, headBias } }, 'from: is missing'],
    ];
    for (const [options, message] of refused) {
      const started = move({
        ...options,
        texts: () => {
          throw new Error('texts were read');
        },
      });
      await expect(started).rejects.toThrow(message);
    }
  });

  it('gives the heads of another model the bias of the heads like them', { timeout }, async () => {
    const values = Float32Array.of(-9, -9, -9, -9, 5, 5, -9, -9);
    const checkpoint = { ...published, headBias: { layers: 4, heads: 2, values } };
    const model = { folder: qwen };
    const { checkpoint: moved } = await move({ checkpoint, model, from: llama });
    const { layers, heads, values: found } = moved.headBias!;
    expect([layers, heads]).toEqual([6, 3]);
    for (const head of [0, 1, 2]) {
      expect(found[2 * 3 + head]).toBeCloseTo(5, 5);
      expect(found[head]).toBeCloseTo(-9, 5);
    }
    const frozen = { checkpoint, model, statistics: 'frozen' } as const;
    expect((await move(frozen)).checkpoint.headBias).toBeUndefined();
    const both = (await move({ ...frozen, from: llama })).checkpoint;
    expect([both.headBias!.layers, both.headBias!.heads, ...both.normaliser.shape]).toEqual([
      ...[6, 3, 17],
    ]);
  });
});

describe('compareNamm', () => {
  it('says when a NAMM is no better than plain policies, and when it forgets nothing', {
    timeout,
  }, async () => {
    const tokenizer = await loadTokenizer(llama);
    const choice = {
      texts,
      split: 'development',
      tokenizer,
      count: 2,
      length: 400,
      seed: 1,
    } as const;
    const passages = [...textPassages(choice)];
    expect(passages.map(({ length }) => length)).toEqual([400, 400]);
    const decoder = await Decoder.load(llama, {
      ...{ probe: namm(published).probe, chunkSize: published.policy.updateInterval },
      ropeScaling: { factor: 4, alpha: 2 },
    });
    const withParameters = (change: (value: number, i: number) => number): NammCheckpoint => {
      return { ...published, parameters: published.parameters.map(change) };
    };
    // Scores turned round: it keeps what the evolved one would forget.
    const contrary = await compareNamm(
      decoder,
      withParameters((value) => -value),
      passages,
      1,
    );
    const { bits, isBetter } = contrary;
    expect(isBetter).toBe(bits.namm < Math.min(bits.random ?? 0, bits.sinkRecent ?? 0));
    const keeping = await compareNamm(
      decoder,
      withParameters(() => 0),
      passages,
      1,
    );
    await decoder.release();
    expect(keeping).toMatchObject({ keptShare: 1, isBetter: null });
    expect(keeping.bits.namm).toBe(keeping.bits.full);
    expect(describeComparison(keeping)).toContain('it forgets nothing there');
    const worse = { full: 1.1, namm: 1.252, random: 1.238, sinkRecent: 1.118 };
    const said = describeComparison({
      keptShare: 0.527,
      bits: worse,
      passages: 4,
      isBetter: false,
    });
    expect(said).toContain('keeps 52.7 % on 4 passages, 1.252 bits per token');
    expect(said).toContain('predicts text no better than random eviction and sink+recent');
    const better = { ...worse, namm: 1.111 };
    expect(
      describeComparison({ keptShare: 0.5, bits: better, passages: 4, isBetter: true }),
    ).not.toContain('no better');
  });
});

describe('echoes', () => {
  it('find the heads that a model looks things up with, on any tokens', { timeout }, async () => {
    for (const seed of [1, 2]) {
      const collector = new EchoCollector({ period: 60 });
      const { probe } = collector.policy;
      const decoder = await Decoder.load(llama, { probe, chunkSize: 48 });
      for (let text = 0; text < 8; text++) {
        const ids = echoText(new Random(seed, text), decoder.spec.vocabularySize!, 60);
        const cache = decoder.createCache({ policy: collector.policy });
        await decoder.step([{ cache, input: { ids }, outputs: 'none' }]);
      }
      await decoder.release();
      const echoes = collector.echoes();
      const [first, second] = echoes.flat().sort((a, b) => b - a);
      // The two without which the model answers nothing; see the models' RESULTS.md.
      expect([...echoes[2]!].sort((a, b) => b - a)).toEqual([first, second]);
      expect(second).toBeGreaterThan(1.5 * Math.max(...echoes[0]!, ...echoes[1]!, ...echoes[3]!));
    }
  });
});
