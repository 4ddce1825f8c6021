import { parameterSlices, type ScorerSettings } from '@namm/bam';
import { NammError } from '@namm/core/portable';
import {
  bins,
  findNormaliserProblem,
  hop,
  type KeyFeature,
  keyFeatures,
  type Normaliser,
  publishedDecay,
  type RecencySettings,
  windowSize,
} from '@namm/features';

/** How the features were computed that a scorer was trained on. */
export interface FeatureSettings {
  /** Queries per frame, under a periodic Hann window; 32. */
  readonly windowSize: number;
  /** Queries between the starts of successive frames; 16. */
  readonly hop: number;
  /** Decay γ of the moving average, per query; 0.99 as published. */
  readonly decay: number;
  /** The embedding of a token's age; as published 8 numbers, up to frequency 50,000, from age 0 on. */
  readonly recency: Required<RecencySettings>;
  /**
   * Features of a token's key, appended to its spectrum. Our extension.
   * @defaultValue none, as published
   */
  readonly keys?: readonly KeyFeature[];
}

/** How decisions were made when the scorer was trained. */
export interface DecisionSettings {
  /** Queries between updates, a multiple of the hop; 512 as published. */
  readonly updateInterval: number;
  /**
   * `exact`: each head drops its tokens scored below 0. `reference`: all heads of a layer keep as many tokens as the
   * head that keeps most, as in the published code.
   */
  readonly semantics: 'exact' | 'reference';
  /**
   * Scores are averaged over this many tokens on either side before deciding. Our extension.
   * @defaultValue 0, as published: each token by itself
   */
  readonly pooling?: number;
  /**
   * Number of newest tokens that always stay. Our extension.
   * @defaultValue 1, as published
   */
  readonly tail?: number;
}

/**
 * A number per KV head that is added to all its scores, so that important heads keep more and unimportant heads keep
 * almost nothing. Our extension. It fits only the model that it was evolved on.
 */
export interface HeadBias {
  readonly layers: number;
  /** The most KV heads of a layer. */
  readonly heads: number;
  /** `[layers, heads]`. */
  readonly values: Float32Array;
}

/** A trained memory model: everything needed to run it, and its provenance. */
export interface NammCheckpoint {
  readonly scorer: ScorerSettings;
  /** In the order of `parameterLayout(scorer)`. */
  readonly parameters: Float32Array;
  /** Statistics of the raw magnitudes, followed by those of the key features. */
  readonly normaliser: Normaliser;
  /** @defaultValue all heads alike, as published */
  readonly headBias?: HeadBias;
  readonly features: FeatureSettings;
  readonly policy: DecisionSettings;
  /** Model, tasks, generations, seed, score …: anything that JSON holds. */
  readonly provenance: Readonly<Record<string, unknown>>;
}

/** The settings of the published models. */
export const publishedFeatures: FeatureSettings = {
  windowSize,
  hop,
  decay: publishedDecay,
  recency: { dimension: 8, maxFrequency: 50_000, start: 0 },
};

/**
 * How many features of a token are normalised: the bins of its spectrum and its key features, but not its age.
 *
 * @param settings of a checkpoint
 * @returns 17 as published
 */
export function normalisedFeatures({ keys = [] }: FeatureSettings): number {
  return bins + keys.length;
}

/** What is wrong with a checkpoint, or null. */
export function findCheckpointProblem(checkpoint: NammCheckpoint): string | null {
  const { scorer, parameters, normaliser, features, policy, headBias } = checkpoint;
  const settingsProblem = findFeatureProblem(features) ?? findPolicyProblem(policy, features.hop);
  if (settingsProblem !== null) return settingsProblem;
  try {
    parameterSlices(scorer, parameters);
  } catch (error) {
    if (NammError.isInstance(error)) return error.message;
    throw error;
  }
  const normalised = normalisedFeatures(features);
  const size = features.recency.dimension + normalised;
  if (scorer.features !== size) {
    const keys = features.keys?.length ?? 0;
    const parts = `${features.recency.dimension} of recency, ${bins} of the spectrum and ${keys} of keys`;
    return `the scorer takes ${scorer.features} features, but there are ${parts}`;
  }
  const problem = findNormaliserProblem(normaliser, normalised);
  if (problem !== null) return `normaliser: ${problem}`;
  return headBias === undefined ? null : findHeadBiasProblem(headBias);
}

function findHeadBiasProblem({ layers, heads, values }: HeadBias): string | null {
  const isCount = (value: number) => Number.isSafeInteger(value) && value > 0;
  if (!isCount(layers) || !isCount(heads) || values.length !== layers * heads) {
    return `the head bias has ${values.length} numbers for ${layers} layers of ${heads} heads`;
  }
  const wrong = values.findIndex((value) => !Number.isFinite(value));
  return wrong < 0 ? null : `number ${wrong} of the head bias is ${values[wrong]}`;
}

function findFeatureProblem(settings: FeatureSettings): string | null {
  const { decay, recency, keys = [] } = settings;
  const { dimension, maxFrequency, start } = recency;
  if (settings.windowSize !== windowSize || settings.hop !== hop) {
    const frames = `frames of ${settings.windowSize} queries with a hop of ${settings.hop}`;
    return `${frames}; only ${windowSize} with ${hop} is computed here`;
  }
  const isKnown = Array.isArray(keys) && keys.every((key) => keyFeatures.includes(key));
  if (!isKnown || new Set(keys).size !== keys.length) {
    return `the key features [${keys}] are not some of ${keyFeatures.join(', ')}, each once`;
  }
  if (!(decay > 0 && decay < 1)) return `the decay ${decay} is not between 0 and 1`;
  const isEven = Number.isSafeInteger(dimension) && dimension > 0 && dimension % 2 === 0;
  if (!isEven) return `the recency dimension ${dimension} is not an even number above 0`;
  const isPositive = maxFrequency > 0 && Number.isFinite(maxFrequency);
  if (!isPositive) return `the recency frequency ${maxFrequency} is not above 0`;
  const isAge = Number.isSafeInteger(start) && start >= 0;
  return isAge ? null : `the recency start ${start} is not a whole number of at least 0`;
}

function findPolicyProblem(policy: DecisionSettings, hop: number): string | null {
  const { updateInterval, semantics, pooling = 0, tail = 1 } = policy;
  const isInterval = Number.isSafeInteger(updateInterval) && updateInterval > 0;
  if (!isInterval || updateInterval % hop !== 0) {
    return `the update interval ${updateInterval} is not a multiple of the hop, ${hop}`;
  }
  if (!Number.isSafeInteger(pooling) || pooling < 0) {
    return `the pooling ${pooling} is not a whole number of at least 0`;
  }
  if (!Number.isSafeInteger(tail) || tail < 1) {
    return `the tail ${tail} is not a whole number of at least 1`;
  }
  const isKnown = semantics === 'exact' || semantics === 'reference';
  return isKnown ? null : `the semantics '${semantics}' is neither exact nor reference`;
}
