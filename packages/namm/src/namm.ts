import { createHash } from 'node:crypto';
import { createScorer } from '@namm/bam';
import { checkNames, InvalidArgumentError } from '@namm/core';
import { FeatureEncoder, type Storage } from '@namm/features';
import {
  type BudgetInput,
  type CacheShape,
  type EvictionPolicy,
  parseBudget,
  slotsPerHead,
} from '@namm/kv-cache';
import type { NammCheckpoint } from './checkpoint/checkpoint.js';
import { NammState } from './namm-state.js';
import type { SelectionSemantics } from './select-slots.js';
import { spectrumProbe } from './spectrum-probe.js';
import { SpectrumTable } from './spectrum-table.js';

/** Options of {@link namm}. All but `semantics` and `updateInterval` are our extensions. */
export interface NammOptions {
  /**
   * `exact`: each head drops its tokens scored below 0. `reference`: all heads of a layer keep as many tokens as the
   * head that keeps most, as in the published code.
   * @defaultValue the checkpoint's
   */
  readonly semantics?: SelectionSemantics;
  /**
   * Queries between updates, a multiple of the hop (16). Nothing is evicted in between.
   * @defaultValue the checkpoint's
   */
  readonly updateInterval?: number;
  /**
   * Added to every score: above 0 keeps more, below 0 less.
   * @defaultValue 0
   */
  readonly scoreOffset?: number;
  /**
   * Number of first tokens of the sequence that always stay.
   * @defaultValue 0
   */
  readonly sinks?: number;
  /**
   * Number of newest tokens that always stay, at least 1.
   * @defaultValue the checkpoint's; 1, as published
   */
  readonly tail?: number;
  /**
   * The most that may stay after an update (see `parseBudget`): the highest scores of each head. Sinks and tail count
   * towards it.
   * @defaultValue no limit
   */
  readonly budget?: BudgetInput;
  /**
   * The scores of a head are averaged over this many tokens on either side.
   * @defaultValue the checkpoint's; 0, each token by itself, as published
   */
  readonly pooling?: number;
  /**
   * How features are kept between passes.
   * @defaultValue 'float16'
   */
  readonly storage?: Storage;
}

const optionNames: readonly (keyof NammOptions)[] = [
  ...([
    'semantics',
    'updateInterval',
    'scoreOffset',
    'sinks',
    'tail',
    'budget',
    'pooling',
    'storage',
  ] as const),
];

/**
 * A Neural Attention Memory Model (Cetin et al. 2024, https://arxiv.org/abs/2410.13166): every `updateInterval` tokens
 * it scores each cached token of each head by its age and by the spectrum of the attention that it received. Each head
 * then forgets the tokens scored below 0. The newest token always stays, and so do the tokens since the last update, in
 * prompts and answers alike.
 *
 * @param checkpoint the trained model
 * @throws {InvalidArgumentError} for an option out of range or unknown, or a damaged checkpoint
 * @example
 * ```ts
 * const policy = namm(await readCheckpoint('namm.safetensors'), { budget: '50%' });
 * const decoder = await Decoder.load(folder, { probe: policy.probe });
 * ```
 */
