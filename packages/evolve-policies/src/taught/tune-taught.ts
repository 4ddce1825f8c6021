import {
  type ChatRenderer,
  documentFiller,
  type FillerDocument,
  frameOf,
  generateSample,
  type PlainText,
  practiceFamily,
  prepareQuestions,
} from '@namm/benchmarks';
import { checkNames, InvalidArgumentError } from '@namm/core';
import { Decoder, loadTokenizer } from '@namm/decoder';
import { checkSearch, type EvolveOptions, evolve, type GenerationRecord } from '@namm/evolve';
import { taughtNameFor } from '@namm/models';
import { openTaught, scoreQuantiles, type TaughtCheckpoint } from '@namm/teach';
import { digestTexts } from '../text/digest-texts.js';
import { headsOf, shiftHeads } from './shift-heads.js';
import type { TaughtUnit } from './taught-assessor.js';
import { taughtEvaluator } from './taught-evaluator.js';
import { type QuestionSource, taughtProblem } from './taught-problem.js';
import type { TaughtScore } from './taught-score.js';
import { checkTaughtSettings, type TaughtEvolutionSettings } from './taught-settings.js';

/** Options of {@link tuneTaught}. */
export interface TuneTaughtOptions
  extends Omit<TaughtEvolutionSettings, 'taught'>,
    Pick<EvolveOptions<TaughtUnit, TaughtScore, { generations: number }, never>, 'folder'>,
    Pick<EvolveOptions<TaughtUnit, TaughtScore, { generations: number }, never>, 'signal'> {
  /** The scorer to start from: a file, or a name of `@namm/models`. @defaultValue the one of ours for this model */
  readonly taught?: string | undefined;
  /** Text to hide facts in: the first three fifths of each for learning, the fourth fifth for validation. */
  readonly texts: readonly PlainText[];
  /** Worker threads that evaluate; 1 is the calling thread. @defaultValue 1 */
  readonly workers?: number;
  readonly onProgress?: EvolveOptions<never, never, never, never>['onProgress'];
  readonly onGeneration?: ((record: GenerationRecord) => void) | undefined;
  readonly clock?: (() => number) | undefined;
}

/** Result of {@link tuneTaught}. */
export interface TunedTaught {
  /** False when it was stopped before the last generation. */
  readonly isComplete: boolean;
  /** The best mean on the validation prompts, possibly the start (generation 0); null before the first validation. */
  readonly best: {
    readonly generation: number;
    readonly fitness: number;
    readonly shortfall: number;
    readonly checkpoint: TaughtCheckpoint;
  } | null;
}

/**
 * Evolves the biases of a taught scorer's heads, starting from the unchanged scorer: how much each head keeps, at one
 * budget. Facts of many kinds are hidden in the text and asked about (`practiceFamily`), so no labels are needed. A run
 * continues from its folder. On the validation prompts, the result is never worse than the start.
 *
 * @throws {InvalidArgumentError} for an invalid setting, or a scorer of another model
 * @throws {RunFolderError} when the folder holds another run, is in use, or cannot be written
 * @example
 * ```ts
 * const { best } = await tuneTaught({
 *   folder: 'run', model: { folder: 'model' }, taught: 'taught.safetensors', budget: '5%', texts,
 *   length: 1024, questions: 6, prompts: 4, generations: 20, populationSize: 12, sigma: 0.3, seed: 1,
 *   validation: { every: 5, prompts: 8 },
 * });
 * if (best) await writeTaught('tuned.safetensors', best.checkpoint);
 * ```
 */
