import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { InvalidArgumentError } from '@namm/core';
import {
  EvaluationError,
  type GenerationRecord,
  RunFolderError,
  type SliceScores,
} from '@namm/evolve';
import { readCheckpoint } from '@namm/namm';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  evolvePolicy,
  type PromptSource,
  type TextEvaluator,
  type TextEvolutionSettings,
  type TextScore,
  textEvaluator,
  trainableSettings,
} from '../src/index.js';
import { testPrompts, testSettings } from './setup.js';

let folder: string;
let prompts: PromptSource;
let inProcess: TextEvaluator;
const settings = testSettings({
  stages: [{ tasks: ['single-document'], length: 130, generations: 2, promptsPerTask: 1 }],
});
beforeAll(async () => {
  prompts = await testPrompts();
  inProcess = await textEvaluator(settings);
  return () => inProcess.close();
}, 60_000);
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'namm-evolve-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const run = (changes: Partial<TextEvolutionSettings> = {}, evaluator: TextEvaluator = inProcess) =>
  evolvePolicy({ folder, settings: { ...settings, ...changes }, evaluator, prompts });

/** The evaluator, with its scores changed on the way out. */
function changing(
  change: (scores: SliceScores<TextScore>, call: number) => SliceScores<TextScore>,
): TextEvaluator {
  let calls = 0;
  return {
    ...{ concurrency: 1, version: inProcess.version, close: async () => {} },
    prepare: (request) => inProcess.prepare(request),
    evaluate: async (slice) => change(await inProcess.evaluate(slice), calls++),
  };
}

describe('evolve', () => {
  it('leaves checkpoints, a log and a page, and can be given more generations', async () => {
    const first = await run();
    expect(first.isComplete).toBe(true);
    const checkpoint = await readCheckpoint(join(folder, 'mean.safetensors'));
    expect(checkpoint.parameters).toEqual(Float32Array.from(first.mean));
    expect(checkpoint.provenance).toMatchObject({ generation: 2, model: { folder: 'nano-llama' } });
    expect(readFileSync(join(folder, 'report.html'), 'utf8')).toContain('2 of 2 generations');
    const more = { stages: [{ ...settings.stages[0]!, generations: 3 }] };
    const second = await run(more);
    expect(second.mean).not.toEqual(first.mean);
    const lines = readFileSync(join(folder, 'log.jsonl'), 'utf8').trim().split('\n');
    expect(lines.map((line) => JSON.parse(line).generation)).toEqual([0, 1, 2, 3]);
    expect(await run(more)).toEqual(second); // there is nothing left to do
  });

  it('evolves a NAMM that sees keys and has a bias per head', async () => {
    const trainable = trainableSettings('linear', 64, {
      ...{ keys: ['norm', 'likeness'], headBias: [4, 2] },
    });
    const evaluator = await textEvaluator({ ...settings, trainable });
    const { mean } = await run(
      { trainable, normaliser: { scope: 'per-head', promptsPerTask: 1 } },
      evaluator,
    );
    await evaluator.close();
    const { headBias, parameters, features, normaliser } = await readCheckpoint(
      join(folder, 'mean.safetensors'),
    );
    expect(features.keys).toEqual(['norm', 'likeness']);
    expect(normaliser.shape).toEqual([4, 2, 19]);
    expect(parameters).toEqual(Float32Array.from(mean.subarray(0, 28)));
    expect(headBias!.values).toEqual(
      Float32Array.from(mean.subarray(28), (value) => Math.sqrt(27) * value),
    );
    expect(new Set(headBias!.values).size).toBe(8);
  });

  it('starts warm, with its output bias shifted', async () => {
    const parameters = Array.from({ length: 4172 }, (_, i) => Math.sin(i) / 100);
    const start = { checkpoint: 'there', parameters, biasShift: 0.5 };
    const { best } = await run({ start, sigma: 1e-9 });
    const wanted = parameters.with(-1, parameters.at(-1)! + 0.5);
    for (const [i, value] of best!.parameters.entries()) expect(value).toBeCloseTo(wanted[i]!, 7);
    const short = { ...start, parameters: [1, 2, 3] };
    await expect(
      evolvePolicy({
        folder: join(folder, 'b'),
        settings: { ...settings, start: short },
        evaluator: inProcess,
        prompts,
      }),
    ).rejects.toThrow('there has 3 parameters, not 4172');
  });

  it('takes the statistics of its start, or says why it cannot', async () => {
    const normaliser = {
      shape: [17],
      mean: Array.from({ length: 17 }, (_, i) => i / 100),
      variance: Array(17).fill(0.5),
      count: [3],
    };
    const parameters = Array<number>(4172).fill(0);
    const start = { checkpoint: 'there', parameters, biasShift: 0, normaliser };
    const own = { scope: 'start', promptsPerTask: 1 } as const;
    await run({ start, normaliser: own });
    const used = (await readCheckpoint(join(folder, 'mean.safetensors'))).normaliser;
    expect(used.shape).toEqual([17]);
    expect(used.mean).toEqual(Float32Array.from(normaliser.mean));
    expect(used.variance).toEqual(Float32Array.from(normaliser.variance));
    const { normaliser: _, ...without } = start;
    await expect(run({ start: without, normaliser: own })).rejects.toThrow('needs a start');
    const other = { ...start, normaliser: { ...normaliser, shape: [18] } };
    const there = { folder: join(folder, 'b'), evaluator: inProcess, prompts };
    await expect(
      evolvePolicy({ ...there, settings: { ...settings, start: other, normaliser: own } }),
    ).rejects.toThrow('start.normaliser: shape [18]');
  });

  it('refuses to go on with other settings, and leaves the run as it was', async () => {
    await run();
    const before = readFileSync(join(folder, 'state.safetensors'));
    await expect(run({ sigma: 0.2 })).rejects.toThrow(RunFolderError);
    await expect(run({ sigma: 0.2 })).rejects.toThrow('sigma (there: 0.1, given: 0.2)');
    const trainable = trainableSettings('linear', 64);
    await expect(run({ trainable })).rejects.toThrow('trainable');
    const shorter = [{ ...settings.stages[0]!, generations: 1 }];
    await expect(run({ stages: shorter })).rejects.toThrow('stages');
    await expect(run({ prompts: 'others' })).rejects.toThrow('prompts (there: "made up"');
    const another = { ...inProcess, evaluate: inProcess.evaluate, version: 'another' };
    await expect(run({}, another as TextEvaluator)).rejects.toThrow('given: "another"');
    expect(readFileSync(join(folder, 'state.safetensors'))).toEqual(before);
  });

  it('refuses a state that is damaged', async () => {
    await run();
    const path = join(folder, 'state.safetensors');
    writeFileSync(path, readFileSync(path).subarray(0, 5000));
    await expect(run()).rejects.toThrow('state.safetensors');
  });

  it('ranks a candidate that failed worst, and goes on', async () => {
    const failing = changing((scores) =>
      scores.map((row) => row.map((score, i) => (i === 2 ? { failed: 'it was late' } : score))),
    );
    expect((await run({}, failing)).isComplete).toBe(true);
    const lines = readFileSync(join(folder, 'log.jsonl'), 'utf8').trim().split('\n');
    const { candidates } = JSON.parse(lines[1]!);
    expect(candidates[1]).toBeNull();
    expect(candidates[0].fitness).toBeTypeOf('number');
  });

  it('stops when nobody could be evaluated, and goes on from there when that is mended', async () => {
    const failed = changing((scores, call) =>
      scores.map((row) => row.map((score) => (call === 1 ? { failed: 'no memory' } : score))),
    );
    await expect(run({}, failed)).rejects.toThrow(EvaluationError);
    expect((await run()).isComplete).toBe(true);
  });

  it('says when its folder cannot be written, and loses nothing', async () => {
    writeFileSync(join(folder, 'file'), '');
    const below = join(folder, 'file', 'run');
    const started = evolvePolicy({ folder: below, settings, evaluator: inProcess, prompts });
    await expect(started).rejects.toThrow(RunFolderError);
    await expect(started).rejects.toThrow('lies below something that is not a folder');
  });

  it.each<[Partial<TextEvolutionSettings>, string]>([
    [{ stages: [] }, 'stages: there is none'],
    [{ populationSize: 2 }, 'populationSize: 2'],
    [{ sigma: Number.NaN }, 'sigma: NaN'],
    [{ stages: [{ ...settings.stages[0]!, tasks: ['poems'] }] }, 'tasks: poems is not some of'],
    [{ fitness: { kind: 'score', sizePressure: -1 } }, 'sizePressure: -1'],
    [{ validation: { every: 0, promptsPerTask: 1 } }, 'validation.every: 0'],
  ])('refuses %j', async (changes, message) => {
    await expect(run(changes)).rejects.toThrow(InvalidArgumentError);
    await expect(run(changes)).rejects.toThrow(message);
  });
});