export function namm(checkpoint: NammCheckpoint, options: NammOptions = {}): EvictionPolicy {
  checkNames('namm', options, optionNames);
  const { scoreOffset = 0, sinks = 0, storage = 'float16' } = options;
  const { semantics = checkpoint.policy.semantics } = options;
  const { pooling = checkpoint.policy.pooling ?? 0 } = options;
  const { tail = checkpoint.policy.tail ?? 1 } = options;
  const { updateInterval = checkpoint.policy.updateInterval } = options;
  const budget = options.budget === undefined ? null : parseBudget(options.budget);
  const { features } = checkpoint;
  check('semantics', semantics, semantics === 'exact' || semantics === 'reference');
  check('updateInterval', updateInterval, isCount(updateInterval, features.hop));
  if (updateInterval % features.hop !== 0) {
    const problem = `${updateInterval} is not a multiple of the hop, ${features.hop}`;
    throw new InvalidArgumentError('updateInterval', problem);
  }
  check('scoreOffset', scoreOffset, Number.isFinite(scoreOffset));
  check('sinks', sinks, isCount(sinks, 0));
  check('tail', tail, isCount(tail, 1));
  check('pooling', pooling, isCount(pooling, 0));

  const scorer = createScorer(checkpoint.scorer, checkpoint.parameters);
  const encoder = new FeatureEncoder({
    normaliser: checkpoint.normaliser,
    recency: features.recency,
    ...(features.keys && { keys: features.keys }),
  });
  if (encoder.size !== checkpoint.scorer.features) {
    const problem = `its scorer takes ${checkpoint.scorer.features} features, not ${encoder.size}`;
    throw new InvalidArgumentError('checkpoint', problem);
  }
  const tableOptions = { storage, decay: features.decay };
  const rules = { semantics, scoreOffset, sinks, tail, pooling };

  const settings = {
    checkpoint: digest(checkpoint),
    updateInterval,
    ...rules,
    ...(budget && { budget }),
    storage,
  };
  const partsFor = (shape: CacheShape) => {
    checkHeads(checkpoint, shape);
    // At an update nothing is pending, so a row takes what it takes at a hop boundary.
    const bytesPerRow = SpectrumTable.bytesPerRow(storage);
    const slots = budget ? slotsPerHead(budget, shape, () => bytesPerRow) : () => Infinity;
    const { headBias } = checkpoint;
    const scoring = { scorer, encoder, keys: features.keys ?? [], ...(headBias && { headBias }) };
    return { policy, ...scoring, updateInterval, rules, slots, tableOptions };
  };
  const policy: EvictionPolicy = {
    name: 'namm',
    settings,
    probe: spectrumProbe,
    updateInterval,
    hasBudget: budget !== null,
    start: (shape) => new NammState(partsFor(shape), SpectrumTable.create(shape, tableOptions)),
    restore(shape, saved) {
      const table = SpectrumTable.restore(shape, tableOptions, saved);
      return new NammState(partsFor(shape), table);
    },
    takeOver(shape, state) {
      if (state instanceof NammState) return state.under(partsFor(shape));
      throw new InvalidArgumentError('state', 'is not that of a NAMM; it holds no spectra');
    },
  };
  return policy;
}

/** What a checkpoint has per head fits the model that it was measured on. */
function checkHeads({ normaliser, headBias }: NammCheckpoint, { layers }: CacheShape): void {
  const most = Math.max(...layers.map(({ keyValueHeads }) => keyValueHeads));
  const check = (what: string, count: number, heads: number) => {
    if (count === layers.length && heads === most) return;
    const problem = `its ${what} is for ${count} layers of ${heads} KV heads, the model has ${layers.length} of ${most}`;
    throw new InvalidArgumentError(
      'checkpoint',
      `${problem}; calibrate it on this model, as \`bench calibrate\` does`,
    );
  };
  if (normaliser.shape.length > 1) {
    check('normaliser', normaliser.shape[0]!, normaliser.shape[1]!);
  }
  if (headBias) check('head bias', headBias.layers, headBias.heads);
}

/** Tells checkpoints apart in saved states. */
function digest(checkpoint: NammCheckpoint): string {
  const { scorer, parameters, normaliser, features, headBias } = checkpoint;
  const hash = createHash('sha256').update(JSON.stringify([scorer, features, normaliser.shape]));
  for (const { buffer, byteOffset, byteLength } of [
    parameters,
    normaliser.mean,
    normaliser.variance,
    ...(headBias ? [headBias.values] : []),
  ]) {
    hash.update(new Uint8Array(buffer, byteOffset, byteLength));
  }
  return hash.digest('hex');
}

function isCount(value: number, smallest: number): boolean {
  return Number.isSafeInteger(value) && value >= smallest;
}

function check(option: keyof NammOptions, value: unknown, isAllowed: boolean): void {
  if (!isAllowed) throw new InvalidArgumentError(option, `${value} is out of range`);
}