export async function tuneTaught(options: TuneTaughtOptions): Promise<TunedTaught> {
  const {
    folder,
    texts,
    workers = 1,
    onProgress,
    onGeneration,
    signal,
    clock,
    ...given
  } = checkNames('tuneTaught', options, [
    ...(['folder', 'texts', 'workers', 'onProgress', 'onGeneration', 'signal', 'clock'] as const),
    ...(['model', 'taught', 'budget', 'recent', 'length', 'questions', 'prompts'] as const),
    ...(['generations', 'populationSize', 'sigma', 'seed', 'validation'] as const),
  ]);
  const { populationSize, sigma, seed, validation, generations, model } = given;
  checkTaughtSettings({ ...given, taught: given.taught ?? '' });
  const search = { populationSize, sigma, seed, validateEvery: validation.every };
  checkSearch(search, [{ generations }]);
  const tokenizer = await loadTokenizer(model.folder);
  const settings = { ...given, taught: given.taught ?? (await ownScorer(given)) };
  const start = await openTaught(settings.taught);
  const documents = parted(texts);
  const prompt = questionSource(settings, documents, tokenizer);
  const problem = taughtProblem(settings, {
    ...{ heads: headsOf(start.map), texts: digestTexts(documents), prompt },
  });
  const { taught, budget, recent } = settings;
  const evaluator = await taughtEvaluator(
    { model, taught, budget, ...(recent !== undefined && { recent }) },
    { workers },
  );
  let result: Awaited<ReturnType<typeof evolve>>;
  try {
    const told = { onProgress, onGeneration, signal, clock };
    result = await evolve({ folder, problem, evaluator, search, ...told });
  } finally {
    await evaluator.close();
  }
  const { isComplete, best } = result;
  if (best === null) return { isComplete, best };
  const { generation, fitness, shortfall, parameters } = best;
  const map = shiftHeads(start, parameters);
  const texted = await problem.validationUnits({ generations });
  const contexts = texted.map(({ questions }) => questions[0]!.context);
  const quantiles = generation === 0 ? start.quantiles : await quantilesOf(settings, map, contexts);
  const provenance = {
    ...start.provenance,
    tuned: { generation, fitness, parameters: [...parameters], ...problem.settings, search },
  };
  const checkpoint = { map, quantiles, provenance };
  return { isComplete, best: { generation, fitness, shortfall, checkpoint } };
}

async function ownScorer({ model }: Pick<TaughtEvolutionSettings, 'model'>): Promise<string> {
  const decoder = await Decoder.load(model.folder, { threads: 1 });
  await decoder.release();
  const name = taughtNameFor(decoder.cacheShape.weights);
  if (name !== null) return name;
  throw new InvalidArgumentError(
    'taught',
    'is missing: no bundled scorer fits this model; fit one',
  );
}

function parted(texts: readonly PlainText[]): FillerDocument[] {
  return texts.flatMap(({ name, text }, i) => {
    const at = (fifths: number) => Math.floor((fifths / 5) * text.length);
    const part = (split: 'train' | 'development', from: number, to: number) => {
      const document = { name: `${i} ${name} ${split}`, kind: 'prose' as const, split };
      return { ...document, text: text.slice(at(from), at(to)) };
    };
    return [part('train', 0, 3), part('development', 3, 4)];
  });
}

async function quantilesOf(
  { model: { folder, ropeScaling } }: TaughtEvolutionSettings,
  map: TaughtCheckpoint['map'],
  contexts: readonly Int32Array[],
): Promise<Float32Array> {
  const decoder = await Decoder.load(folder, { threads: 1, ...(ropeScaling && { ropeScaling }) });
  try {
    return await scoreQuantiles(decoder, map, contexts);
  } finally {
    await decoder.release();
  }
}

/** Facts of many kinds in the texts, each asked for alone. */
function questionSource(
  { length, questions }: TaughtEvolutionSettings,
  texts: readonly FillerDocument[],
  tokenizer: Awaited<ReturnType<typeof loadTokenizer>> & ChatRenderer,
): QuestionSource {
  const filler = documentFiller(texts);
  const frame = frameOf(tokenizer);
  const family = practiceFamily(frame);
  const countTokens = (text: string) => tokenizer.encode(text, { addSpecialTokens: false }).length;
  return ({ split, seed, index }) => {
    const size = { facts: questions, questions, stale: 0 };
    const place = { split, seed, index, length, size, opening: frame.opening };
    return prepareQuestions(generateSample({ family, filler, countTokens, ...place }), tokenizer);
  };
}
