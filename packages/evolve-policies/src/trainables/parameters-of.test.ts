import { createScorer } from '@namm/bam';
import { Random } from '@namm/core';
import { type NammCheckpoint, publishedFeatures } from '@namm/namm';
import { describe, expect, it } from 'vitest';
import { createTrainable } from './create-trainable.js';
import { parametersOf } from './parameters-of.js';
import {
  type NammTrainableSettings,
  type TrainableExtras,
  trainableSettings,
} from './trainable-settings.js';

const settings = (name: string, extras: TrainableExtras = {}) =>
  trainableSettings(name, 64, extras) as NammTrainableSettings;
const all: TrainableExtras = { keys: ['norm', 'likeness'], headBias: [2, 3] };

const normaliser = (features: number) => ({
  shape: [features],
  mean: new Float32Array(features),
  variance: new Float32Array(features).fill(1),
  count: Float64Array.of(1),
});

/** A checkpoint of a trainable with random parameters. */
function drawn(from: NammTrainableSettings, seed: number): NammCheckpoint {
  const random = new Random(seed);
  const trainable = createTrainable(from, normaliser(17 + (from.features.keys?.length ?? 0)));
  const parameters = Float64Array.from({ length: trainable.dimension }, () => random.normal());
  return trainable.checkpoint(parameters, {})!;
}

/** Scores of 12 tokens, the biases of heads aside. */
function scores({ scorer, parameters }: NammCheckpoint, features: Float32Array): Float32Array {
  const size = features.length / 12;
  const seen = Float32Array.from({ length: 12 * scorer.features }, (_, i) => {
    const [token, feature] = [Math.floor(i / scorer.features), i % scorer.features];
    return features[token * size + feature]!;
  });
  return createScorer(scorer, parameters).score(seen, [12]);
}

const random = new Random(9);
const features = Float32Array.from({ length: 12 * 27 }, () => random.normal());

describe('parametersOf', () => {
  it.each<[string, NammTrainableSettings, NammTrainableSettings]>([
    ['the same', settings('namm', all), settings('namm', all)],
    ['a published NAMM in one that sees keys', settings('namm'), settings('namm', all)],
    ['a linear scorer in BAM', settings('linear', all), settings('namm', all)],
    ['a linear scorer in one that sees keys', settings('linear'), settings('linear', all)],
    ['a published linear scorer in BAM with keys', settings('linear'), settings('namm', all)],
  ])('decides as the checkpoint does: %s', (_, from, to) => {
    const checkpoint = drawn(from, 3);
    const parameters = parametersOf(to, checkpoint);
    const trainable = createTrainable(to, normaliser(17 + (to.features.keys?.length ?? 0)));
    expect(parameters).toHaveLength(trainable.dimension);
    const moved = trainable.checkpoint(parameters, {})!;
    const wanted = scores(checkpoint, features);
    for (const [token, score] of scores(moved, features).entries()) {
      expect(score).toBeCloseTo(wanted[token]!, 3);
    }
    const biases = checkpoint.headBias?.values ?? new Float32Array(to.headBias ? 6 : 0);
    for (const [head, bias] of (moved.headBias?.values ?? []).entries()) {
      expect(bias).toBeCloseTo(biases[head]!, 5);
    }
  });

  it('takes the head bias alone where the scorer is given', () => {
    const checkpoint = drawn(settings('linear', all), 5);
    const { scorer, features, policy } = checkpoint;
    const given: NammTrainableSettings = {
      ...{ kind: 'namm', scorer, features, policy, headBias: [2, 3] },
      scorerParameters: [...checkpoint.parameters],
    };
    const trainable = createTrainable(given, normaliser(19));
    expect(trainable.dimension).toBe(6);
    const moved = trainable.checkpoint(parametersOf(given, checkpoint), {})!;
    expect(moved.parameters).toEqual(checkpoint.parameters);
    const shifted = trainable.checkpoint(
      trainable.shifted(parametersOf(given, checkpoint), 2),
      {},
    )!;
    for (const [head, bias] of checkpoint.headBias!.values.entries()) {
      expect(moved.headBias!.values[head]).toBeCloseTo(bias, 5);
      expect(shifted.headBias!.values[head]).toBeCloseTo(bias + 2, 5);
    }
    expect(() => trainable.checkpoint(new Float64Array(5), {})).toThrow(/there are 5, not 6/);
  });

  it('refuses what the trainable cannot do', () => {
    const refuse = (from: NammTrainableSettings, to: NammTrainableSettings, problem: RegExp) =>
      expect(() => parametersOf(to, drawn(from, 1))).toThrow(problem);
    refuse(settings('namm', all), settings('namm'), /sees .*norm.*choose its trainable/);
    refuse(settings('namm'), settings('linear'), /has the scorer/);
    refuse(settings('mlp'), settings('namm'), /has the scorer/);
    refuse(settings('no-attention'), settings('namm'), /has the scorer/);
    refuse(settings('mlp'), settings('mlp', { keys: ['norm'] }), /has the scorer/);
    refuse(settings('namm', { headBias: [2, 3] }), settings('namm'), /2 layers of 3 heads/);
    refuse(settings('namm', { headBias: [2, 3] }), settings('namm', { headBias: [2, 2] }), /of 3/);
    const other = { ...drawn(settings('namm'), 1), features: { ...publishedFeatures, decay: 0.9 } };
    expect(() => parametersOf(settings('namm'), other)).toThrow(/0.9/);
  });
});
