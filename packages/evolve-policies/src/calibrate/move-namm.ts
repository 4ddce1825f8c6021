import { basename } from 'node:path';
import type { FillerDocument } from '@namm/benchmarks';
import {
  checkChoice,
  checkInteger,
  checkNames,
  InvalidArgumentError,
  type ProgressListener,
} from '@namm/core';
import { Decoder, loadTokenizer, openModel } from '@namm/decoder';
import { type NormaliserScope, normaliserScopes } from '@namm/features';
import {
  calibrate,
  type NammCheckpoint,
  SpectrumCollector,
  shareNormaliser,
  transferHeadBias,
} from '@namm/namm';
import { checkModel, type ModelSettings } from '../text/model-settings.js';
import { compareNamm, type NammComparison } from './compare-namm.js';
import { measureEchoes } from './measure-echoes.js';
import { shiftScores } from './shift-scores.js';
import { textPassages } from './text-passages.js';

/** Options of {@link moveNamm}. */
export interface MoveNammOptions {
  /** The NAMM of another model. */
  readonly checkpoint: NammCheckpoint;
  /** The new model with its tokenizer, and how it will be run. */
  readonly model: ModelSettings;
  /**
   * Source of the feature statistics: measured on this model, per head or shared by all heads; or `frozen`, pooled over
   * all heads of the old model.
   * @defaultValue 'per-head'
   */
  readonly statistics?: MovedStatistics;
  /**
   * Folder of the model that the NAMM was evolved on. Required if it has a bias per head, to find similar heads; with
   * `frozen`, the bias is dropped if this is omitted.
   */
  readonly from?: string | undefined;
  /** Added to every score: above 0 keeps more. @defaultValue 0 */
  readonly biasShift?: number;
  /** Number of passages to measure on, alternating prose and code. @defaultValue 16 */
  readonly passages?: number;
  /** Tokens of a passage. @defaultValue the model's number of positions, at most 1024 */
  readonly length?: number | undefined;
  /** Seed of the places in the texts. @defaultValue 1 */
  readonly seed?: number;
  /** Number of passages for the comparison with simple policies; 0 skips it. @defaultValue 4 */
  readonly comparisons?: number;
  /**
   * Text without questions: `train` for measuring, `development` for comparing. Called after everything else is
   * checked.
   */
  readonly texts: () => readonly FillerDocument[];
  /** Stage `passages`. */
  readonly onProgress?: ProgressListener;
  /** Stops it between chunks of tokens, with the signal's reason; there is then no result. */
  readonly signal?: AbortSignal;
}

/** See {@link MoveNammOptions.statistics}. */
export type MovedStatistics = NormaliserScope | 'frozen';

/** A NAMM adapted to another model. */
export interface MovedNamm {
  readonly checkpoint: NammCheckpoint;
  /** Null if no comparison was requested. */
  readonly comparison: NammComparison | null;
}

const mostTokens = 1024;

/**
 * Adapts a NAMM to a model that it was not evolved on: measures the statistics of its features there, finds heads that
 * look things up as much as those of the old model, and compares the result with policies that need no training.
 * Nothing is trained, and only the comparison shows whether it does well.
 *
 * @throws {InvalidArgumentError} for an invalid option, before anything is read
 * @throws {ModelFolderError} for a folder without a model
 * @throws the signal's reason when it is aborted
 * @example
 * ```ts
 * const model = { folder: 'smollm' };
 * const { checkpoint, comparison } = await moveNamm({ checkpoint: old, model, texts: () => readCorpus('corpus') });
 * await writeCheckpoint('moved.safetensors', checkpoint);
 * ```
 */
