import {
  type FeatureSettings,
  type PolicySettings,
  publishedBam,
  publishedFeatures,
  type ScorerSettings,
} from '@namm/bam';
import { InvalidArgumentError } from '@namm/core';

/** A scorer over spectra of attention and ages: a NAMM, or one of its ablations. */
export interface NammTrainableSettings {
  readonly kind: 'namm';
  readonly scorer: ScorerSettings;
  readonly features: FeatureSettings;
  readonly policy: PolicySettings;
}

/** The rival that sees no attention: a weighted sum of key norm and age. */
export interface KeyNormTrainableSettings {
  readonly kind: 'key-norm';
  /** Tokens from one update to the next. */
  readonly updateInterval: number;
}

/** What is evolved, as plain data. Statistics of its features are measured before the first generation. */
export type TrainableSettings = NammTrainableSettings | KeyNormTrainableSettings;

const { features } = publishedBam;
const { dimension: ages } = publishedFeatures.recency;

const scorers: Readonly<Record<string, ScorerSettings>> = {
  namm: publishedBam,
  'no-attention': { ...publishedBam, attention: false },
  'no-spectrum': { ...publishedBam, visible: [0, ages] },
  'no-recency': { ...publishedBam, visible: [ages, features] },
  mlp: { kind: 'mlp', features, hidden: features, depth: 2, bias: true, residual: true },
  linear: { kind: 'linear', features, bias: true },
};

/** What {@link trainableSettings} knows. */
export const trainableNames: readonly string[] = [...Object.keys(scorers), 'key-norm'];

/**
 * Settings by name: `namm` (BAM as published), its ablations, and the rival `key-norm`.
 *
 * @throws {InvalidArgumentError} for another name
 * @example
 * ```ts
 * trainableSettings('linear', 128).scorer; // { kind: 'linear', features: 25, bias: true }
 * ```
 */
export function trainableSettings(name: string, updateInterval: number): TrainableSettings {
  if (name === 'key-norm') return { kind: 'key-norm', updateInterval };
  const scorer = scorers[name];
  if (scorer === undefined) {
    throw new InvalidArgumentError(
      'trainable',
      `'${name}' is none of ${trainableNames.join(', ')}`,
    );
  }
  return {
    kind: 'namm',
    scorer,
    features: publishedFeatures,
    policy: { updateInterval, semantics: 'exact' },
  };
}