describe('a size pressure', () => {
  // Fitness that rewards forgetting more than answers, and a search that finds it at once: the bias of a rival.
  const pressed: Partial<TextEvolutionSettings> = {
    trainable: trainableSettings('key-norm', 64),
    stages: [{ tasks: ['single-document'], length: 200, generations: 2, promptsPerTask: 1 }],
    ...{ sigma: 4, normaliser: { scope: 'shared', promptsPerTask: 1 } },
    validation: { every: 1, promptsPerTask: 3 },
  };
  const fitness = { kind: 'probability-gain', sizePressure: 3 } as const;
  const validations = (name: string) =>
    readFileSync(join(folder, name, 'log.jsonl'), 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line).validation as NonNullable<GenerationRecord['validation']>);

  it('does not end with a mean that answers nothing, unless nothing is demanded', {
    timeout: 120_000,
  }, async () => {
    const evaluator = await textEvaluator({ ...settings, ...pressed });
    const best = async (name: string, floor: { readonly floor?: null }) => {
      const own = { ...settings, ...pressed, fitness: { ...fitness, ...floor } };
      await evolvePolicy({ folder: join(folder, name), settings: own, evaluator, prompts });
      return validations(name).findLast(({ isBest }) => isBest)!;
    };
    const forgetful = await best('without', { floor: null });
    expect(forgetful.measures.keptShare).toBeLessThan(0.1);
    expect(forgetful.measures.score).toBeLessThan(0.2);
    const careful = await best('with', {});
    await evaluator.close();
    expect(careful.measures.score).toBeGreaterThan(0.5);
    expect(careful.shortfall).toBe(0);
    expect(careful.measures.answers).toBeGreaterThanOrEqual(careful.measures.floor!);
    const [start] = validations('with');
    expect(start!.shortfall).toBe(0); // it keeps everything
    expect(readFileSync(join(folder, 'with', 'report.html'), 'utf8')).toContain('Answers demanded');
  });
});