export async function moveNamm(options: MoveNammOptions): Promise<MovedNamm> {
  const settings = checked(options);
  const { checkpoint: old, model, statistics, biasShift, onProgress, signal } = settings;
  const { seed, passages, comparisons } = settings;
  const { updateInterval } = old.policy;
  const { decay, keys = [] } = old.features;
  const tokenizer = await loadTokenizer(model.folder);
  const { spec } = await openModel(model.folder);
  lengthOf(settings, spec.maximumPositions * (model.ropeScaling?.factor ?? 1)); // refused before minutes of reading
  const headBias = await moveHeadBias(settings);
  const collector = new SpectrumCollector({ updateInterval, decay, keys });
  const decoder = await Decoder.load(model.folder, {
    probe: collector.policy.probe,
    chunkSize: updateInterval,
    ...(model.ropeScaling && { ropeScaling: model.ropeScaling }),
  });
  try {
    const length = lengthOf(settings, decoder.spec.maximumPositions);
    const texts = settings.texts();
    const isFrozen = statistics === 'frozen';
    const total = (isFrozen ? 0 : passages) + comparisons;
    let done = 0;
    const common = { texts, tokenizer, length, seed };
    if (!isFrozen) {
      for (const ids of textPassages({ ...common, split: 'train', count: passages })) {
        const cache = decoder.createCache({ policy: collector.policy });
        await decoder.step([{ cache, input: { ids }, outputs: 'none' }], {
          ...(signal && { signal }),
        });
        await cache.release();
        done++;
        onProgress?.({ stage: 'passages', done, total });
      }
    }
    const normalised = isFrozen
      ? shareNormaliser(old)
      : calibrate(old, collector.statistics, statistics);
    const moved = shiftScores({ ...normalised, ...headBias }, biasShift);
    const held = textPassages({ ...common, split: 'development', count: comparisons });
    const comparison =
      comparisons === 0 ? null : await compareNamm(decoder, moved, [...held], seed, signal);
    const provenance = {
      ...moved.provenance,
      movedTo: basename(model.folder),
      normaliser: isFrozen ? 'frozen' : 'calibrated',
      biasShift,
      ...(comparison && { comparison }),
    };
    return { checkpoint: { ...moved, provenance }, comparison };
  } finally {
    await decoder.release();
  }
}

function checked(options: MoveNammOptions) {
  checkNames('moveNamm', options, [
    ...(['checkpoint', 'model', 'statistics', 'from', 'biasShift', 'passages'] as const),
    ...(['length', 'seed', 'comparisons', 'texts', 'onProgress', 'signal'] as const),
  ]);
  const { checkpoint, model, from, onProgress, signal, texts, length } = options;
  const {
    statistics = 'per-head',
    biasShift = 0,
    seed = 1,
    passages = 16,
    comparisons = 4,
  } = options;
  checkChoice('statistics', statistics, [...normaliserScopes, 'frozen']);
  if (!Number.isFinite(biasShift)) {
    throw new InvalidArgumentError('biasShift', `${biasShift} is not a finite number`);
  }
  checkInteger('seed', seed, 0);
  checkInteger('passages', passages, 1);
  checkInteger('comparisons', comparisons, 0);
  checkModel(model);
  if (checkpoint.headBias && from === undefined && statistics !== 'frozen') {
    const problem = 'is missing: the NAMM has a bias for each head of the model it was evolved on';
    throw new InvalidArgumentError('from', `${problem}; name that model's folder`);
  }
  const counts = { passages, comparisons, seed, length };
  return { checkpoint, model, statistics, from, biasShift, texts, onProgress, signal, ...counts };
}

function lengthOf(
  { length, checkpoint, statistics }: ReturnType<typeof checked>,
  maximumPositions: number,
): number {
  const { updateInterval } = checkpoint.policy;
  const used = length ?? Math.min(maximumPositions, mostTokens);
  checkInteger('length', used, 4);
  if (used > maximumPositions) {
    const problem = `${used} tokens are more than the model's ${maximumPositions} positions`;
    throw new InvalidArgumentError('length', problem);
  }
  if (statistics !== 'frozen' && used < updateInterval) {
    const problem = `${used} tokens do not reach the first update, at ${updateInterval}`;
    throw new InvalidArgumentError('length', `${problem}: measure on more text`);
  }
  return used;
}

/** The bias of each head of the new model: that of the heads of the old one which look things up as much. */
async function moveHeadBias(
  settings: ReturnType<typeof checked>,
): Promise<Pick<NammCheckpoint, 'headBias'>> {
  const { checkpoint, statistics, from, model, seed, signal } = settings;
  const { headBias } = checkpoint;
  if (headBias === undefined || (statistics === 'frozen' && from === undefined)) return {};
  const old = await measureEchoes(from!, seed, signal);
  return {
    headBias: transferHeadBias(headBias, old, await measureEchoes(model.folder, seed, signal)),
  };
}
