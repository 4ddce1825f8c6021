import { documentFiller, type FillerDocument } from '@namm/benchmarks';
import { checkNames, InvalidArgumentError } from '@namm/core';
import { Decoder, loadTokenizer, openModel, type RopeScaling } from '@namm/decoder';
import { checkSearch, type EvolveOptions, type EvolveResult, evolve } from '@namm/evolve';
import type { KeyFeature } from '@namm/features';
import { type NammCheckpoint, readCheckpoint } from '@namm/namm';
import { startFrom } from '../trainables/start.js';
import { type TrainableSettings, trainableSettings } from '../trainables/trainable-settings.js';
import { digestTexts } from './digest-texts.js';
import { samplePrompts } from './prompt-source.js';
import type { MeasureRequest, TextUnit } from './text-assessor.js';
import { textEvaluator } from './text-evaluator.js';
import type { TextEvolutionSettings, TextStage } from './text-evolution-settings.js';
import { textProblem } from './text-problem.js';
import type { TextScore } from './text-score.js';

type Engine = EvolveOptions<TextUnit, TextScore, TextStage, MeasureRequest>;

/** Options of {@link evolveOnTexts}. */
export interface EvolveOnTextsOptions
  extends Pick<Engine, 'folder' | 'onProgress' | 'onGeneration' | 'signal' | 'clock'>,
    Pick<
      TextEvolutionSettings,
      | 'stages'
      | 'populationSize'
      | 'sigma'
      | 'seed'
      | 'fitness'
      | 'reading'
      | 'normaliser'
      | 'validation'
    > {
  /** The model's folder, with its tokenizer, and how it is run. */
  readonly model: {
    readonly folder: string;
    /** @defaultValue factor: the longest stage over the positions that the model was trained for, at least 1 */
    readonly ropeScaling?: Omit<RopeScaling, 'factor'> & { readonly factor?: number | undefined };
  };
  readonly trainable: TrainableChoice;
  /** A NAMM to start from instead of 0, and a number to add to its scores. @defaultValue none */
  readonly start?: { readonly file: string; readonly biasShift: number } | null;
  /** Text to hide the tasks in, with the splits `train` and `development`; called after everything else is checked. */
  readonly texts: () => readonly FillerDocument[];
  /** Worker threads that evaluate; 1 is the calling thread. @defaultValue 1 */
  readonly workers?: number;
  /** Facts for the provenance of checkpoints. @defaultValue none */
  readonly provenance?: Readonly<Record<string, unknown>>;
}

/** What to evolve, by name. */
export interface TrainableChoice {
  /** One of `trainableNames`, or `head-bias` to evolve only the bias per KV head of the start. */
  readonly name: string;
  /** Tokens between updates; for `head-bias`, those of the start. */
  readonly updateInterval: number;
  /** Key features that the scorer sees too. */
  readonly keys?: readonly KeyFeature[];
  /** Scores are averaged over this many tokens on either side. */
  readonly pooling?: number;
  /** Whether a bias per KV head of this model is evolved too. */
  readonly headBias?: boolean;
}

/**
 * Evolves an eviction policy for a model on texts, or continues the run in the folder. Loads tokenizer, start and
 * model, and closes them. Settings are checked before texts and model are read.
 *
 * @throws {InvalidArgumentError} for an invalid setting, or a start that does not match what is evolved
 * @throws {RunFolderError} when the folder holds another run, is in use, or cannot be written
 * @throws {EvaluationError} when no candidate of a generation could be evaluated
 */
export async function evolveOnTexts(options: EvolveOnTextsOptions): Promise<EvolveResult> {
  checkNames('evolveOnTexts', options, [
    ...(['folder', 'model', 'trainable', 'start', 'stages', 'populationSize', 'sigma'] as const),
    ...([
      'seed',
      'fitness',
      'reading',
      'normaliser',
      'validation',
      'texts',
      'workers',
      'provenance',
    ] as const),
    ...(['onProgress', 'onGeneration', 'signal', 'clock'] as const),
  ]);
  const { folder, stages, populationSize, sigma, seed, fitness, reading } = options;
  const { normaliser, validation } = options;
  const search = { populationSize, sigma, seed, validateEvery: validation.every };
  checkSearch(search, stages);
  const tokenizer = await loadTokenizer(options.model.folder);
  const start = options.start ? await readCheckpoint(options.start.file) : null;
  const trainable = await chooseTrainable(options, start);
  const ropeScaling = { ...options.model.ropeScaling, factor: await factorOf(options) };
  const model = { ...options.model, ropeScaling };
  const settings: TextEvolutionSettings = {
    ...{ model, trainable, stages, populationSize, sigma, seed, fitness, normaliser, validation },
    start: start && startFrom(options.start!, trainable, start, normaliser.scope),
    ...(reading && { reading }),
    prompts: '',
  };
  textProblem(settings, () => {
    throw new Error('nothing is computed yet');
  });
  const texts = options.texts();
  const problem = textProblem(
    { ...settings, prompts: digestTexts(texts) },
    samplePrompts(documentFiller(texts), tokenizer),
    { ...options.provenance, ...(start && { startedFrom: start.provenance }) },
  );
  const evaluator = await textEvaluator({ model, trainable }, { workers: options.workers ?? 1 });
  const { onProgress, onGeneration, signal, clock } = options;
  const told = { onProgress, onGeneration, signal, clock };
  return evolve({ folder, problem, evaluator, search, ...told }).finally(() => evaluator.close());
}

async function chooseTrainable(
  { model, trainable: choice }: EvolveOnTextsOptions,
  start: NammCheckpoint | null,
): Promise<TrainableSettings> {
  const { name, updateInterval, keys, pooling, headBias } = checkNames('trainable', choice, [
    ...(['name', 'updateInterval', 'keys', 'pooling', 'headBias'] as const),
  ]);
  if (name !== 'head-bias') {
    const heads = headBias && { headBias: await headsOf(model.folder) };
    return trainableSettings(name, updateInterval, {
      ...(keys && { keys }),
      ...(pooling !== undefined && { pooling }),
      ...heads,
    });
  }
  if (start === null) {
    throw new InvalidArgumentError(
      'trainable',
      'head-bias needs a start: the NAMM whose bias it is',
    );
  }
  const { scorer, features, policy, parameters } = start;
  return {
    ...{ kind: 'namm', scorer, features, policy, scorerParameters: [...parameters] },
    headBias: await headsOf(model.folder),
  };
}

/** Layers of a model, and the most KV heads of one. */
async function headsOf(folder: string): Promise<[layers: number, heads: number]> {
  const decoder = await Decoder.load(folder, { threads: 1 });
  const { layers } = decoder.cacheShape;
  await decoder.release();
  return [layers.length, Math.max(...layers.map(({ keyValueHeads }) => keyValueHeads))];
}

/** How many times as long as the model was trained for the prompts are, at least 1. */
async function factorOf({ model, stages }: EvolveOnTextsOptions): Promise<number> {
  if (model.ropeScaling?.factor !== undefined) return model.ropeScaling.factor;
  const { spec } = await openModel(model.folder);
  return Math.max(1, ...stages.map(({ length }) => length / spec.maximumPositions));
}
