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

/** What {@link moveNamm} works with. */
export interface MoveNammOptions {
  /** The NAMM of another model. */
  readonly checkpoint: NammCheckpoint;
  /** The model that it is made ready for, with its tokenizer, and how it will be run. */
  readonly model: ModelSettings;
  /**
   * Where the statistics of its features come from: measured on this model, for each head or shared by all; or
   * `frozen`, those of all heads of the old model together.
   * @defaultValue 'per-head'
   */
  readonly statistics?: MovedStatistics;
  /**
   * Folder of the model that it was evolved on: needed for a NAMM with a bias per head, to find the heads alike. Frozen
   * without it, the bias is left out.
   */
  readonly from?: string | undefined;
  /** Added to every score: above 0 keeps more. @defaultValue 0 */
  readonly biasShift?: number;
  /** Passages to measure on, by turns of prose and code. @defaultValue 16 */
  readonly passages?: number;
  /** Tokens of a passage. @defaultValue all positions of the model, 1024 at most */
  readonly length?: number | undefined;
  /** Of the places in the texts. @defaultValue 1 */
  readonly seed?: number;
  /** Passages to compare with plain policies on; 0 compares nothing. @defaultValue 4 */
  readonly comparisons?: number;
  /** Text without any questions: `train` to measure, `development` to compare. Asked for when all else is checked. */
  readonly texts: () => readonly FillerDocument[];
  /** Stage `passages`. */
  readonly onProgress?: ProgressListener;
  /** Stops it between chunks of tokens, with the signal's reason; nothing is made then. */
  readonly signal?: AbortSignal;
}

/** See {@link MoveNammOptions.statistics}. */
export type MovedStatistics = NormaliserScope | 'frozen';

/** A NAMM made ready for another model. */
export interface MovedNamm {
  readonly checkpoint: NammCheckpoint;
  /** Null when none was asked for. */
  readonly comparison: NammComparison | null;
}

const mostTokens = 1024;

/**
 * Makes a NAMM ready for a model that it was not evolved on: measures the statistics of its features there, finds the
 * heads that look things up as much as those of the old model, and compares the result with policies that need no
 * training. Nothing is trained; nothing says that it will do well, except the comparison.
 *
 * @throws {InvalidArgumentError} for an option that cannot be used, before anything is read
 * @throws {ModelFolderError} for a folder that holds no model
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
