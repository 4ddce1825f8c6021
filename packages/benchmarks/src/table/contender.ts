import { createHash } from 'node:crypto';
import {
  type EvictionPolicy,
  full,
  type GivenCounts,
  givenHeads,
  h2oScorer,
  keyDiffScorer,
  type LayerShape,
  l2NormScorer,
  type Probe,
  type RowScorer,
  randomScorer,
  scoredPolicy,
  sinkRecentScorer,
  snapKVScorer,
  tovaScorer,
} from '@namm/kv-cache';
import { factOracle } from '../fact-oracle.js';
import type { TablePrompt } from './table-prompt.js';

/** A policy in the table. */
export interface Contender {
  /** As it stands in the table. */
  readonly name: string;
  /** Distinguishes it from others with the same name, such as the digest of a checkpoint; part of the rows' keys. */
  readonly version?: string;
  readonly probe: Probe;
  /** The policy with its own decision of how much stays; absent if it needs a budget. */
  readonly own?: (prompt: TablePrompt) => EvictionPolicy;
  /** The policy under a given number of rows; absent if it decides itself. */
  readonly ranked?: (schedule: readonly GivenCounts[], updateInterval: number) => EvictionPolicy;
  /** Bytes of policy state per row and head. @defaultValue 0 */
  readonly bytesPerRow?: (layer: LayerShape) => number;
}

/** A contender from a scorer, which keeps the rows with the highest scores. */
export function scorerContender(scorer: RowScorer, name = scorer.name): Contender {
  return {
    name,
    probe: scorer.probe,
    ranked: (schedule, updateInterval) =>
      scoredPolicy({ name, scorer, heads: givenHeads(schedule), updateInterval }),
    bytesPerRow: (layer) => scorer.bytesPerRow(layer),
  };
}

/**
 * A policy that decides itself how much stays.
 *
 * @param policy whose settings tell it from others of its name
 *
 * @example
 * ```ts
 * const entry = { model, learned: [], others: [ownContender(h2o({ budget: '25%' }))] };
 * ```
 */
export function ownContender(policy: EvictionPolicy): Contender {
  const { name, settings, probe } = policy;
  const version = createHash('sha256').update(JSON.stringify(settings)).digest('hex').slice(0, 12);
  return { name, version, probe, own: () => policy };
}

/** The full cache, the reference for every other contender. */
export const fullContender: Contender = {
  name: 'full',
  probe: { kind: 'none' },
  own: () => full(),
};

/** The policy that knows which facts the questions need; see {@link factOracle}. */
export const oracleContender: Contender = {
  name: 'oracle',
  probe: { kind: 'none' },
  own: ({ roles }) => factOracle(roles),
};

/**
 * The classic policies, with the settings of their papers.
 *
 * @param seed of the random policy
 */
export function classicContenders(seed: number): Contender[] {
  return [
    scorerContender(sinkRecentScorer()),
    { ...scorerContender(randomScorer(seed)), version: `seed ${seed}` },
    scorerContender(l2NormScorer('lowest')),
    scorerContender(l2NormScorer('highest')),
    scorerContender(h2oScorer()),
    scorerContender(snapKVScorer()),
    scorerContender(tovaScorer()),
    scorerContender(keyDiffScorer()),
  ];
}
