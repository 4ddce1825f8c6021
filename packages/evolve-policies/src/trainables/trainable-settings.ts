import { publishedBam, type ScorerSettings } from '@namm/bam';
import { checkInteger, checkNames, InvalidArgumentError, noneOf } from '@namm/core';
import { checkKeyFeatures, type KeyFeature } from '@namm/features';
import { type DecisionSettings, type FeatureSettings, publishedFeatures } from '@namm/namm';

/** A scorer over spectra of attention and ages: a NAMM, or one of its ablations. */
export interface NammTrainableSettings {
  readonly kind: 'namm';
  readonly scorer: ScorerSettings;
  readonly features: FeatureSettings;
  readonly policy: DecisionSettings;
  /**
   * Also evolves a bias per KV head, for a model with this many layers and at most this many heads per layer.
   * @defaultValue none
   */
  readonly headBias?: readonly [layers: number, heads: number];
  /**
   * Fixed parameters of the scorer, if only the head bias (a number per KV head) is evolved.
   * @defaultValue they are evolved
   */
  readonly scorerParameters?: readonly number[];
}

/** The rival that sees no attention: a weighted sum of key norm and age. */
export interface KeyNormTrainableSettings {
  readonly kind: 'key-norm';
  /** Tokens from one update to the next. */
  readonly updateInterval: number;
  /** As {@link NammTrainableSettings.headBias}. */
  readonly headBias?: readonly [layers: number, heads: number];
}

/** What to evolve, as plain data. Statistics of its features are measured before the first generation. */
export type TrainableSettings = NammTrainableSettings | KeyNormTrainableSettings;

const { dimension: ages } = publishedFeatures.recency;

const scorers: Readonly<Record<string, (features: number) => ScorerSettings>> = {
  namm: (features) => ({ ...publishedBam, features }),
  'no-attention': (features) => ({ ...publishedBam, features, attention: false }),
  'no-spectrum': (features) => ({ ...publishedBam, features, visible: [0, ages] }),
  'no-recency': (features) => ({ ...publishedBam, features, visible: [ages, features] }),
  mlp: (features) => ({
    ...{ kind: 'mlp', features, hidden: features, depth: 2, bias: true, residual: true },
  }),
  linear: (features) => ({ kind: 'linear', features, bias: true }),
  'linear-no-recency': (features) => ({
    ...{ kind: 'linear', features, bias: true, visible: [ages, features] },
  }),
  'keys-only': (features) => ({
    ...{ kind: 'linear', features, bias: true, visible: [publishedBam.features, features] },
  }),
};

/** What {@link trainableSettings} knows. */
export const trainableNames: readonly string[] = [...Object.keys(scorers), 'key-norm'];

/** Extensions of the published NAMM. */
export interface TrainableExtras {
  /** Key features that the scorer sees too. @defaultValue none */
  readonly keys?: readonly KeyFeature[];
  /** A bias per KV head, for this many layers and heads. @defaultValue none */
  readonly headBias?: readonly [layers: number, heads: number];
  /** Scores are averaged over this many tokens on either side; not for `key-norm`. @defaultValue 0 */
  readonly pooling?: number;
}

/**
 * Settings by name: `namm` (BAM as published), its ablations, and the rival `key-norm`.
 *
 * @param name one of `trainableNames`
 * @param updateInterval tokens between updates
 * @throws {InvalidArgumentError} for another name
 * @example
 * ```ts
 * trainableSettings('linear', 128).scorer; // { kind: 'linear', features: 25, bias: true }
 * ```
 */
export function trainableSettings(
  name: string,
  updateInterval: number,
  extras: TrainableExtras = {},
): TrainableSettings {
  const {
    keys = [],
    headBias,
    pooling = 0,
  } = checkNames('trainableSettings', extras, [...(['keys', 'headBias', 'pooling'] as const)]);
  checkInteger('pooling', pooling, 0);
  checkKeyFeatures(keys);
  const heads = headBias && { headBias };
  if (name === 'key-norm') return { kind: 'key-norm', updateInterval, ...heads };
  const scorer = scorers[name];
  if (scorer === undefined) {
    throw new InvalidArgumentError('trainable', noneOf(name, trainableNames));
  }
  return {
    kind: 'namm',
    scorer: scorer(publishedBam.features + keys.length),
    features: keys.length === 0 ? publishedFeatures : { ...publishedFeatures, keys },
    policy: { updateInterval, semantics: 'exact', ...(pooling > 0 && { pooling }) },
    ...heads,
  };
}

/** Tokens between updates of a trainable's policies. */
export function updateIntervalOf(settings: TrainableSettings): number {
  return settings.kind === 'namm' ? settings.policy.updateInterval : settings.updateInterval;
}
